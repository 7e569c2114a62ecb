"""Signed requests against running servers: byte by byte as a backend sends them."""

import json
import re
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import pytest

from auth_signing.signing import sign
from tests.clients import Person, new_owner
from tests.conftest import MakeServer
from tests.isolation import ROOT
from tests.server import Server
from tests.signed import SETTINGS, Answer, Backend, new_backend

GUIDE = (ROOT / "docs" / "signing.md").read_text()
LIMITS = {"LIMIT_SIGNED": "60/minute", "LIMIT_UNSIGNED_PER_IP": "10/minute"}
PATCH = b'{"chat_icon":"send-1"}'


@pytest.fixture(scope="module")
def owner(server: Server) -> Person:
    return new_owner(server)


@pytest.fixture
def backend(owner: Person) -> Backend:
    return new_backend(owner)


def now(seconds: int = 0) -> str:
    return str(int(time.time()) + seconds)


def sent(answer: Answer) -> tuple[int, str]:
    return answer.status, answer.code


@pytest.mark.parametrize("language", ["sh", "python", "js"])
def test_each_sample_of_the_guide_runs(server: Server, owner: Person, tmp_path: Path, language: str) -> None:
    backend = new_backend(owner)
    (sample,) = re.findall(rf"```{language}\n(.*?)```", GUIDE, re.DOTALL)
    replaced = {"http://127.0.0.1:8000": server.url, "pk_live_...": backend.public_key}
    for old, new in {**replaced, "sk_live_...": backend.private_key}.items():
        sample = sample.replace(old, new)
    file = tmp_path / {"sh": "call.sh", "python": "call.py", "js": "call.mjs"}[language]
    file.write_text(sample)
    program = {"sh": ["bash", "-e"], "python": [sys.executable], "js": ["node"]}[language]
    keys = {"PUBLIC_KEY": backend.public_key, "PRIVATE_KEY": backend.private_key, "PATH": "/usr/bin:/bin"}
    done = subprocess.run([*program, str(file)], env=keys, check=True, capture_output=True, text=True)
    assert {"sh": "send-1", "python": "Hello — how may we help?", "js": "#ffffff"}[language] in done.stdout


def test_the_shell_example_of_the_seed_runs_with_our_host_and_keys(server: Server, owner: Person) -> None:
    """It stands in the guide, letter by letter but for the host, which has a variable there."""
    seed = SEED.replace('"https://backend.sindri1.stacks.localbusiness.pro$PATH_URI"', '"$HOST$PATH_URI"')
    (sample,) = re.findall(r"```sh\n(.*?)```", GUIDE, re.DOTALL)
    assert sample.replace('HOST="http://127.0.0.1:8000"\n', "").strip() == seed.strip()


SEED = r"""
PUBLIC_KEY="pk_live_..."
PRIVATE_KEY="sk_live_..."
TIMESTAMP=$(date +%s)
PATH_URI="/api/v1/web-chat-settings"
BODY='{"primary_color":"#1a73e8","chat_icon":"send-1","background_shape":"rounded"}'

SIGNATURE=$(printf '%s\n%s\n%s\n%s' "$TIMESTAMP" "PATCH" "$PATH_URI" "$BODY" \
  | openssl dgst -sha256 -hmac "$PRIVATE_KEY" | awk '{print $2}')

curl -X PATCH \
     -H "Content-Type: application/json" \
     -H "X-Public-Key: $PUBLIC_KEY" \
     -H "X-Timestamp: $TIMESTAMP" \
     -H "X-Signature: $SIGNATURE" \
     -d "$BODY" \
     "https://backend.sindri1.stacks.localbusiness.pro$PATH_URI"
"""


@pytest.mark.parametrize(
    "target",
    [
        "/api/v1/conversations",
        "/api/v1/conversations/",
        "/api/v1/conversations?status=open&limit=5",
        "/api/v1/conversations?limit=5&status=open",
        "/api/v1/conversations/?q=a%20b&tag=%C3%A9",
        "/api/v1/conversations?q=a+b",
        "/api/v1/%63onversations",
        "/api/v1/conversations?q=a%2Fb",
        "/api/v1/conversations?q=a/b",
    ],
)
def test_the_target_is_signed_as_it_is_sent(backend: Backend, target: str) -> None:
    assert backend("GET", target).status == 200
    other = target.replace("limit=5&status=open", "status=open&limit=5").replace("%2F", "/").replace("%63", "c")
    timestamp = now()
    signature = sign(backend.private_key, timestamp, "GET", other)
    answer = backend.send("GET", target, b"", backend.signed(timestamp, signature))
    assert answer.status == (200 if other == target else 401)


