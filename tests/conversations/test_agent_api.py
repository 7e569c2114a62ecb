"""Conversations over REST, for the team."""

from datetime import timedelta
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from auth_signing.models import Contact, ContactType
from auth_signing.tokens import token_issue
from conversations.events import iso
from conversations.models import Conversation, Message, Tag
from tests.cast import Cast
from tests.rest import Rest


@pytest.fixture
def rest(cast: Cast) -> Rest:
    return Rest(token_issue(cast.alice.user))


def ids(rest: Rest, query: str = "") -> list[int]:
    status, page = rest("GET", f"conversations{query}")
    assert status == 200, page
    return [conversation["id"] for conversation in page["results"]]


# Reading


def test_the_list_is_the_last_written_in_first(cast: Cast, rest: Rest) -> None:
    visitor = cast.visitor()
    first, second = cast.conversation(visitor, "one"), cast.conversation(cast.visitor(), "two")
    cast.post(visitor, "again", conversation_id=first.pk)
    assert ids(rest) == [first.pk, second.pk]
    newest = rest("GET", "conversations")[1]["results"][0]
    assert newest["last_message"]["text"] == "again"
    assert (newest["priority"], newest["tags"], newest["snoozed_until"]) == ("normal", [], None)
    assert newest["widget_id"] == str(cast.widget.pk)


def test_pages_by_cursor_and_by_number_hold_each_conversation_once(cast: Cast, rest: Rest) -> None:
    made = [cast.conversation().pk for _ in range(7)][::-1]
    Conversation.objects.update(last_message_at=timezone.now())  # all at the same moment
    for start in ("?limit=3", "?limit=3&page=1"):
        seen: list[int] = []
        query: str | None = start
        while query:
            page = rest("GET", f"conversations{query}")[1]
            seen += [conversation["id"] for conversation in page["results"]]
            query = "?" + page["next"].partition("?")[2] if page["next"] else None
        assert seen == made
    assert ids(rest, "?page=99") == []


def test_tags_are_the_same_whatever_their_case_and_accents(cast: Cast, rest: Rest) -> None:
    conversation = cast.conversation()
    for spelling in ("Ärger", "ÄRGER", "a\u0308rger"):
        tags = rest("PATCH", f"conversations/{conversation.pk}", {"tags": [spelling]})[1]["tags"]
        assert tags == ["Ärger"]
        assert ids(rest, f"?tag={quote(spelling)}") == [conversation.pk]


def test_filters_select_and_combine(cast: Cast, rest: Rest) -> None:
    mine, resolved, other = (cast.conversation(content=text) for text in ("Heron oak", "Tern", "Swift"))
    rest("PUT", f"conversations/{mine.pk}/assign/{cast.alice.pk}")
    rest("PUT", f"conversations/{resolved.pk}/resolve")
    rest("PATCH", f"conversations/{other.pk}", {"tags": ["Billing", "VIP"]})
    Contact.objects.filter(pk=other.contact_id).update(email="ada@example.com")
    assert ids(rest, "?status=resolved") == [resolved.pk]
    assert ids(rest, f"?assignee_id={cast.alice.pk}") == [mine.pk]
    assert ids(rest, "?assignee_id=none&status=open") == [other.pk]
    assert ids(rest, "?tag=billing") == [other.pk]
    assert ids(rest, "?q=HERON") == [mine.pk]
    assert ids(rest, "?q=ada@exam") == [other.pk]
    assert ids(rest, f"?q={mine.contact_name}") == [mine.pk]
    assert ids(rest, "?q=%25") == []
    assert len(ids(rest, f"?widget_id={cast.widget.pk}")) == 3
    assert ids(rest, f"?widget_id={uuid4()}") == []


@pytest.mark.parametrize(
    "query",
    ["status=x", "assignee_id=me", "widget_id=7", "page=0", "page=x", "page=10001", "limit=101", "q=%00",
     "tag=" + "x" * 201, "cursor=x"],
)  # fmt: skip
def test_a_wrong_filter_is_named(rest: Rest, query: str) -> None:
    status, refused = rest("GET", f"conversations?{query}")
    assert (status, list(refused["errors"])) == (422, [query.partition("=")[0]])


