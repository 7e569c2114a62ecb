"""Contacts, companies and segments over REST."""

from base64 import b64encode
from typing import Any
from urllib.parse import quote, urlencode
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from auth_signing.callers import caller_for_visitor
from auth_signing.keys import key_create
from auth_signing.models import Company, Contact, SignedWrite, VisitorSession
from auth_signing.tokens import token_issue
from conversations.errors import ContactBlocked
from conversations.models import Conversation, Message
from tests.cast import Cast
from tests.rest import Rest

PRO = {"attributes": {"plan": "pro"}}


@pytest.fixture
def rest(cast: Cast) -> Rest:
    return Rest(token_issue(cast.alice.user))


def person(cast: Cast, name: str, **fields: Any) -> Contact:
    return Contact.objects.create(business=cast.business, name=name, type="user", **fields)


def names(rest: Rest, query: str = "") -> list[str]:
    status, page = rest("GET", f"contacts{query}")
    assert status == 200, page
    return [contact["name"] for contact in page["results"]]


def test_filters_select_and_combine(cast: Cast, rest: Rest) -> None:
    company = Company.objects.create(business=cast.business, external_id="1", name="Pipeback")
    person(cast, "Ann", attributes={"plan": "pro", "seats": 3, "is_gov": True}, id_is_proven=True)
    person(cast, "Ben", attributes={"plan": "pro", "seats": "3"}, company=company, last_seen_at=timezone.now())
    person(cast, "Cy", attributes={"a__gt": "x", "naïve name": "é"}, email_is_proven=True, email="cy@example.com")
    Contact.objects.create(business=cast.business, name="Di", type="lead", blocked_at=timezone.now())
    assert names(rest) == ["Di", "Cy", "Ben", "Ann"]
    assert names(rest, "?type=lead") == ["Di"]
    assert names(rest, "?verified=true") == ["Cy", "Ann"]
    assert names(rest, "?verified=false") == ["Di", "Ben"]
    assert names(rest, "?blocked=true") == ["Di"]
    assert names(rest, "?attribute=plan:pro") == ["Ben", "Ann"]
    assert names(rest, "?attribute=seats:3") == ["Ann"]
    assert names(rest, '?attribute=seats:"3"') == ["Ben"]
    assert names(rest, "?attribute=is_gov:true&verified=true") == ["Ann"]
    assert names(rest, "?attribute=a__gt:x") == ["Cy"]
    assert names(rest, f"?attribute={quote('naïve name:é')}") == ["Cy"]
    assert names(rest, f"?company_id={company.pk}") == ["Ben"]
    assert names(rest, "?seen_after=2020-01-01T00:00:00Z") == ["Ben"]
    assert names(rest, "?seen_before=2020-01-01T00:00:00Z") == []
    for wrong in ("type=x", "verified=yes", "company_id=1", "seen_after=now", "attribute=:1", "segment=1"):
        assert rest("GET", f"contacts?{wrong}")[0] == 422


def test_pages_have_everybody_once(cast: Cast, rest: Rest) -> None:
    for number in range(7):
        person(cast, f"{number}")
    seen: list[str] = []
    query: str | None = "?limit=3"
    while query:
        page = rest("GET", f"contacts{query}")[1]
        seen += [contact["name"] for contact in page["results"]]
        query = "?" + page["next"].partition("?")[2] if page["next"] else None
    assert seen == [str(number) for number in reversed(range(7))]


@pytest.mark.parametrize("path", ["contacts", "companies", "segments"])
def test_the_number_of_queries_does_not_grow(cast: Cast, rest: Rest, path: str) -> None:
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as caught:
            rest("GET", path)
        return len(caught)

    person(cast, "A", company=Company.objects.create(business=cast.business, external_id="0", name="A"))
    rest("POST", "segments", {"name": "0", "conditions": PRO})
    few = queries()
    for number in range(1, 9):
        company = Company.objects.create(business=cast.business, external_id=f"{number}", name="A")
        person(cast, f"{number}", company=company)
        rest("POST", "segments", {"name": f"{number}", "conditions": PRO})
    assert queries() == few


def test_a_contact_is_changed_and_conversations_follow(cast: Cast, rest: Rest) -> None:
    conversation = cast.conversation()
    path = f"contacts/{conversation.contact_id}"
    changes = {"name": "Ada", "email": "ada@example.com", "phone": "+1 786 600 1518", "attributes": {"a": 1, "b": 2}}
    status, changed = rest("PATCH", path, changes)
    assert (status, changed["name"], changed["phone"], changed["phone_is_valid"]) == (200, "Ada", "17866001518", True)
    assert rest("PATCH", path, {"attributes": {"a": None, "c": "x"}})[1]["attributes"] == {"b": 2, "c": "x"}
    assert rest("GET", path)[1]["email"] == "ada@example.com"
    assert Conversation.objects.get(pk=conversation.pk).contact_name == "Ada"
    assert rest("PATCH", path, {"id": "1"})[0] == 422
    Contact.objects.filter(pk=conversation.contact_id).update(email_is_proven=True)
    assert rest("PATCH", path, {"email": "eve@example.com"})[1]["code"] == "EMAIL_PROVEN"


