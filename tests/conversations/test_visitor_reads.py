"""What a visitor reads over REST, and how it says what was read."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import httpx
import pytest
from django.db import connection
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext

from auth_signing.callers import Caller
from auth_signing.models import VisitorSession
from auth_signing.visitors import token_hash
from conversations import events
from conversations.models import Conversation, Kind, Message, Sender, Status
from conversations.services import conversation_resolve
from tests.cast import Cast
from tests.clients import demo_agent, new_visitor
from tests.server import Server
from widgets.models import Widget

LIST = "/api/v1/visitor/conversations"
WIRE = Path(__file__).parent.parent / "wire"


class Browser:
    """A visitor who has a token and calls as the widget does."""

    def __init__(self, cast: Cast, client: Client, widget: Widget | None = None) -> None:
        self.cast = cast
        self.client = client
        self.caller: Caller = cast.visitor(widget)
        self.token = f"vt_{uuid4().hex}"
        VisitorSession.objects.filter(pk__in=[self.caller.session_id]).update(token_hash=token_hash(self.token))

    def write(self, content: str = "Hello", **where: Any) -> Message:
        return self.cast.post(self.caller, content, **where).message

    def chat(self, length: int) -> Conversation:
        """A conversation of `length` messages, said by turns, the visitor first."""
        conversation = self.write("1").conversation
        for number in range(2, length + 1):
            sender = self.caller if number % 2 else self.cast.caller(self.cast.bob)
            self.cast.post(sender, str(number), conversation_id=conversation.pk)
        conversation.refresh_from_db()
        return conversation

    def get(self, path: str, **headers: str) -> Any:
        return self.client.get(path, headers={"Authorization": f"Visitor {self.token}", **headers})

    def read(self, conversation_id: int, body: Any, **headers: str) -> Any:
        headers = {"Authorization": f"Visitor {self.token}", **headers}
        path = f"{LIST}/{conversation_id}/read"
        return self.client.post(path, json.dumps(body), content_type="application/json", headers=headers)

    def pages(self, path: str) -> Iterator[list[dict[str, Any]]]:
        following: str | None = path
        while following:
            answer = self.get(following).json()
            yield answer["results"]
            following = answer["next"]


@pytest.fixture
def browser(cast: Cast, client: Client) -> Browser:
    return Browser(cast, client)


@pytest.fixture
def stranger(cast: Cast, client: Client) -> Browser:
    return Browser(cast, client)


@pytest.fixture
def foreigner(cast: Cast, client: Client) -> Browser:
    """A visitor of Charlie's business."""
    return Browser(cast, client, cast.foreign_widget)


def of_frame(frame: str) -> dict[str, Any]:
    """What REST answers: the socket's frame without its type."""
    return {name: value for name, value in json.loads(frame).items() if name != "type"}


def pinned(name: str) -> dict[str, Any]:
    return of_frame((WIRE / f"{name}.json").read_text())


def shape(value: Any) -> Any:
    return {name: shape(inner) for name, inner in value.items()} if isinstance(value, dict) else None


def put_on(widget: Widget, domain: str) -> None:
    widget.domain = domain
    widget.save()


# One shape with the socket


def test_the_list_has_the_shape_of_the_sockets_frame(browser: Browser) -> None:
    conversation = browser.chat(2)
    conversation.assignee = browser.cast.bob
    conversation.save()
    (listed,) = browser.get(LIST).json()["results"]
    assert listed == of_frame(events.conversation_frame(conversation, viewer=Sender.CUSTOMER))
    assert shape(listed) == shape(pinned("visitor_conversation"))


def test_messages_have_the_shape_of_the_sockets_frames(browser: Browser) -> None:
    conversation = browser.chat(2)
    got = browser.get(f"{LIST}/{conversation.pk}/messages").json()
    frames = [events.message_frame(m, viewer=Sender.CUSTOMER) for m in conversation.messages.order_by("seq")]
    assert got == {"results": [of_frame(frame) for frame in frames], "next": None}
    question, answer = got["results"]
    assert question["client_id"]
    assert answer["client_id"] is None
    assert shape(answer) == shape(pinned("visitor_message"))


