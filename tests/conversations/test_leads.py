"""Leads: who left an e-mail in a chat, and the person who proves it later."""

import threading
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from pytest_django import DjangoCaptureOnCommitCallbacks

from auth_signing.callers import caller_for_visitor
from auth_signing.contacts import Claim
from auth_signing.identity import identity_rotate, identity_sign
from auth_signing.models import Contact, VisitorSession
from conversations import events
from conversations.models import Conversation, Message
from conversations.realtime.hub import hub
from conversations.services import Lead, contact_block, conversation_start, identify, message_post, visitor_identify
from tests.cast import Cast, new_cast
from tests.recorder import Recorder
from tests.rest import forget_limits
from tests.visitors import Browser

EMAIL = "paulo@example.com"
Browsers = Callable[[], Browser]


@pytest.fixture(autouse=True)
def _fresh_limits() -> None:
    forget_limits()


@pytest.fixture
def browser(cast: Cast) -> Browsers:
    return lambda: Browser(cast)


@pytest.fixture
def secret(cast: Cast) -> str:
    return identity_rotate(caller=cast.caller(cast.alice))


@pytest.fixture
def signed(secret: str) -> dict[str, str]:
    return {"email": EMAIL, "signature": identity_sign(secret, EMAIL)}


def test_who_proves_the_email_is_given_what_the_lead_said(browser: Browsers, signed: dict[str, str]) -> None:
    chat = browser()
    conversation = chat.write("Where is my order?", name="Paulo Lead", email=EMAIL)
    lead = conversation.contact_id
    page = browser()
    assert page.identify(**signed)[0] == 200
    conversation.refresh_from_db()
    person = conversation.contact
    assert not Contact.objects.filter(pk=lead).exists()
    assert (person.type, person.name, person.email, person.email_is_proven) == ("user", "", EMAIL, True)
    assert (conversation.contact_name, conversation.mark) == (EMAIL, "anonymous")
    assert Message.objects.get().contact == person
    assert page.sees() == []  # anybody may have typed the address
    assert page.call("GET", f"conversations/{conversation.pk}/messages")[0] == 404
    assert chat.sees() == [conversation.pk]
    assert chat.call("POST", f"conversations/{conversation.pk}/messages", {"content": "Hello?"})[0] == 201
    assert {message.contact for message in Message.objects.all()} == {person}
    another = chat.write("And this?", name="Mallory")
    assert (another.contact, another.mark, page.sees()) == (person, "anonymous", [])


def test_the_browser_that_left_it_is_the_persons_when_it_proves_it(browser: Browsers, signed: dict[str, str]) -> None:
    page = browser()
    conversation = page.write("Hello", name="Paulo", email=EMAIL)
    page.identify(**signed)
    conversation.refresh_from_db()
    assert (conversation.mark, page.sees()) == ("verified", [conversation.pk])
    assert Contact.objects.get() == conversation.contact


def test_every_lead_with_that_email_goes(browser: Browsers, signed: dict[str, str]) -> None:
    known = browser()
    known.identify(**signed, name="Paulo")
    person = Contact.objects.get()
    said = [browser().write("Hello", name=name, email=EMAIL) for name in ("One", "Two")]
    assert Contact.objects.count() == 3
    known.identify(**signed)
    assert Contact.objects.get() == person
    for conversation in said:
        conversation.refresh_from_db()
        assert (conversation.contact, conversation.contact_name) == (person, "Paulo")


def test_a_claim_merges_nothing(browser: Browsers, secret: str) -> None:
    lead = browser().write("Hello", email=EMAIL).contact
    browser().identify(email=EMAIL)
    browser().identify(id="p1", email=EMAIL)
    browser().identify(id="p1", email=EMAIL, signature=identity_sign(secret, "p1"))
    lead.refresh_from_db()
    assert (lead.type, lead.conversations.count()) == ("lead", 1)


