"""Widgets over REST: what the first seed promises, and what nobody may do."""

import json
import shlex
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import httpx
import pytest

from auth_signing.tokens import token_issue
from conversations.models import Conversation
from tests.cast import Cast
from tests.clients import new_owner
from tests.curl import curl
from tests.rest import Rest
from tests.server import Server
from widgets.models import Widget

CREATE = """
curl -X POST https://api.pingback.live/api/v1/widget/create \\
  -H "Authorization: Bearer <your_token>" \\
  -H "Content-Type: application/json" \\
  -d '{
    "name": "Support Widget",
    "domain": "https://example.com",
    "welcome_heading": "Hi there!",
    "welcome_tagline": "Ask us anything — we are here to help.",
    "primary_color": "#7650FF",
    "show_online_badge": true,
    "logo_url": "https://example.com/logo.png"
  }'
"""
UPDATE = """
curl -X PUT https://api.pingback.live/api/v1/widget/update/a1b2c3d4-e5f6-7890-abcd-ef1234567890 \\
  -H "Authorization: Bearer <your_token>" \\
  -H "Content-Type: application/json" \\
  -d '{
    "name": "Support Widget",
    "domain": "https://example.com",
    "welcome_heading": "How can we help?",
    "welcome_tagline": "Our team usually replies in minutes.",
    "primary_color": "#5B3FCC",
    "show_online_badge": false,
    "logo_url": "https://example.com/new-logo.png"
  }'
"""
SEED_DEFAULTS = {
    "name": "PingBack Support",
    "welcome_heading": "Hi there!",
    "welcome_tagline": "We make it simple to connect with us...",
    "primary_color": "#7650FF",
    "show_online_badge": True,
    "logo_url": None,
    "allowed_domains": [],
    "config": {},
    "initial_message": None,
    "secondary_color": "#FFFFFF",
    "chat_icon": "receptionist",
    "background_shape": "circle",
    "show_help_prompt": False,
    "ask_name": "off",
    "ask_email": "off",
}


def test_every_curl_of_the_guide_works_as_it_stands(server: Server) -> None:
    api, token = f"{server.url}/api/v1", new_owner(server).token
    reader = {"https://api.pingback.live": server.url, "<your_token>": token}
    made = curl(CREATE, reader)
    assert made.status_code == 201
    widget = made.json()
    sent = json.loads(shlex.split(CREATE)[-1])
    assert {name: widget[name] for name in sent} == {**sent, "domain": "example.com"}
    again = curl(CREATE, reader)
    assert (again.status_code, again.json()["code"]) == (400, "WIDGET_EXISTS")

    config = httpx.get(f"{api}/widget/{widget['id']}").json()
    assert config["welcome_tagline"] == "Ask us anything — we are here to help."
    updated = curl(UPDATE, reader | {"a1b2c3d4-e5f6-7890-abcd-ef1234567890": widget["id"]})
    assert updated.status_code == 200
    sent = json.loads(shlex.split(UPDATE)[-1])
    assert {name: updated.json()[name] for name in sent} == {**sent, "domain": "example.com"}
    config = httpx.get(f"{api}/widget/{widget['id']}").json()  # at once: no old answer is kept
    assert (config["primary_color"], config["show_online_badge"]) == ("#5B3FCC", False)


def test_of_fifty_who_ask_for_a_domain_at_once_one_gets_it(server: Server) -> None:
    owner = new_owner(server)

    def ask(number: int) -> int:
        return owner.call("POST", "widget/create", {"domain": "example.com", "name": f"{number}"}).status_code

    with ThreadPoolExecutor(50) as pool:
        statuses = sorted(pool.map(ask, range(50)))
    assert statuses == [201, *[400] * 49]
    assert [widget["domain"] for widget in owner.call("GET", "widget/").json()["results"]] == ["example.com"]


@pytest.fixture
def rest(cast: Cast) -> Rest:
    return Rest(token_issue(cast.alice.user))