@pytest.mark.parametrize(
    ("name", "component"),
    [("visitor_conversation", "VisitorConversationOutput"), ("visitor_message", "MessageOutput")],
)
def test_the_schema_describes_the_pinned_shape(client: Client, name: str, component: str) -> None:
    schemas = client.get("/api/schema", headers={"Accept": "application/vnd.oai.openapi+json"}).json()["components"]
    described = schemas["schemas"][component]
    assert set(described["properties"]) == set(described["required"]) == set(pinned(name))


# The list


def test_the_list_is_the_visitors_own_newest_first(browser: Browser, stranger: Browser, foreigner: Browser) -> None:
    stranger.write()
    foreigner.write()
    own = [browser.write(text).conversation_id for text in ("one", "two", "three")]
    browser.write("again", conversation_id=own[0])
    assert [listed["id"] for listed in browser.get(LIST).json()["results"]] == own[::-1]


def test_a_visitor_without_conversations_has_an_empty_list(browser: Browser) -> None:
    assert browser.get(LIST).json() == {"results": [], "next": None}


def test_resolved_and_closed_conversations_are_listed_too(browser: Browser) -> None:
    resolved, closed = browser.chat(1), browser.chat(1)
    conversation_resolve(conversation_id=resolved.pk, caller=browser.cast.caller(browser.cast.bob))
    Conversation.objects.filter(pk=closed.pk).update(status=Status.CLOSED)
    assert [listed["status"] for listed in browser.get(LIST).json()["results"]] == ["closed", "resolved"]


def test_unread_is_the_distance_to_the_last_seq(browser: Browser) -> None:
    conversation = browser.chat(1)
    for text in ("Hi", "Still there?"):
        browser.cast.post(browser.cast.caller(browser.cast.bob), text, conversation_id=conversation.pk)
    (listed,) = browser.get(LIST).json()["results"]
    assert listed["last_seq"] - listed["visitor_read_seq"] == 2


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 100])
def test_the_list_pages_to_the_end_without_loss_or_repetition(browser: Browser, limit: int) -> None:
    own = [browser.write().conversation_id for _ in range(7)]
    pages = []
    for page in browser.pages(f"{LIST}?limit={limit}"):
        pages.append([listed["id"] for listed in page])
        browser.write("a new one meanwhile")
    assert [pk for page in pages for pk in page] == own[::-1]
    assert {len(page) for page in pages[:-1]} <= {limit}


def test_a_page_has_fifty_unless_asked(browser: Browser) -> None:
    for _ in range(51):
        browser.write()
    first, second = browser.pages(LIST)
    assert (len(first), len(second)) == (50, 1)


def test_next_keeps_limit_and_other_parameters(browser: Browser) -> None:
    for _ in range(2):
        browser.write()
    following = browser.get(f"{LIST}?limit=1&theme=dark").json()["next"]
    assert following.startswith("http://testserver/api/v1/visitor/conversations?")
    assert {"limit=1", "theme=dark"} < set(following.partition("?")[2].split("&"))


@pytest.mark.parametrize("limit", ["", "0", "101", "-1", "1.0", "1_0", " 5", "٣", "ten", "9" * 5000])
@pytest.mark.parametrize("of", ["", "/{}/messages"])
def test_a_bad_limit_is_named(browser: Browser, limit: str, of: str) -> None:
    answer = browser.get(f"{LIST}{of.format(browser.write().conversation_id)}?limit={quote(limit)}")
    assert (answer.status_code, list(answer.json()["errors"])) == (422, ["limit"])