def test_the_email_is_the_same_in_whatever_case(browser: Browsers, secret: str) -> None:
    conversation = browser().write("Hello", email="PAULO@example.com")
    browser().identify(email="Paulo@Example.com", signature=identity_sign(secret, "Paulo@Example.com"))
    conversation.refresh_from_db()
    assert conversation.contact.email_is_proven


def test_only_leads_of_this_business_with_exactly_this_email_go(
    cast: Cast, browser: Browsers, signed: dict[str, str]
) -> None:
    of = cast.business.contacts
    others = [
        Contact.objects.create(business=cast.charlie.business, type="lead", email=EMAIL),
        of.create(type="lead", email=f"x{EMAIL}"),
        of.create(type="lead", email=EMAIL.title()),
        of.create(type="user", email=EMAIL, external_id="p1", id_is_proven=True),
        of.create(type="lead"),
    ]
    before = list(Contact.objects.order_by("pk").values())
    browser().identify(**signed)
    assert list(Contact.objects.filter(pk__in=[one.pk for one in others]).order_by("pk").values()) == before
    assert Contact.objects.count() == len(others) + 1


def test_who_is_blocked_stays_alone(cast: Cast, browser: Browsers, signed: dict[str, str]) -> None:
    chat, page = browser(), browser()
    lead = chat.write("Spam", email=EMAIL).contact_id
    contact_block(caller=cast.caller(cast.alice), contact_id=lead, is_blocked=True)
    page.identify(**signed)
    assert page.write("Hello").contact.blocked_at is None
    body = {"widget_id": str(cast.widget.pk), "content": "More spam"}
    assert chat.call("POST", "conversations", body)[1]["code"] == "CONTACT_BLOCKED"
    contact_block(caller=cast.caller(cast.alice), contact_id=lead, is_blocked=False)
    page.identify(**signed)
    assert not Contact.objects.filter(pk=lead).exists()


def test_what_an_agent_began_with_the_lead_goes_too(cast: Cast, browser: Browsers, signed: dict[str, str]) -> None:
    begun = begin(cast, EMAIL)
    page = browser()
    page.identify(**signed, name="Paulo")
    begun.refresh_from_db()
    assert (begun.contact_name, begun.contact.type, page.sees()) == ("Paulo", "user", [])


def test_an_address_that_was_typed_shows_nobody_what_agents_write_to_it(cast: Cast, browser: Browsers) -> None:
    thief, liar = browser(), browser()
    typed = thief.write("Hello", email=EMAIL)
    liar.identify(email="olga@example.com")
    assert begin(cast, EMAIL).contact == typed.contact
    begin(cast, "olga@example.com")
    assert (thief.sees(), liar.sees()) == ([typed.pk], [])


def test_a_leads_browser_gets_no_hold_on_the_person(browser: Browsers, signed: dict[str, str]) -> None:
    thief, paulo = browser(), browser()
    typed = thief.write("Hello", email=EMAIL)
    paulo.identify(**signed, name="Paulo")
    private = paulo.write("My secret")
    before = Contact.objects.values().get()
    assert thief.sees() == [typed.pk]
    assert thief.call("GET", f"conversations/{private.pk}/messages")[0] == 404
    thief.identify(email=EMAIL, name="Mallory")
    assert (thief.mark, thief.sees()) == ("claimed", [typed.pk])
    thief.identify(id="m1")
    assert (thief.sees(), Contact.objects.filter(email=EMAIL).values().get()) == ([], before)
    assert paulo.sees() == [private.pk]


def test_a_leads_browser_takes_what_it_said_to_who_it_says_it_is(browser: Browsers, signed: dict[str, str]) -> None:
    other = browser()
    typed = other.write("Hello", email=EMAIL)
    browser().identify(**signed)
    other.identify(id="o2", name="Olga")
    typed.refresh_from_db()
    assert (typed.contact_name, typed.mark, other.sees()) == ("Olga", "claimed", [typed.pk])
    assert Contact.objects.get(email=EMAIL).conversations.count() == 0