def test_domain_alone_answers_every_default_and_adopts_the_default_widget(cast: Cast, rest: Rest) -> None:
    status, widget = rest("POST", "widget/create", {"domain": "example.com"})
    assert status == 201
    assert {name: widget[name] for name in SEED_DEFAULTS} == SEED_DEFAULTS
    assert (widget["id"], widget["business_id"]) == (str(cast.widget.pk), str(cast.business.pk))
    assert (widget["domain"], widget["is_default"]) == ("example.com", True)
    other = rest("POST", "widget/create", {"domain": "other.example"})[1]
    assert (other["is_default"], other["id"] == widget["id"]) == (False, False)


def test_adopting_keeps_what_the_default_widget_has(cast: Cast, rest: Rest) -> None:
    Widget.objects.filter(pk=cast.widget.pk).update(primary_color="#123456", welcome_heading="Hello")
    widget = rest("POST", "widget/create", {"domain": "example.com", "welcome_heading": "Welcome"})[1]
    assert (widget["primary_color"], widget["welcome_heading"]) == ("#123456", "Welcome")


@pytest.mark.parametrize("domain", ["https://Example.com:443/path", "EXAMPLE.com.", "www.example.com"])
def test_one_domain_however_it_is_written(rest: Rest, domain: str) -> None:
    first = rest("POST", "widget/create", {"domain": "example.com"})[1]
    status, refused = rest("POST", "widget/create", {"domain": domain})
    assert (status, refused["code"]) == (400, "WIDGET_EXISTS")
    other = rest("POST", "widget/create", {"domain": "other.example"})[1]
    assert rest("PUT", f"widget/update/{other['id']}", {"domain": domain})[0] == 400
    status, same = rest("PUT", f"widget/update/{first['id']}", {"domain": domain})
    assert (status, same) == (200, first)


def test_what_a_put_leaves_out_stays_and_null_takes_away(rest: Rest) -> None:
    full = {
        "domain": "example.com",
        "logo_url": "https://example.com/logo.png",
        "initial_message": "Hi",
        "allowed_domains": ["https://shop.example/", "shop.example", "other.example:8080"],
        "config": {"plan": "free", "deep": [{"ü": None}]},
    }
    widget = rest("POST", "widget/create", full)[1]
    assert widget["allowed_domains"] == ["shop.example", "other.example:8080"]
    path = f"widget/update/{widget['id']}"
    assert rest("PUT", path, {}) == (200, widget)
    changed = rest("PUT", path, {"logo_url": None, "initial_message": None, "chat_icon": "send-2"})[1]
    assert changed == {**widget, "logo_url": None, "initial_message": None, "chat_icon": "send-2"}


def test_what_is_asked_before_a_chat_is_on_the_next_page_view(server: Server) -> None:
    owner = new_owner(server)
    widget = owner.call("POST", "widget/create", {"domain": "example.com", "ask_name": "optional"}).json()
    config = f"{server.url}/api/v1/widget/{widget['id']}"
    before = httpx.get(config)
    assert before.json()["features"] == {"pre_chat": {"name": "optional", "email": "off"}}
    changed = owner.call("PUT", f"widget/update/{widget['id']}", {"ask_email": "required"}).json()
    assert (changed["ask_name"], changed["ask_email"]) == ("optional", "required")
    after = httpx.get(config, headers={"If-None-Match": before.headers["ETag"]})
    assert (after.status_code, after.json()["features"]["pre_chat"]["email"]) == (200, "required")