def test_the_number_of_queries_does_not_grow(cast: Cast, rest: Rest) -> None:
    def queries(path: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert rest("GET", path)[0] == 200
        return len(captured)

    one = cast.conversation()
    paths = ["conversations", f"conversations/{one.pk}", f"conversations/{one.pk}/messages", "widget"]
    before = [queries(path) for path in paths]
    for number in range(4):
        made = cast.conversation()
        rest("PATCH", f"conversations/{made.pk}", {"tags": [f"t{number}", "all"], "assignee_id": str(cast.bob.pk)})
        cast.post(cast.caller(cast.bob), conversation_id=one.pk)
        rest("POST", "widget/create", {"domain": f"{number}.example"})
    assert [queries(path) for path in paths] == before


def test_messages_are_read_after_a_seq(cast: Cast, rest: Rest) -> None:
    conversation = cast.conversation(content="one")
    for text in ("two", "three"):
        rest("POST", f"conversations/{conversation.pk}/messages", {"content": text})
    page = rest("GET", f"conversations/{conversation.pk}/messages?after=1&limit=1")[1]
    assert [message["content"] for message in page["results"]] == ["two"]
    assert page["next"].endswith("after=2&limit=1")


# Writing


def test_an_answer_is_stored_once_under_its_client_id(cast: Cast, rest: Rest) -> None:
    conversation = cast.conversation()
    body = {"content": "We do.", "client_id": str(uuid4())}
    status, first = rest("POST", f"conversations/{conversation.pk}/messages", body)
    assert (status, first["sender_type"], first["author"]["name"]) == (201, "agent", "Alice")
    assert rest("POST", f"conversations/{conversation.pk}/messages", body) == (200, first)
    assert Message.objects.filter(conversation=conversation).count() == 2


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"content": ""},
        {"content": "x" * 10_001},
        {"content": "\x00"},
        {"content": 7},
        {"content": "x", "kind": "note"},
    ],
)
def test_a_wrong_message_is_refused(cast: Cast, rest: Rest, body: dict[str, Any]) -> None:
    status, refused = rest("POST", f"conversations/{cast.conversation().pk}/messages", body)
    assert (status, refused["code"]) == (422, "VALIDATION_ERROR")


def test_resolving_and_closing_twice_says_so(cast: Cast, rest: Rest) -> None:
    path = f"conversations/{cast.conversation().pk}"
    said = [rest("PUT", f"{path}/{verb}") for verb in ("resolve", "resolve", "reopen", "reopen", "close", "close")]
    assert [status for status, _ in said] == [200] * 6
    assert [answer["detail"] for _, answer in said] == [
        "Resolved",
        "Already resolved",
        "Reopened",
        "Already open",
        "Closed",
        "Already closed",
    ]
    assert [answer["status"] for _, answer in said] == ["resolved", "resolved", "open", "open", "closed", "closed"]
    for method, call, body in (
        ("PUT", "reopen", None),
        ("PUT", "resolve", None),
        ("POST", "messages", {"content": "Hello?"}),
    ):
        status, refused = rest(method, f"{path}/{call}", body)
        assert (status, refused["code"]) == (409, "CONVERSATION_CLOSED")
    assert rest("PATCH", path, {"status": "open"})[0] == 409
    assert rest("PATCH", path, {"tags": ["late"], "status": "closed"})[1]["tags"] == ["late"]


def test_a_patch_changes_what_it_names(cast: Cast, rest: Rest) -> None:
    path = f"conversations/{cast.conversation().pk}"
    soon = iso(timezone.now() + timedelta(hours=3))
    changes = {"status": "pending", "priority": "urgent", "tags": ["VIP", "billing", "vip"], "snoozed_until": soon}
    status, changed = rest("PATCH", path, changes)
    assert status == 200
    assert {name: changed[name] for name in changes} == {**changes, "tags": ["billing", "vip"]}
    assert rest("PATCH", path, {}) == (200, changed)  # nothing happened: the rev, too
    assert rest("PATCH", path, {"assignee_id": str(cast.bob.pk)})[1]["assignee"]["name"] == "Bob"
    left = rest("PATCH", path, {"assignee_id": None, "tags": [], "snoozed_until": None, "priority": "low"})[1]
    assert (left["assignee"], left["tags"], left["snoozed_until"]) == (None, [], None)
    assert sorted(tag.name for tag in Tag.objects.all()) == ["billing", "vip"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("status", "asleep"),
        ("status", None),
        ("priority", "very"),
        ("priority", 1),
        ("tags", "vip"),
        ("tags", [""]),
        ("tags", ["x" * 51]),
        ("tags", [f"{number}" for number in range(21)]),
        ("tags", [7]),
        ("snoozed_until", "tomorrow"),
        ("snoozed_until", 1_700_000_000),
        ("snoozed_until", "2020-01-01T00:00:00Z"),
        ("assignee_id", "me"),
        ("contact_name", "x"),
    ],
)
def test_a_wrong_change_is_named_and_nothing_changes(cast: Cast, rest: Rest, field: str, value: Any) -> None:
    path = f"conversations/{cast.conversation().pk}"
    before = rest("GET", path)[1]
    status, refused = rest("PATCH", path, {"priority": "high", field: value})
    assert (status, [name.split(".")[0] for name in refused["errors"]]) == (422, [field])
    assert rest("GET", path)[1] == before