@pytest.mark.usefixtures("deliver_at_once")
def test_agents_hear_of_it_and_the_leads_sockets_come_back(
    cast: Cast,
    browser: Browsers,
    signed: dict[str, str],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    conversation = browser().write("Hello", email=EMAIL)
    agents, socket = Recorder(events.business_group(cast.business.pk)), Ended()
    assert conversation.session_id
    hub.join(events.browser_group(conversation.session_id), socket)
    with django_capture_on_commit_callbacks(execute=True):
        browser().identify(**signed, name="Paulo")
    person = {"id": str(Contact.objects.get().pk), "name": "Paulo"}
    assert [(frame["id"], frame["contact"]) for frame in agents.frames] == [(conversation.pk, person)]
    assert socket.codes == [4000]


class Ended(Recorder):
    def __init__(self) -> None:
        self.codes: list[int] = []

    def end(self, code: int) -> None:
        self.codes.append(code)


def test_no_more_goes_at_once_than_can_be_done_at_once(
    cast: Cast, browser: Browsers, signed: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(identify, "MOST_AT_ONCE", 2)
    chat, page = browser(), browser()
    for content in ("One", "Two", "Three"):
        chat.write(content, email=EMAIL)
    left = []
    for _ in range(2):
        page.identify(**signed)
        left.append(Conversation.objects.filter(contact__type="lead").count())
    assert left == [1, 0]
    assert chat.sees() == sorted(Conversation.objects.values_list("pk", flat=True), reverse=True)
    assert Contact.objects.get().type == "user"


def begin(cast: Cast, email: str) -> Conversation:
    caller = cast.caller(cast.alice)
    posted = conversation_start(caller=caller, whom=Lead(email), widget_id=None, content="Hi", client_id=uuid4())
    return Conversation.objects.get(pk=posted.message.conversation_id)


# While the lead writes


@pytest.mark.postgres_redis
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_early", [True, False])
def test_a_lead_who_begins_a_conversation_meanwhile_loses_nothing(
    monkeypatch: pytest.MonkeyPatch, is_early: bool
) -> None:
    """Early: before the lead is looked at, in a transaction of its own. Late: once it is as good as gone."""
    cast = new_cast()
    secret = identity_rotate(caller=cast.caller(cast.alice))
    session = VisitorSession.objects.create(
        business=cast.business, contact=cast.business.contacts.create(type="lead", email=EMAIL), token_hash="x"
    )
    caller = caller_for_visitor(session)
    cast.conversation(caller, "Before")
    threads: list[threading.Thread] = []

    def write() -> None:
        try:
            message_post(cast.draft(caller, "Meanwhile"))
        finally:
            connection.close()

    merge = identify._merge

    def crossed(*args: Any) -> None:
        threads.append(threading.Thread(target=write))
        if is_early:
            threads[0].start()
            threads[0].join(10)
        merge(*args)
        if not is_early:
            threads[0].start()
            threads[0].join(0.5)
            assert threads[0].is_alive()  # it waits for who will be its contact

    monkeypatch.setattr(identify, "_merge", crossed)
    claim = Claim("", EMAIL, identity_sign(secret, EMAIL), {})
    person = visitor_identify(claim=claim, business_id=cast.business.pk, caller=None).contact
    threads[0].join(10)
    said = {message.content: message.conversation.contact for message in Message.objects.all()}
    assert said.keys() == {"Before", "Meanwhile"}
    assert said["Before"] == person
    assert (said["Meanwhile"] == person) is not is_early
    monkeypatch.setattr(identify, "_merge", merge)
    visitor_identify(claim=claim, business_id=cast.business.pk, caller=None)
    assert {conversation.contact for conversation in Conversation.objects.all()} == {person}
    assert Contact.objects.filter(business=cast.business).get() == person