def nested(levels: int) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for _ in range(levels):
        value = {"a": value}
    return value


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", None),
        ("name", 7),
        ("name", "x" * 101),
        ("domain", None),
        ("domain", "not a domain"),
        ("domain", "x" * 600),
        ("allowed_domains", "example.com"),
        ("allowed_domains", ["not a domain"]),
        ("allowed_domains", [f"{number}.example" for number in range(101)]),
        ("welcome_heading", "x" * 101),
        ("welcome_tagline", "x" * 201),
        ("initial_message", "x" * 501),
        ("primary_color", "purple"),
        ("primary_color", "#12345"),
        ("primary_color", "#7650FF\n"),
        ("secondary_color", None),
        ("show_online_badge", "yes"),
        ("show_online_badge", 1),
        ("show_help_prompt", None),
        ("logo_url", "javascript:alert(1)"),
        ("logo_url", "ftp://example.com/logo.png"),
        ("logo_url", "https://example.com/" + "x" * 500),
        ("chat_icon", "rocket"),
        ("background_shape", ["circle"]),
        ("ask_name", "always"),
        ("ask_name", None),
        ("ask_email", True),
        ("config", []),
        ("config", {"a": "x" * 9_000}),
        ("config", {"a": ["\x00"]}),
        ("config", nested(25)),
        ("config", nested(700)),
        ("config", {"\ud800": 1}),
        ("is_default", True),
        ("business_id", str(uuid4())),
    ],
)
def test_a_wrong_field_is_named_and_nothing_changes(rest: Rest, cast: Cast, field: str, value: Any) -> None:
    before = Widget.objects.values().get(pk=cast.widget.pk)
    body = {"domain": "example.com", field: value}
    status, refused = rest("POST", "widget/create", body)
    assert (status, [name.split(".")[0] for name in refused["errors"]]) == (422, [field])
    status, refused = rest("PUT", f"widget/update/{cast.widget.pk}", {field: value})
    assert (status, [name.split(".")[0] for name in refused["errors"]]) == (422, [field])
    assert Widget.objects.values().get(pk=cast.widget.pk) == before


def test_a_number_without_end_is_no_config(rest: Rest) -> None:
    body = '{"domain": "example.com", "config": {"a": 1e400}}'
    answer = rest.client.post("/api/v1/widget/create", body, "application/json", headers=rest.headers)
    assert (answer.status_code, list(answer.json()["errors"])) == (422, ["config"])


def test_without_a_domain_there_is_no_widget(rest: Rest) -> None:
    assert list(rest("POST", "widget/create", {"name": "x"})[1]["errors"]) == ["domain"]


def test_deleting_frees_the_domain_and_keeps_conversations(cast: Cast, rest: Rest) -> None:
    conversation = cast.conversation()
    widget = rest("POST", "widget/create", {"domain": "example.com"})[1]
    assert rest("DELETE", f"widget/{widget['id']}") == (204, None)
    assert rest("DELETE", f"widget/{widget['id']}")[0] == 404
    assert rest("GET", f"widget/{widget['id']}")[0] == 404
    assert rest("PUT", f"widget/update/{widget['id']}", {})[0] == 404
    (default,) = rest("GET", "widget")[1]["results"]
    assert (default["is_default"], default["domain"], default["id"] == widget["id"]) == (True, "", False)
    assert rest("POST", "widget/create", {"domain": "example.com"})[1]["id"] == default["id"]
    assert Conversation.objects.filter(pk=conversation.pk).exists()


def test_the_snippet_is_the_one_of_the_guide(cast: Cast, rest: Rest) -> None:
    status, answer = rest("GET", f"widget/{cast.widget.pk}/snippet")
    assert (status, answer["snippet"]) == (
        200,
        f'<script>window.PingBackWidgetId = "{cast.widget.pk}"</script>'
        '<script src="http://127.0.0.1:8000/widget.js" async></script>',
    )


def test_agents_see_widgets_and_change_none(cast: Cast) -> None:
    rest = Rest(token_issue(cast.bob.user))
    assert [widget["id"] for widget in rest("GET", "widget")[1]["results"]] == [str(cast.widget.pk)]
    for call in (
        ("POST", "widget/create", {"domain": "example.com"}),
        ("PUT", f"widget/update/{cast.widget.pk}", {"name": "x"}),
        ("DELETE", f"widget/{cast.widget.pk}"),
    ):
        status, refused = rest(*call)
        assert (status, refused["code"]) == (403, "FORBIDDEN")


def test_charlie_finds_no_widget_of_another_business(cast: Cast) -> None:
    rest = Rest(token_issue(cast.charlie.user))
    pk = cast.widget.pk
    assert [widget["id"] for widget in rest("GET", "widget")[1]["results"]] == [str(cast.foreign_widget.pk)]
    assert rest("GET", f"widget/{pk}/snippet")[0] == 404
    assert rest("PUT", f"widget/update/{pk}", {"name": "x"})[0] == 404
    assert rest("DELETE", f"widget/{pk}")[0] == 404
    assert Widget.objects.live().filter(pk=pk, name="PingBack Support").exists()