def test_a_lone_question_mark_is_not_signed(backend: Backend) -> None:
    timestamp = now()
    signature = sign(backend.private_key, timestamp, "GET", SETTINGS)
    assert backend.send("GET", f"{SETTINGS}?", b"", backend.signed(timestamp, signature)).status == 200


def test_a_body_of_two_braces_is_not_none(backend: Backend) -> None:
    timestamp = now()
    signature = sign(backend.private_key, timestamp, "PATCH", SETTINGS, b"")
    assert sent(backend.send("PATCH", SETTINGS, b"{}", backend.signed(timestamp, signature))) == (
        401,
        "INVALID_CREDENTIALS",
    )
    assert backend("PATCH", SETTINGS, b"{}").status == 200


def test_headers_that_are_missing_empty_or_doubled(backend: Backend) -> None:
    timestamp = now()
    good = backend.signed(timestamp, sign(backend.private_key, timestamp, "GET", SETTINGS))
    assert backend.send("GET", SETTINGS, b"", good).status == 200
    for number, (name, value) in enumerate(good):
        rest = good[:number] + good[number + 1 :]
        for headers in (rest, [*rest, (name, "")]):
            assert sent(backend.send("GET", SETTINGS, b"", headers)) == (401, "MISSING_CREDENTIALS")
        doubled = backend.send("GET", SETTINGS, b"", [*good, (name, value)])
        assert sent(doubled) == (401, "INVALID_CREDENTIALS")


def test_signatures_that_are_nearly_right(backend: Backend, owner: Person) -> None:
    timestamp = now()
    right = sign(backend.private_key, timestamp, "GET", SETTINGS)
    wrong = [right[:63], f"{right}0", right.upper(), "0" * 64, f"x{right[1:]}"]
    answers = [backend.send("GET", SETTINGS, b"", backend.signed(timestamp, signature)) for signature in wrong]
    stranger = Backend(backend.server, "pk_live_nobody", backend.private_key)
    answers += [stranger("GET", SETTINGS), Backend(backend.server, backend.public_key, "sk_live_x")("GET", SETTINGS)]
    assert {sent(answer) for answer in answers} == {(401, "INVALID_CREDENTIALS")}
    assert len({answer.body for answer in answers}) == 1


def test_what_is_no_plain_json_is_refused_after_the_signature(backend: Backend) -> None:
    cases = {
        ("Content-Type", "text/plain"): (415, "NOT_JSON"),
        ("Content-Encoding", "gzip"): (415, "NOT_JSON"),
        ("X-HTTP-Method-Override", "DELETE"): (400, "BAD_REQUEST"),
    }
    for header, refused in cases.items():
        backend.headers = [header]
        assert sent(backend("PATCH", SETTINGS, PATCH)) == refused
        timestamp = now()
        assert backend.send("PATCH", SETTINGS, PATCH, backend.signed(timestamp, "0" * 64)).status == 401
    backend.headers = []
    assert sent(backend("PATCH", SETTINGS, b"{")) == (400, "BAD_JSON")
    large = b'"' + b"x" * 1_048_576 + b'"'
    timestamp = now()
    assert sent(backend.send("PATCH", SETTINGS, large, backend.signed(timestamp, "0" * 64))) == (413, "BODY_TOO_LARGE")


@pytest.mark.parametrize("method", ["DELETE", "POST", "TRACE", "PUT"])
def test_other_methods_are_refused(backend: Backend, method: str) -> None:
    assert sent(backend(method, SETTINGS)) == (405, "METHOD_NOT_ALLOWED")


def test_an_inactive_business_says_so_only_to_who_signs_rightly(backend: Backend, server: Server) -> None:
    owner = new_owner(server)
    backend = new_backend(owner)
    business = owner.call("GET", "auth/me").json()["business"]["id"]
    close = f"Business.objects.filter(pk='{business}').update(is_active=False)"
    server.site.manage("shell", "--no-imports", "-c", f"from auth_signing.models import Business; {close}")
    assert sent(backend("GET", SETTINGS)) == (403, "ACCOUNT_INACTIVE")
    assert sent(Backend(server, backend.public_key, "sk_live_x")("GET", SETTINGS)) == (401, "INVALID_CREDENTIALS")