def cursor(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


BAD_CURSORS = ["p=x", "p=", "p=1&o=-1", "p=1&r=1", "p=1&r=x", "p=1&q=2", "p=%00", "p=%ff", "x"]


@pytest.mark.parametrize("bad", ["", "!", "x", "é", "\x00", cursor("p=1") + "x", *map(cursor, BAD_CURSORS)])
def test_a_bad_cursor_is_named(browser: Browser, bad: str) -> None:
    answer = browser.get(f"{LIST}?cursor={quote(bad)}")
    assert (answer.status_code, list(answer.json()["errors"])) == (422, ["cursor"])


def test_a_cursor_of_our_kind_that_leads_nowhere_is_an_empty_page(browser: Browser) -> None:
    browser.write()
    assert browser.get(f"{LIST}?cursor={cursor('p=0')}").json() == {"results": [], "next": None}
    assert len(browser.get(f"{LIST}?cursor={cursor('p=' + '9' * 30)}").json()["results"]) == 1


@pytest.mark.parametrize("headers", [{}, {"Origin": "https://shop.example"}])
def test_the_list_costs_the_same_however_long_it_is(browser: Browser, headers: dict[str, str]) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert browser.get(LIST, **headers).status_code == 200
        return len(captured)

    browser.chat(2)
    few = queries()
    for _ in range(5):
        conversation = browser.chat(2)
        conversation.assignee = browser.cast.bob
        conversation.save()
    Widget.objects.bulk_create(Widget(business=browser.cast.business) for _ in range(5))
    assert queries() == few


def test_a_page_lists_the_conversations_of_widgets_that_may_run_there(browser: Browser) -> None:
    cast = browser.cast
    anywhere = browser.write().conversation_id
    shop = Widget.objects.create(business=cast.business, domain="shop.example", allowed_domains=["pay.example"])
    in_the_shop = browser.write(widget_id=shop.pk).conversation_id

    def listed(origin: str) -> list[int]:
        headers = {"Origin": origin} if origin else {}
        return [conversation["id"] for conversation in browser.get(LIST, **headers).json()["results"]]

    for origin in ("", "https://www.shop.example", "https://pay.example:8443", "http://localhost:3000"):
        assert listed(origin) == [in_the_shop, anywhere]
    for origin in ("https://evil.example", "https://shop.example.evil.example", "null"):
        assert listed(origin) == [anywhere]
    put_on(cast.widget, "blog.example")
    assert listed("https://evil.example") == []


# Messages


@pytest.mark.parametrize("limit", [1, 2, 4, 9, 100])
def test_messages_page_to_the_end_in_order_without_loss_or_repetition(browser: Browser, limit: int) -> None:
    path = f"{LIST}/{browser.chat(9).pk}/messages?limit={limit}"
    pages = [[message["seq"] for message in page] for page in browser.pages(path)]
    assert [seq for page in pages for seq in page] == list(range(1, 10))
    assert {len(page) for page in pages[:-1]} <= {limit}
    assert pages[-1]


def test_after_begins_anywhere_so_older_pages_can_be_read(browser: Browser) -> None:
    path = f"{LIST}/{browser.chat(9).pk}/messages"
    older = browser.get(f"{path}?after=3&limit=3").json()
    assert [message["seq"] for message in older["results"]] == [4, 5, 6]
    assert older["next"] == f"http://testserver{path}?after=6&limit=3"
    assert browser.get(f"{path}?after=9").json() == {"results": [], "next": None}
    assert browser.get(f"{path}?after={'9' * 30}").json() == {"results": [], "next": None}


@pytest.mark.parametrize("after", ["", "-1", "1.5", "x", "1e3", "+1", "٣", "9" * 5000])
def test_a_bad_after_is_named(browser: Browser, after: str) -> None:
    answer = browser.get(f"{LIST}/{browser.write().conversation_id}/messages?after={quote(after)}")
    assert (answer.status_code, list(answer.json()["errors"])) == (422, ["after"])


def test_what_stays_among_agents_is_never_shown(browser: Browser) -> None:
    conversation = browser.chat(2)
    inner: dict[str, Any] = {"sender": Sender.AGENT, "agent": browser.cast.bob, "author_name": "Bob"}
    conversation.messages.create(kind=Kind.NOTE, rev=3, content="A difficult person", **inner)
    conversation.messages.create(kind=Kind.ACTIVITY, rev=4, content="Bob took it over", **inner)
    shown = browser.get(f"{LIST}/{conversation.pk}/messages").json()["results"]
    assert [message["content"] for message in shown] == ["1", "2"]


# Read


def test_reading_moves_the_pointer_and_answers_the_conversation(browser: Browser) -> None:
    conversation = browser.chat(4)
    assert conversation.visitor_read_seq == 3
    answer = browser.read(conversation.pk, {"seq": 4})
    conversation.refresh_from_db()
    assert (answer.status_code, conversation.visitor_read_seq, conversation.visitor_delivered_seq) == (200, 4, 4)
    assert answer.json() == of_frame(events.conversation_frame(conversation, viewer=Sender.CUSTOMER))


def test_reading_never_moves_back_nor_past_the_last_message(browser: Browser) -> None:
    conversation = browser.chat(4)
    for seq, expected in ((0, 3), (10**30, 4), (1, 4)):
        assert browser.read(conversation.pk, {"seq": seq}).json()["visitor_read_seq"] == expected


def test_reading_again_changes_nothing(browser: Browser) -> None:
    conversation = browser.chat(2)
    first = browser.read(conversation.pk, {"seq": 2}).json()
    assert browser.read(conversation.pk, {"seq": 2}).json() == first
    assert first["rev"] == conversation.rev + 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "seq"),
        ({"seq": None}, "seq"),
        ({"seq": "2"}, "seq"),
        ({"seq": 2.0}, "seq"),
        ({"seq": True}, "seq"),
        ({"seq": -1}, "seq"),
        ({"seq": [2]}, "seq"),
        ({"seq": 2, "rev": 3}, "rev"),
        ([], "body"),
    ],
)
def test_a_bad_read_is_named_and_changes_nothing(browser: Browser, body: Any, field: str) -> None:
    conversation = browser.chat(2)
    answer = browser.read(conversation.pk, body)
    assert (answer.status_code, list(answer.json()["errors"])) == (422, [field])
    conversation.refresh_from_db()
    assert conversation.visitor_read_seq == 1


