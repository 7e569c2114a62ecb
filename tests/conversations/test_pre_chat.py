"""What a widget asks before a chat: through REST and in the one write path. Sockets: `test_pre_chat_sockets.py`."""

from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks

from auth_signing.callers import Caller
from auth_signing.introductions import Introduction
from auth_signing.models import Contact, VisitorSession
from auth_signing.tokens import token_issue
from conversations import events
from conversations.models import Conversation, Message
from conversations.services import Posted, messages_post
from pingback.errors import Invalid
from tests.cast import Cast
from tests.recorder import Recorder
from tests.rest import Rest
from tests.visitors import START, Api

ADA = {"name": "Ada Bell", "email": "ada@example.com"}
NAME_FIRST = {"name": ["Enter your name first."]}
EMAIL_FIRST = {"email": ["Enter your e-mail address first."]}


@pytest.fixture
def api(cast: Cast, client: Client) -> Api:
    return Api(cast, client)


def ask(cast: Cast, **fields: str) -> None:
    for field, value in fields.items():
        setattr(cast.widget, f"ask_{field}", value)
    cast.widget.save()


def said_by(contact: Contact) -> tuple[str, str, str]:
    contact.refresh_from_db()
    return contact.type, contact.name, contact.email


def nothing_is_stored() -> bool:
    return not any(model.objects.exists() for model in (Contact, VisitorSession, Conversation, Message))


@pytest.mark.parametrize("asked", ["off", "optional", "required"])
def test_a_newcomer_may_say_who_they_are(api: Api, asked: str) -> None:
    ask(api.cast, name=asked, email=asked)
    status, _ = api.start(name="  Ada \n Bell ", email=" Ada@Example.com")
    assert status == 201
    assert said_by(Contact.objects.get()) == ("lead", "Ada Bell", "ada@example.com")
    assert Conversation.objects.get().contact_name == Message.objects.get().author_name == "Ada Bell"


def test_a_name_alone_makes_no_lead_and_an_email_alone_is_the_name(api: Api) -> None:
    api.start(name="Ada")
    assert said_by(Contact.objects.get()) == ("visitor", "Ada", "")
    api.start(email="bea@example.com")
    lead = Contact.objects.get(type="lead")
    assert lead.conversations.get().contact_name == "bea@example.com"


@pytest.mark.parametrize("asked", ["off", "optional"])
def test_what_is_not_required_may_be_left_out(api: Api, asked: str) -> None:
    ask(api.cast, name=asked, email=asked)
    assert api.start()[0] == 201
    assert said_by(Contact.objects.get()) == ("visitor", "", "")


@pytest.mark.parametrize(
    ("required", "said", "missing"),
    [
        (["name"], {"email": ADA["email"]}, NAME_FIRST),
        (["email"], {"name": ADA["name"]}, EMAIL_FIRST),
        (["name", "email"], {}, NAME_FIRST | EMAIL_FIRST),
    ],
)
def test_without_what_is_required_nothing_is_stored(
    api: Api, required: list[str], said: dict[str, str], missing: dict[str, list[str]]
) -> None:
    ask(api.cast, **dict.fromkeys(required, "required"))
    status, refused = api.start(**said)
    assert (status, refused["code"], refused["errors"]) == (422, "VALIDATION_ERROR", missing)
    assert nothing_is_stored()


def test_a_known_visitor_is_asked_too_and_then_not_again(api: Api) -> None:
    _, first = api.start()
    ask(api.cast, email="required")
    assert api.start(first["token"])[1]["errors"] == EMAIL_FIRST
    assert Conversation.objects.count() == 1
    assert api.reply(first["conversation_id"], first["token"])[0] == 201  # it goes on as it was
    assert api.start(first["token"], email=ADA["email"])[0] == 201
    assert api.start(first["token"])[0] == 201
    assert said_by(Contact.objects.get()) == ("lead", "", ADA["email"])