def test_a_signed_message_is_an_agents_by_the_name_of_the_key(backend: Backend, owner: Person) -> None:
    body = json.dumps({"email": "ada@example.com", "content": "Your order has left", "client_id": str(uuid4())})
    begun = backend("POST", "/api/v1/conversations", body.encode())
    assert begun.status == 201
    message = begun.json["message"]
    assert (message["sender_type"], message["author"]) == ("agent", {"id": None, "name": "Our backend"})
    again = backend("POST", "/api/v1/conversations", body.encode(), timestamp=now(2))  # by its client_id
    assert (again.status, again.json["message"]["id"]) == (200, message["id"])
    path = f"/api/v1/conversations/{begun.json['id']}"
    for change in ("resolve", "reopen", "close"):
        assert backend("PUT", f"{path}/{change}").status == 200
    assert backend("GET", path).json["status"] == "closed"


def test_keys_rotate_with_an_overlap_and_are_revoked_at_once(owner: Person) -> None:
    pair = owner.call("POST", "signing-keys", {"name": "Rotating"}).json()
    old = Backend(owner.server, pair["public_key"], pair["private_key"])
    rotated = owner.call("POST", f"signing-keys/{pair['id']}/rotate", {"overlap_seconds": 3}).json()
    new = Backend(owner.server, pair["public_key"], rotated["private_key"])
    assert [backend("GET", SETTINGS).status for backend in (old, new)] == [200, 200]
    time.sleep(3.1)
    assert [backend("GET", SETTINGS).status for backend in (old, new)] == [401, 200]
    assert owner.call("DELETE", f"signing-keys/{pair['id']}").status_code == 204
    assert new("GET", SETTINGS).status == 401
    assert owner.call("DELETE", f"signing-keys/{pair['id']}").status_code == 404
    acts = [(one["act"], one["agent_name"]) for one in owner.call("GET", "audit-log?limit=3").json()["results"]]
    assert acts == [(f"signing_key.{act}", "Ada Bell") for act in ("revoked", "rotated", "created")]
    listed = {key["id"]: key for key in owner.call("GET", "signing-keys").json()["results"]}[pair["id"]]
    assert listed["last_four"] == rotated["private_key"][-4:]
    assert listed["last_used_at"]
    assert pair["private_key"] not in json.dumps(listed)


def test_the_same_write_twenty_times_at_once_is_done_once(backend: Backend, owner: Person) -> None:
    """Seen by a message without a client_id, which would be another one each time."""
    conversation = owner.call("POST", "conversations", {"email": "bob@example.com", "content": "Hi"}).json()["id"]
    path, body = f"/api/v1/conversations/{conversation}/messages", b'{"content":"Only once"}'
    timestamp = now()
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: backend("POST", path, body, timestamp=timestamp), range(20)))
    assert {answer.status for answer in answers} == {201}
    assert len({answer.body for answer in answers}) == 1
    assert Counter(answer.headers["Idempotent-Replay"] for answer in answers) == {"true": 19, None: 1}
    assert [m["content"] for m in backend("GET", path).json["results"]] == ["Hi", "Only once"]
    assert backend("POST", path, body, timestamp=now(5)).status == 201  # signed anew it is another one


def test_the_same_patch_twenty_times_at_once_is_done_once(backend: Backend) -> None:
    timestamp = now()
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: backend("PATCH", SETTINGS, PATCH, timestamp=timestamp), range(20)))
    assert {answer.status for answer in answers} == {200}
    assert Counter(answer.headers["Idempotent-Replay"] for answer in answers) == {"true": 19, None: 1}


def test_what_was_refused_is_judged_anew(backend: Backend, owner: Person) -> None:
    body, timestamp = b'{"domain": "shop.example"}', now()
    owner.call("POST", "widget/create", {"domain": "first.example"})
    taken = owner.call("POST", "widget/create", {"domain": "shop.example"}).json()["id"]
    assert sent(backend("POST", "/api/v1/widget/create", body, timestamp=timestamp)) == (400, "WIDGET_EXISTS")
    owner.call("DELETE", f"widget/{taken}")
    made = backend("POST", "/api/v1/widget/create", body, timestamp=timestamp)
    assert (made.status, made.headers["Idempotent-Replay"]) == (201, None)