# Who may call, from where, how often


def every_call(browser: Browser, conversation_id: int, **headers: str) -> list[Any]:
    """The answers of the three calls."""
    return [
        browser.get(LIST, **headers),
        browser.get(f"{LIST}/{conversation_id}/messages", **headers),
        browser.read(conversation_id, {"seq": 2}, **headers),
    ]


def codes(answers: list[Any]) -> set[tuple[int, str]]:
    return {(answer.status_code, answer.json()["code"]) for answer in answers}


def test_a_strangers_conversation_looks_like_one_that_never_was(
    browser: Browser, stranger: Browser, foreigner: Browser
) -> None:
    conversation = browser.chat(2)
    never_was = every_call(browser, 10**30)[1:] + every_call(browser, 0)[1:]
    others = every_call(stranger, conversation.pk)[1:] + every_call(foreigner, conversation.pk)[1:]
    assert codes(never_was + others) == {(404, "NOT_FOUND")}
    assert len({answer.content for answer in never_was + others}) == 1
    conversation.refresh_from_db()
    assert conversation.visitor_read_seq == 1


def test_without_a_token_nothing_is_read(browser: Browser) -> None:
    path = f"{LIST}/{browser.chat(2).pk}"
    read = browser.client.post(f"{path}/read", '{"seq": 2}', content_type="application/json")
    answers = [browser.client.get(LIST), browser.client.get(f"{path}/messages"), read]
    assert codes(answers) == {(401, "MISSING_CREDENTIALS")}


@pytest.mark.parametrize("authorization", ["Visitor forged", "Visitor", "Bearer x"])
def test_a_forged_token_reads_nothing(browser: Browser, authorization: str) -> None:
    answers = every_call(browser, browser.chat(2).pk, Authorization=authorization)
    assert codes(answers) == {(401, "INVALID_TOKEN")}


def test_an_inactive_business_shows_nothing(browser: Browser) -> None:
    conversation = browser.chat(2)
    browser.cast.business.is_active = False
    browser.cast.business.save()
    assert codes(every_call(browser, conversation.pk)) == {(403, "ACCOUNT_INACTIVE")}


def test_a_page_of_another_site_reads_nothing(browser: Browser) -> None:
    conversation = browser.chat(2)
    put_on(browser.cast.widget, "shop.example")
    for origin in ("https://evil.example", "null"):
        assert codes(every_call(browser, conversation.pk, Origin=origin)[1:]) == {(403, "ORIGIN_REFUSED")}
    conversation.refresh_from_db()
    assert conversation.visitor_read_seq == 1
    answers = every_call(browser, conversation.pk, Origin="https://www.shop.example")
    assert {answer.status_code for answer in answers} == {200}