def test_what_follows_a_closed_conversation_asks_nothing(api: Api) -> None:
    _, first = api.start()
    Conversation.objects.update(status="closed")
    ask(api.cast, email="required")
    status, next_ = api.reply(first["conversation_id"], first["token"])
    assert (status, next_["conversation_id"] == first["conversation_id"]) == (201, False)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", " \n "),
        ("name", "x" * 256),
        ("name", "NUL \x00"),
        ("name", "half \ud800"),
        ("name", None),
        ("name", 7),
        ("email", ""),
        ("email", "ada"),
        ("email", "ada@"),
        ("email", "ada@example"),
        ("email", "ada@exa mple.com"),
        ("email", f"{'x' * 250}@a.de"),
        ("email", f"ada@{'ü' * 60}.de"),
        ("email", "ada\x00@example.com"),
        ("email", None),
        ("email", ["ada@example.com"]),
    ],
)
def test_a_bad_value_is_named_and_nothing_is_stored(api: Api, field: str, value: Any) -> None:
    status, refused = api.start(**{**ADA, field: value})
    assert (status, refused["code"], list(refused["errors"])) == (422, "VALIDATION_ERROR", [field])
    assert nothing_is_stored()


def test_the_longest_values_fit(api: Api) -> None:
    domain = ".".join(["x" * 60] * 3)
    email = f"{'x' * 50}@{domain}.{'y' * 16}.de"
    longest = f"{'x' * (254 - len(email) + 50)}{email[50:]}"
    assert api.start(name="😀" * 255, email=longest)[0] == 201
    assert said_by(Contact.objects.get()) == ("lead", "😀" * 255, longest)


def test_only_a_first_message_takes_it(api: Api) -> None:
    _, first = api.start()
    status, refused = api.reply(first["conversation_id"], first["token"], **ADA)
    assert (status, sorted(refused["errors"])) == (422, ["email", "name"])


def test_what_a_contact_has_stays(api: Api) -> None:
    _, first = api.start(name="Ada")
    api.start(first["token"], name="Bea", email=ADA["email"])
    api.start(first["token"], name="Cleo", email="cleo@example.com")
    assert said_by(Contact.objects.get()) == ("lead", "Ada", ADA["email"])


def test_two_leads_with_one_email_are_two_contacts(api: Api) -> None:
    for _ in range(2):
        api.start(email=ADA["email"])
    assert [contact.email for contact in Contact.objects.all()] == [ADA["email"]] * 2
    Contact.objects.update(email_is_proven=False, type="user")
    api.start(email=ADA["email"])
    assert Contact.objects.filter(type="lead").count() == 1


@pytest.mark.parametrize("mark", ["claimed", "verified"])
def test_who_is_identified_is_not_asked_and_not_changed(api: Api, mark: str) -> None:
    _, first = api.start()
    VisitorSession.objects.update(mark=mark)
    Contact.objects.update(type="user", external_id="p1")
    ask(api.cast, name="required", email="required")
    assert api.start(first["token"])[0] == 201
    assert api.start(first["token"], **ADA)[0] == 201
    assert said_by(Contact.objects.get()) == ("user", "", "")


def test_an_anonymous_browser_tells_a_person_nothing(api: Api) -> None:
    """A lead's, that was merged."""
    _, first = api.start()
    Contact.objects.update(type="user", email=ADA["email"], email_is_proven=True)
    ask(api.cast, name="required")
    assert api.start(first["token"], name="Mallory")[0] == 201
    assert said_by(Contact.objects.get()) == ("user", "", ADA["email"])


@pytest.mark.parametrize("has_token", [True, False])
def test_a_repeat_is_answered_with_the_first_message_whatever_is_asked_now(api: Api, has_token: bool) -> None:
    client_id = str(uuid4())
    _, first = api.start(client_id=client_id)
    token = first.pop("token") if has_token else ""
    ask(api.cast, email="required")
    for said in ({}, {"email": ADA["email"]}):
        assert api.start(token, client_id=client_id, **said) == (200, first)
    assert said_by(Contact.objects.get()) == ("visitor", "", "")


def test_a_refused_message_can_be_sent_again_with_what_was_missing(api: Api) -> None:
    ask(api.cast, email="required")
    client_id = str(uuid4())
    assert api.start(client_id=client_id)[0] == 422
    assert api.start(client_id=client_id, email=ADA["email"])[0] == 201