def test_settings_change_one_by_one_and_the_others_stay(owner: Person, backend: Backend) -> None:
    settings = backend("GET", SETTINGS).json["web_chat_settings"]
    changes = {
        "initial_message": "x" * 500,
        "primary_color": "#0A7d4f",
        "secondary_color": "#ffffff",
        "chat_icon": "send-3",
        "background_shape": "square",
        "show_help_prompt": True,
    }
    for name, value in changes.items():
        settings[name] = value
        answer = backend("PATCH", SETTINGS, json.dumps({name: value}).encode())
        assert (answer.status, answer.json) == (200, {"web_chat_settings": settings})
    wrong = {"initial_message": "x" * 501, "primary_color": "0A7d4f", "chat_icon": "send-4", "name": "x"}
    for name, value in wrong.items():
        refused = backend("PATCH", SETTINGS, json.dumps({name: value}).encode())
        assert (refused.status, list(refused.json["errors"])) == (422, [name])
    assert backend("PATCH", SETTINGS, b'{"initial_message": null}').json["web_chat_settings"]["initial_message"] is None
    business = owner.call("GET", "auth/me").json()["business"]["id"]
    assert owner.call("GET", f"widget/{business}").json()["chat_icon"] == "send-3"


# Limits


@pytest.fixture
def limited(make_server: MakeServer) -> Server:
    return make_server(LIMITS)


def test_of_a_hundred_at_once_sixty_succeed(limited: Server) -> None:
    spends_sixty(new_backend(new_owner(limited)), [limited])


@pytest.mark.postgres_redis
def test_of_a_hundred_at_once_sixty_succeed_on_two_processes(make_server: MakeServer) -> None:
    first = make_server(LIMITS)
    second = make_server(LIMITS, site=first.site)
    spends_sixty(new_backend(new_owner(first)), [first, second])


def spends_sixty(backend: Backend, servers: list[Server]) -> None:
    doors = [Backend(server, backend.public_key, backend.private_key) for server in servers]
    strangers = [Backend(server, backend.public_key, "sk_live_x") for server in servers]
    for number in range(9):  # a stranger spends nothing of it
        assert strangers[number % len(servers)]("GET", SETTINGS).status == 401
    with ThreadPoolExecutor(25) as pool:
        answers = list(pool.map(lambda number: doors[number % len(doors)]("GET", SETTINGS), range(100)))
    assert Counter(answer.status for answer in answers) == {200: 60, 429: 40}
    assert {answer.headers["X-RateLimit-Limit"] for answer in answers} == {"60"}
    refused = next(answer for answer in answers if answer.status == 429)
    assert refused.headers["X-RateLimit-Remaining"] == "0"
    assert 0 < int(refused.headers["Retry-After"]) <= 61


def test_the_eleventh_call_without_credentials_is_told_to_wait(limited: Server) -> None:
    owner = new_owner(limited)
    backend = new_backend(owner)
    unsigned = [backend.send("GET", SETTINGS, b"", []) for _ in range(12)]
    assert [answer.status for answer in unsigned] == [401] * 10 + [429] * 2
    assert unsigned[-1].headers["Retry-After"]
    assert Backend(limited, "pk_live_x", "sk_live_x")("GET", SETTINGS).status == 429
    assert Person(limited, "wrong").call("GET", "conversations").status_code == 429
    elsewhere = [("X-Forwarded-For", "192.0.2.1")]  # from no proxy of ours
    assert backend.send("GET", SETTINGS, b"", elsewhere).status == 429
    assert backend("GET", SETTINGS).status == 200  # whoever has something good to show is not held up
    assert owner.call("GET", "conversations").status_code == 200


@pytest.mark.postgres_redis
def test_without_redis_signed_writes_wait_and_all_else_goes_on(make_server: MakeServer) -> None:
    server = make_server()
    owner = new_owner(server)
    backend = new_backend(owner)
    assert backend("PATCH", SETTINGS, PATCH).status == 200
    assert server.site.redis
    server.site.redis.kill()
    assert sent(backend("PATCH", SETTINGS, PATCH, timestamp=now(3))) == (503, "STORE_UNAVAILABLE")
    assert backend("GET", SETTINGS).status == 200
    assert owner.call("PATCH", "web-chat-settings", {"chat_icon": "send-2"}).status_code == 200
    server.site.redis.start()
    assert backend("PATCH", SETTINGS, PATCH, timestamp=now(4)).status == 200


def test_a_key_that_is_revoked_on_one_process_is_refused_on_the_other(two_servers: tuple[Server, Server]) -> None:
    here, there = two_servers
    owner = new_owner(here)
    pair = owner.call("POST", "signing-keys", {"name": "Short lived"}).json()
    backend = Backend(there, pair["public_key"], pair["private_key"])
    assert backend("GET", SETTINGS).status == 200
    owner.call("DELETE", f"signing-keys/{pair['id']}")
    assert backend("GET", SETTINGS).status == 401