def test_who_is_blocked_reads_and_does_not_write(cast: Cast, rest: Rest) -> None:
    visitor = cast.visitor()
    conversation = cast.conversation(visitor)
    path = f"contacts/{conversation.contact_id}/block"
    session = VisitorSession.objects.with_owner().filter(contact=conversation.contact_id)
    assert rest("PUT", path)[1]["blocked_at"]
    blocked = caller_for_visitor(session.get())
    with pytest.raises(ContactBlocked):
        cast.post(blocked, conversation_id=conversation.pk)
    assert list(Conversation.objects.visible_to(blocked)) == [conversation]
    assert rest("DELETE", path)[1]["blocked_at"] is None
    cast.post(caller_for_visitor(session.get()), conversation_id=conversation.pk)


def test_a_person_is_deleted_with_everything(cast: Cast, rest: Rest) -> None:
    visitor = cast.visitor()
    gone, stays = cast.conversation(visitor), cast.conversation()
    rest("POST", f"conversations/{gone.pk}/messages", {"content": "An answer"})
    assert rest("DELETE", f"contacts/{gone.contact_id}") == (204, None)
    assert [conversation.pk for conversation in Conversation.objects.all()] == [stays.pk]
    assert {message.conversation_id for message in Message.objects.all()} == {stays.pk}
    assert not VisitorSession.objects.filter(pk=str(visitor.session_id)).exists()
    assert rest("GET", f"contacts/{gone.contact_id}")[0] == 404


def test_a_person_is_exported_whole(cast: Cast, rest: Rest) -> None:
    conversation = cast.conversation(content="Hello there")
    rest("POST", f"conversations/{conversation.pk}/messages", {"content": "An answer"})
    status, export = rest("GET", f"contacts/{conversation.contact_id}/export")
    assert (status, export["contact"]["id"]) == (200, str(conversation.contact_id))
    (told,) = export["conversations"]
    assert [message["content"] for message in told["messages"]] == ["Hello there", "An answer"]


def test_a_segment_counts_and_selects(cast: Cast, rest: Rest) -> None:
    pro = cast.conversation()
    other = cast.conversation()
    Contact.objects.filter(pk=pro.contact_id).update(attributes={"plan": "pro"})
    status, segment = rest("POST", "segments", {"name": "Pro", "conditions": PRO})
    assert (status, segment["count"], segment["conditions"]) == (201, 1, PRO)
    for query in (f"contacts?segment={segment['id']}", f"conversations?segment={segment['id']}"):
        (found,) = rest("GET", query)[1]["results"]
        assert found["id"] in {pro.pk, str(pro.contact_id)}
    Contact.objects.filter(pk=other.contact_id).update(attributes={"plan": "pro"})
    assert rest("GET", f"segments/{segment['id']}")[1]["count"] == 2
    assert [one["name"] for one in rest("GET", "segments")[1]["results"]] == ["Pro"]
    assert rest("POST", "segments", {"name": "Pro", "conditions": {}})[1]["errors"]["name"]
    assert rest("POST", "segments", {"name": "X", "conditions": {"plan": "pro"}})[0] == 422
    assert rest("GET", f"contacts?segment={uuid4()}")[0] == 404
    assert rest("DELETE", f"segments/{segment['id']}") == (204, None)
    assert Contact.objects.count() == 2


@pytest.mark.parametrize("name", ["-1", "0", "12", "1_0", "9999999999", 'a"b', "a.b", "a__gt", "$", "naïve 🙂"])
def test_attributes_are_found_by_just_their_name_and_value(cast: Cast, rest: Rest, name: str) -> None:
    values = ["x", "true", "null", "1", True, False, None, 1, 1.5, 1e18]
    for value in values:
        person(cast, repr(value), attributes={name: value})
        person(cast, "Wrong", attributes={name: [value], f"{name}x": value})
    for value in values:
        conditions = {"attributes": {name: value}}
        status, segment = rest("POST", "segments", {"name": repr(value), "conditions": conditions})
        assert (status, segment["count"]) == (201, 1)
        assert names(rest, f"?segment={segment['id']}") == [repr(value)]


def test_hostile_queries_are_refused(rest: Rest) -> None:
    assert rest("GET", f"contacts?attribute=a:{'[' * 150}")[0] == 200
    cursor = b64encode(urlencode({"p": "0001-01-01T00:00:00+14:00"}).encode()).decode()
    assert rest("GET", f"contacts?{urlencode({'cursor': cursor})}")[0] in {200, 422}  # some databases know that year


def test_a_deleted_person_leaves_no_answer_and_no_company(cast: Cast, rest: Rest) -> None:
    company = Company.objects.create(business=cast.business, external_id="1", name="Ada's own")
    contact = person(cast, "Ada", company=company)
    key = key_create(caller=cast.caller(cast.alice)).key
    about = SignedWrite.objects.create(key=key, signature="a", body=f'{{"id": "{contact.pk}"}}'.encode())
    other = SignedWrite.objects.create(key=key, signature="b", body=b"{}")
    assert rest("DELETE", f"contacts/{contact.pk}")[0] == 204
    assert not Company.objects.exists()
    assert [write.pk for write in SignedWrite.objects.all()] == [other.pk] != [about.pk]