def test_a_page_of_another_site_leaves_no_name(api: Api) -> None:
    api.cast.widget.domain = "shop.example"
    api.cast.widget.save()
    body = {"widget_id": str(api.cast.widget.pk), "content": "x", **ADA}
    assert api.post(START, body, Origin="https://evil.example")[0] == 403
    assert nothing_is_stored()


def test_agents_and_integrators_begin_conversations_without_it(cast: Cast) -> None:
    ask(cast, name="required", email="required")
    rest = Rest(token_issue(cast.alice.user))
    nobody = cast.visitor()
    assert rest("POST", "conversations", {"contact_id": str(nobody.contact_id), "content": "Hi"})[0] == 201


def test_agents_see_what_was_said_in_lists_and_threads(cast: Cast, api: Api) -> None:
    rest = Rest(token_issue(cast.alice.user))
    _, first = api.start()
    api.start(first["token"], **ADA)
    shown = rest("GET", "conversations")[1]["results"]
    assert [one["contact"]["name"] for one in shown] == [ADA["name"]] * 2
    contact = rest("GET", f"contacts/{shown[0]['contact']['id']}")[1]
    assert (contact["type"], contact["name"], contact["email"]) == ("lead", ADA["name"], ADA["email"])
    assert rest("GET", f"conversations/{shown[0]['id']}/messages")[1]["results"][0]["author"]["name"] == ADA["name"]


# In a batch


def introduced(cast: Cast, caller: Caller, *required: str, **said: str) -> Any:
    return cast.draft(caller, introduction=Introduction(**said, required=required))


@pytest.mark.usefixtures("deliver_at_once")
def test_agents_hear_that_an_earlier_conversation_has_a_name_now(
    cast: Cast, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    visitor = cast.visitor()
    before = cast.conversation(visitor)
    agents = Recorder(events.business_group(cast.business.pk))
    with django_capture_on_commit_callbacks(execute=True):
        messages_post(
            [cast.draft(visitor, "More", conversation_id=before.pk), introduced(cast, visitor, email=ADA["email"])]
        )
    (renamed,) = (frame for frame in agents.frames if frame["type"] == "conversation")
    assert (renamed["id"], renamed["contact"], renamed["last_seq"]) == (
        before.pk,
        {"id": str(visitor.contact_id), "name": ADA["email"]},
        2,
    )
    before.refresh_from_db()
    assert (before.rev, before.last_message_text) == (renamed["rev"], "More")
    assert {frame["author"]["name"] for frame in agents.frames if frame.get("seq") == 1} == {ADA["email"]}  # type: ignore[index]


def test_one_who_is_refused_does_not_hold_up_the_others(cast: Cast) -> None:
    drafts = [
        introduced(cast, cast.newcomer(), "email"),
        introduced(cast, cast.newcomer(), "email", email=ADA["email"]),
        introduced(cast, cast.visitor(), "email"),
        cast.draft(cast.newcomer()),
    ]
    outcomes = messages_post(drafts)
    assert [type(outcome) for outcome in outcomes] == [Invalid, Posted, Invalid, Posted]
    assert VisitorSession.objects.count() == 3
    incomplete = replace(drafts[1], introduction=Introduction(required=("email",)), client_id=uuid4())
    both = messages_post([replace(incomplete, introduction=drafts[1].introduction), incomplete])
    assert all(isinstance(outcome, Posted) for outcome in both)
    assert len({outcome.message.pk for outcome in both if isinstance(outcome, Posted)}) == 1


def test_what_asks_nothing_costs_nothing(cast: Cast, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    visitor = cast.visitor()
    with CaptureQueriesContext(
        connection,
    ) as first:
        messages_post([cast.draft(visitor)])
    with CaptureQueriesContext(connection) as asked:
        messages_post([introduced(cast, cast.newcomer(), "email", email=ADA["email"])])
    assert (len(first), len(asked)) == (7, 10)  # as many as before anything was asked
    conversation = Conversation.objects.filter(contact=visitor.contact_id).get()
    with django_assert_num_queries(6):
        messages_post([cast.draft(visitor, conversation_id=conversation.pk)])