def test_a_snoozed_conversation_is_off_the_lists_until_the_visitor_writes(cast: Cast, rest: Rest) -> None:
    visitor = cast.visitor()
    conversation = cast.conversation(visitor)
    path = f"conversations/{conversation.pk}"
    rest("PATCH", path, {"snoozed_until": iso(timezone.now() + timedelta(days=1))})
    assert list(Conversation.objects.open()) == []
    assert rest("GET", path)[1]["status"] == "open"
    cast.post(visitor, "Hello?", conversation_id=conversation.pk)
    assert list(Conversation.objects.open()) == [conversation]
    assert rest("GET", path)[1]["snoozed_until"] is None
    rest("PATCH", path, {"snoozed_until": iso(timezone.now() + timedelta(days=1))})
    assert rest("PUT", f"{path}/resolve")[1]["snoozed_until"] is None


def test_only_colleagues_are_assigned(cast: Cast, rest: Rest) -> None:
    path = f"conversations/{cast.conversation().pk}"
    assert [rest("PUT", f"{path}/assign/{cast.bob.pk}")[1]["detail"] for _ in range(2)] == [
        "Assigned",
        "Already assigned",
    ]
    for agent_id in (cast.charlie.pk, uuid4()):
        assert rest("PUT", f"{path}/assign/{agent_id}")[0] == 404
        assert rest("PATCH", path, {"assignee_id": str(agent_id)})[0] == 404
    assert rest("GET", path)[1]["assignee"]["name"] == "Bob"


# Beginning


def test_a_conversation_begins_with_a_contact_or_somebody_by_email(cast: Cast, rest: Rest) -> None:
    visitor = cast.visitor()
    body = {"contact_id": str(visitor.contact_id), "content": "Is it all right?", "client_id": str(uuid4())}
    status, begun = rest("POST", "conversations", body)
    assert (status, begun["contact"]["id"], begun["message"]["content"]) == (
        201,
        body["contact_id"],
        "Is it all right?",
    )
    assert Conversation.objects.visible_to(visitor).get().pk == begun["id"]
    assert rest("POST", "conversations", body) == (200, begun)
    assert Conversation.objects.count() == 1
    by_email = {"email": "Ada@Example.com", "name": "Ada", "content": "Hello"}
    first, second = (rest("POST", "conversations", by_email)[1] for _ in range(2))
    assert first["contact"] == second["contact"]
    assert first["contact"]["name"] == "Ada"
    assert Contact.objects.get(pk=first["contact"]["id"]).type == ContactType.LEAD


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"content": "Hello"}, 422),
        ({"content": "Hello", "contact_id": str(uuid4()), "email": "a@example.com"}, 422),
        ({"content": "Hello", "email": "a"}, 422),
        ({"content": "", "email": "a@example.com"}, 422),
        ({"content": "x" * 10_001, "email": "a@example.com"}, 422),
        ({"content": "Hello", "contact_id": str(uuid4())}, 404),
        ({"content": "Hello", "email": "a@example.com", "widget_id": str(uuid4())}, 404),
    ],
)
def test_a_wrong_beginning_leaves_nothing_behind(rest: Rest, body: dict[str, Any], status: int) -> None:
    assert rest("POST", "conversations", body)[0] == status
    assert not Conversation.objects.exists()
    assert not Contact.objects.exists()


# Charlie


def test_charlie_reaches_no_conversation_of_another_business(cast: Cast) -> None:
    rest = Rest(token_issue(cast.charlie.user))
    conversation = cast.conversation()
    before = Conversation.objects.values().get(pk=conversation.pk)
    path = f"conversations/{conversation.pk}"
    assert ids(rest) == []
    for method, call, body in (
        ("GET", "", None),
        ("PATCH", "", {"priority": "low"}),
        ("GET", "/messages", None),
        ("POST", "/messages", {"content": "Hello"}),
        ("PUT", "/resolve", None),
        ("PUT", "/close", None),
        ("PUT", "/reopen", None),
        ("PUT", f"/assign/{cast.charlie.pk}", None),
    ):
        assert rest(method, path + call, body)[0] == 404, call
    assert rest("POST", "conversations", {"contact_id": str(conversation.contact_id), "content": "x"})[0] == 404
    assert Conversation.objects.values().get(pk=conversation.pk) == before