@pytest.mark.parametrize("limit", ["LIMIT_VISITOR", "LIMIT_VISITOR_PER_IP"])
def test_over_a_limit_every_call_waits(browser: Browser, limit: str, settings: Any) -> None:
    conversation = browser.chat(2)
    with override_settings(**{limit: "3/hour"}):
        # Addresses are counted over the whole run, so each test of them needs its own.
        browser.client.defaults["REMOTE_ADDR"] = f"2001:db8::{uuid4().hex[:4]}"
        assert {answer.status_code for answer in every_call(browser, conversation.pk)} == {200}
        answers = every_call(browser, conversation.pk)
    assert codes(answers) == {(429, "RATE_LIMITED")}
    assert all(int(answer.headers["Retry-After"]) > 0 for answer in answers)


def test_nothing_is_kept_by_caches(browser: Browser) -> None:
    good, bad = every_call(browser, browser.chat(2).pk), every_call(browser, 0)
    assert {answer.headers["Cache-Control"] for answer in good + bad} == {"no-store"}


@pytest.mark.parametrize(("path", "methods"), [("", "GET, POST"), ("/7/messages", "GET, POST"), ("/7/read", "POST")])
def test_options_name_the_methods(browser: Browser, path: str, methods: str) -> None:
    answer = browser.client.options(f"{LIST}{path}")
    assert (answer.status_code, answer.content) == (204, b"")
    assert set(methods.split(", ")) <= set(answer.headers["Allow"].split(", "))


def test_head_is_a_get_without_its_body(browser: Browser) -> None:
    conversation = browser.chat(2)
    for path in (LIST, f"{LIST}/{conversation.pk}/messages"):
        answer = browser.client.head(path, headers={"Authorization": f"Visitor {browser.token}"})
        assert (answer.status_code, answer.content) == (200, b"")
        assert browser.client.head(path).status_code == 401


@pytest.mark.parametrize(("path", "method"), [("", "GET"), ("/7/messages", "GET"), ("/7/read", "POST")])
def test_any_site_may_send_the_token_and_read_the_answer(browser: Browser, path: str, method: str) -> None:
    asked = {"Access-Control-Request-Method": method, "Access-Control-Request-Headers": "authorization,content-type"}
    allowed = browser.client.options(f"{LIST}{path}", headers={"Origin": "https://shop.example", **asked}).headers
    assert allowed["Access-Control-Allow-Origin"] == "*"
    assert {"authorization", "content-type"} <= set(allowed["Access-Control-Allow-Headers"].split(", "))
    assert method in allowed["Access-Control-Allow-Methods"].split(", ")
    assert browser.get(LIST, Origin="https://shop.example").headers["Access-Control-Allow-Origin"] == "*"


# The whole way


def test_what_is_read_over_http_is_told_on_the_sockets(server: Server) -> None:
    visitor = new_visitor(server)
    conversation_id = visitor.write_first()["conversation_id"]
    headers = {"Authorization": f"Visitor {visitor.token}"}
    with demo_agent(server).connect() as inbox, visitor.connect() as tab, httpx.Client(headers=headers) as http:
        inbox.post("We do.", conversation_id=conversation_id)
        answer = http.post(f"{server.url}{LIST}/{conversation_id}/read/", json={"seq": 2})
        assert (answer.status_code, answer.json()["visitor_read_seq"]) == (200, 2)
        expected = {"type": "read", "conversation_id": conversation_id, "sender_type": "customer", "seq": 2}
        for told in (inbox.expect("read"), tab.expect("read")):
            assert told == {**expected, "rev": answer.json()["rev"]}


def test_pages_go_on_at_the_address_that_was_asked(server: Server) -> None:
    visitor = new_visitor(server)
    conversation_id = visitor.write_first()["conversation_id"]
    with visitor.connect() as tab:
        tab.post("More", conversation_id=conversation_id)
    with httpx.Client(headers={"Authorization": f"Visitor {visitor.token}"}) as http:
        path = f"{server.url}{LIST}/{conversation_id}/messages"
        first = http.get(f"{path}/?limit=1").json()
        assert first["next"] == f"{path}?after=1&limit=1"
        assert [message["seq"] for message in http.get(first["next"]).json()["results"]] == [2]
        head = http.head(path)
        assert (head.status_code, head.content, head.headers["Cache-Control"]) == (200, b"", "no-store")
