"""The edge, from outside."""

import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from uuid import uuid4

import httpx
import pytest

from tests.clients import demo_agent
from tests.conftest import MakeServer
from tests.server import Server

START = "/api/v1/visitor/conversations"


@pytest.fixture(scope="module")
def config_path(server: Server) -> str:
    return f"/api/v1/widget/{server.demo()['widget_id']}"


@pytest.mark.parametrize("path", ["/widget.js", "/l.js"])
def test_the_script_has_its_modules_written_in(server: Server, path: str) -> None:
    answer = httpx.get(server.url + path)
    assert answer.headers["Content-Type"].startswith("text/javascript")
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert "{{static" not in answer.text
    module = answer.text.split('"/static/js/widget/chat.')[1].split('"')[0]
    chat = httpx.get(f"{server.url}/static/js/widget/chat.{module}")
    assert chat.headers["Cache-Control"].endswith("immutable")
    assert chat.headers["Access-Control-Allow-Origin"] == "*"
    assert chat.headers["Cross-Origin-Resource-Policy"] == "cross-origin"


def test_the_public_config_is_for_every_page(server: Server, config_path: str) -> None:
    answer = httpx.get(server.url + config_path, headers={"Origin": "https://shop.example"})
    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Cache-Control"] == "public, no-cache"
    assert answer.json()["welcome_heading"] == "Hi there!"
    assert httpx.get(f"{server.url}{config_path}/").json() == answer.json()
    by_business = httpx.get(f"{server.url}/api/v1/widget/{answer.json()['business_id']}")
    assert by_business.json() == answer.json()


def test_an_unchanged_config_is_a_304(server: Server, config_path: str) -> None:
    first = httpx.get(server.url + config_path)
    again = httpx.get(server.url + config_path, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    head = httpx.head(server.url + config_path)
    assert (head.status_code, head.content) == (200, b"")


def test_the_config_says_online_while_an_inbox_is_open(make_server: MakeServer) -> None:
    server = make_server()
    url = f"{server.url}/api/v1/widget/{server.demo()['widget_id']}"
    assert httpx.get(url).json()["online"] is False
    with demo_agent(server).connect():
        for _ in range(40):
            if httpx.get(url).json()["online"]:
                return
            time.sleep(0.1)
    pytest.fail("it never came online")


@pytest.mark.parametrize("path", ["/api/v1/widget/{}", "/api/v1/widget/nonsense", "/api/nothing", "/api/v1/nothing/"])
def test_what_does_not_exist_is_a_404_in_json(server: Server, path: str) -> None:
    answer = httpx.get(server.url + path.format(uuid4()))
    assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")
    assert answer.headers["X-Request-Id"]


def test_a_page_that_does_not_exist_is_a_404_for_people(server: Server) -> None:
    answer = httpx.get(f"{server.url}/nothing")
    assert answer.status_code == 404
    assert answer.headers["Content-Type"].startswith("text/html")


def test_every_answer_has_its_own_request_id(server: Server, config_path: str) -> None:
    paths = ["/widget.js", config_path, "/sign-in/", "/api/nothing"]
    assert len({httpx.get(server.url + path).headers["X-Request-Id"] for path in paths}) == len(paths)


def test_an_api_path_works_with_and_without_its_final_slash(server: Server) -> None:
    body = {"widget_id": server.demo()["widget_id"], "content": "Hello"}
    for path in (START, f"{START}/"):
        assert httpx.post(server.url + path, json=body).status_code == 201
    assert httpx.post(f"{server.url}{START}//", json=body).status_code == 404


def test_a_body_over_the_limit_is_refused_before_it_is_read(server: Server) -> None:
    big = b'{"content": "' + b"x" * 5_000_000 + b'"}'
    json_type = {"Content-Type": "application/json"}
    said = httpx.post(server.url + START, content=big, headers=json_type)
    assert (said.status_code, said.json()["code"]) == (413, "BODY_TOO_LARGE")
    pieces = (big[i : i + 65536] for i in range(0, len(big), 65536))
    try:
        unsaid = httpx.post(server.url + START, content=pieces, headers=json_type)
    except httpx.WriteError:
        return  # it was cut while sending
    assert unsaid.status_code == 413


def test_slow_bodies_hold_nobody_up(server: Server) -> None:
    head = f"POST {START} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{{"
    with ExitStack() as stack:
        for _ in range(40):  # more than run at once
            line = stack.enter_context(socket.create_connection(("127.0.0.1", server.port)))
            line.sendall(head.encode())
        assert httpx.get(f"{server.url}/sign-in/", timeout=5).status_code == 200


def test_a_strange_charset_is_no_error_of_ours(server: Server) -> None:
    answer = httpx.post(
        server.url + START, content=b"{}", headers={"Content-Type": "application/json; charset=no-such"}
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "VALIDATION_ERROR")


@pytest.mark.parametrize("parameter", ["a*=bogus''x", "a*=no-such''x"])
def test_a_content_type_that_can_not_be_read_is_refused(server: Server, parameter: str) -> None:
    headers = {"Content-Type": f"application/json; {parameter}"}
    for path in (START, "/inbox/"):
        answer = httpx.post(server.url + path, content=b"{}", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (400, "BAD_REQUEST")
        assert answer.headers["X-Request-Id"]


def test_a_burst_of_requests_is_served(server: Server) -> None:
    body = {"widget_id": server.demo()["widget_id"], "content": "Hello"}
    with httpx.Client() as client, ThreadPoolExecutor(40) as pool:
        answers = list(pool.map(lambda _: client.post(server.url + START, json=body).status_code, range(120)))
    assert answers == [201] * 120


def test_too_many_configs_from_one_address_wait(make_server: MakeServer) -> None:
    server = make_server({"LIMIT_CONFIG_PER_IP": "2/hour"})
    url = f"{server.url}/api/v1/widget/{server.demo()['widget_id']}"
    answers = [httpx.get(url) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert int(answers[2].headers["Retry-After"]) > 3000
    assert answers[2].json()["code"] == "RATE_LIMITED"


@pytest.mark.parametrize(("trusted", "third"), [("", 429), ("127.0.0.1", 200)])
def test_forwarded_addresses_count_only_from_trusted_proxies(make_server: MakeServer, trusted: str, third: int) -> None:
    server = make_server({"LIMIT_CONFIG_PER_IP": "1/hour", "TRUSTED_PROXIES": trusted})
    url = f"{server.url}/api/v1/widget/{server.demo()['widget_id']}"
    httpx.get(url, headers={"X-Forwarded-For": "203.0.113.1"})
    httpx.get(url, headers={"X-Forwarded-For": "203.0.113.2"})
    assert httpx.get(url, headers={"X-Forwarded-For": "6.6.6.6, 203.0.113.3"}).status_code == third
    if trusted:  # what stands left of the proxy's own entry was said by the client
        assert httpx.get(url, headers={"X-Forwarded-For": "7.7.7.7, 203.0.113.3"}).status_code == 429
