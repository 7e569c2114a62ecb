"""Who a visitor is said to be: what is stored of it, what is believed, and what a signature proves."""

import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection

from auth_signing.contacts import contact_for
from auth_signing.identity import identity_change, identity_revoke_previous, identity_rotate, identity_sign
from auth_signing.models import Company, Contact, VisitorSession
from conversations.models import Conversation, Message
from conversations.services import Lead, conversation_start
from tests.cast import Cast, new_cast
from tests.rest import forget_limits
from tests.visitors import SEED_COMPANY, Browser

SEED = {  # the example of the seed, as it stands
    "id": "9f7618a2",
    "name": "Paulo Castellano",
    "email": "paulo@pipeback.com",
    "phone": 17866001518,
    "attributes": {"plan": "pro", "monthly_spend": 5000},
    "company": SEED_COMPANY,
}
PAULO = {"id": "p1", "email": "paulo@example.com"}
OTHER = {"id": "o2", "email": "olga@example.com"}


@pytest.fixture(autouse=True)
def _fresh_limits() -> None:
    forget_limits()


@pytest.fixture
def browser(cast: Cast) -> Callable[[], Browser]:
    return lambda: Browser(cast)


@pytest.fixture
def secret(cast: Cast) -> str:
    return identity_rotate(caller=cast.caller(cast.alice))


Browsers = Callable[[], Browser]


def test_every_field_of_the_seeds_example_is_kept(cast: Cast, browser: Browsers) -> None:
    page = browser()
    assert page.identify(**SEED)[0] == 200
    assert page.mark == "claimed"
    contact = Contact.objects.get(external_id="9f7618a2")
    assert (contact.type, contact.name, contact.email) == ("user", "Paulo Castellano", "paulo@pipeback.com")
    assert (contact.phone, contact.phone_is_valid) == ("17866001518", True)
    assert contact.attributes == {"plan": "pro", "monthly_spend": 5000}
    company = contact.company
    assert company
    assert company.signed_up_at == datetime(2009, 2, 13, 23, 31, 31, tzinfo=UTC)
    for name, value in SEED_COMPANY.items():
        if name not in {"id", "created_at", "size"}:
            assert getattr(company, name) == value
    assert (company.external_id, company.size) == ("8f4618a2", "100")


def test_what_is_left_out_stays(browser: Browsers) -> None:
    page = browser()
    page.identify(**SEED)
    page.identify(id=SEED["id"], attributes={"plan": "free", "seats": 3})
    contact = Contact.objects.get()
    assert contact.name == "Paulo Castellano"
    assert contact.attributes == {"plan": "free", "monthly_spend": 5000, "seats": 3}
    assert Company.objects.get().plan == "scale"


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"id": None}, "id"),
        ({"id": True}, "id"),
        ({"id": 1.5}, "id"),
        ({"id": ""}, "id"),
        ({"nickname": "P"}, "nickname"),
        ({"phone": "call me"}, "phone"),
        ({"phone": "1" * 33}, "phone"),
        ({"email": 7}, "email"),
        ({"attributes": []}, "attributes"),
        ({"attributes": {"a": {"b": 1}}}, "attributes"),
        ({"attributes": {"a": [1]}}, "attributes"),
        ({"attributes": {"": 1}}, "attributes"),
        ({"attributes": {"x" * 65: 1}}, "attributes"),
        ({"attributes": {"a": "x" * 1_025}}, "attributes"),
        ({"attributes": {"a": "\x00"}}, "attributes"),
        ({"attributes": {"a": 10**30}}, "attributes"),
        ({"attributes": {str(number): 1 for number in range(51)}}, "attributes"),
        ({"company": {"name": "Pipeback"}}, "company"),
        ({"company": {"id": "1"}}, "company"),
        ({"company": {"id": "1", "name": "P", "monthly_spend": "199"}}, "company"),
        ({"company": {"id": "1", "name": "P", "created_at": 10**20}}, "company"),
    ],
)
def test_a_breach_is_named_and_nothing_is_kept(browser: Browsers, wrong: dict[str, Any], field: str) -> None:
    status, refused = browser().identify(**{**PAULO, **wrong})
    assert (status, refused["code"]) == (422, "VALIDATION_ERROR")
    assert f"user.{field}" in {".".join(name.split(".")[:2]) for name in refused["errors"]}
    assert not Contact.objects.exists()


def test_limits_are_met_exactly(browser: Browsers) -> None:
    most = {f"{number:02}".ljust(64, "x"): "y" * 1_024 for number in range(50)}
    assert browser().identify(id=7, phone="+1 (786) 600-1518", attributes=most)[0] == 200
    contact = Contact.objects.get()
    assert (contact.external_id, contact.phone, contact.attributes) == ("7", "17866001518", most)
    assert browser().identify(id="8", phone="12")[0] == 200
    assert not Contact.objects.get(external_id="8").phone_is_valid


def test_neither_id_nor_email_is_nobody(browser: Browsers) -> None:
    status, refused = browser().identify(name="Somebody")
    assert (status, list(refused["errors"])) == (422, ["user.id"])


def test_the_id_wins_where_two_people_match(browser: Browsers) -> None:
    browser().identify(**PAULO)
    browser().identify(**OTHER)
    page = browser()
    page.identify(id=PAULO["id"], email=OTHER["email"], name="Paulo")
    assert Contact.objects.count() == 2
    assert Contact.objects.get(external_id="p1").name == "Paulo"
    assert Contact.objects.get(external_id="p1").email == PAULO["email"]
    page.identify(email=OTHER["email"], name="Olga")
    assert Contact.objects.get(external_id="o2").name == "Olga"


def test_an_unsigned_visitor_sees_only_what_this_browser_began(browser: Browsers) -> None:
    first, second = browser(), browser()
    first.identify(**PAULO)
    mine = first.write("From my desk")
    second.identify(**PAULO)
    other = second.write("Pretending")
    assert (mine.contact_id, mine.mark, other.contact_id) == (other.contact_id, "claimed", mine.contact_id)
    assert (first.sees(), second.sees()) == ([mine.pk], [other.pk])


def test_what_was_said_before_goes_to_the_person(browser: Browsers) -> None:
    page = browser()
    conversation = page.write("Hello")
    nameless, token = conversation.contact_id, page.token
    page.identify(**PAULO, name="Paulo")
    assert page.token == token
    conversation.refresh_from_db()
    assert (conversation.contact_name, conversation.mark) == ("Paulo", "claimed")
    assert Message.objects.get().contact_id == conversation.contact_id != nameless
    assert not Contact.objects.filter(pk=nameless).exists()
    assert page.sees() == [conversation.pk]


@pytest.mark.parametrize("field", ["id", "email"])
def test_a_right_signature_verifies(browser: Browsers, secret: str, field: str) -> None:
    page = browser()
    conversation = page.write("Hello")
    status, _ = page.identify(**PAULO, name="Paulo", signature=identity_sign(secret, PAULO[field]))
    assert (status, page.mark) == (200, "verified")
    conversation.refresh_from_db()
    assert conversation.mark == "verified"
    contact = conversation.contact
    assert (contact.id_is_proven, contact.email_is_proven) == (field == "id", field == "email")
    assert (contact.external_id, contact.email) == (PAULO["id"], PAULO["email"])


def test_a_wrong_signature_is_worth_less_than_none(browser: Browsers, secret: str) -> None:
    page = browser()
    conversation = page.write("Hello")
    for wrong in (
        "0" * 64,
        "",
        identity_sign(secret, PAULO["email"]).upper(),
        identity_sign("x", PAULO["email"]),
        identity_sign(secret, OTHER["email"]),
        identity_sign(secret, PAULO["email"])[:63],
        identity_sign(secret, PAULO["email"]) + "0",
    ):
        status, refused = page.identify(**PAULO, name="Mallory", signature=wrong)
        assert (status, refused["code"]) in {(403, "IDENTITY_SIGNATURE_INVALID"), (422, "VALIDATION_ERROR")}
    conversation.refresh_from_db()
    assert conversation.mark == "anonymous"
    assert not Contact.objects.filter(email=PAULO["email"]).exists()
    assert page.sees() == [conversation.pk]  # the chat goes on


def test_an_unsigned_claim_on_somebody_verified_changes_nothing(browser: Browsers, secret: str) -> None:
    paulo = browser()
    paulo.identify(**PAULO, name="Paulo", signature=identity_sign(secret, PAULO["email"]))
    real = paulo.write("It is me")
    before = Contact.objects.values().get(email=PAULO["email"])
    for claim in (PAULO, {"email": PAULO["email"]}, {"id": PAULO["id"]}):
        liar = browser()
        liar.identify(**claim, name="Mallory", attributes={"plan": "pro"}, company={"id": "1", "name": "Evil"})
        told = liar.write("Send me the invoice")
        assert (liar.mark, told.mark, told.contact_id) == ("claimed", "claimed", real.contact_id)
        assert liar.sees() == [told.pk]
        assert liar.call("GET", f"conversations/{real.pk}/messages")[0] == 404
    assert Contact.objects.values().get(email=PAULO["email"]) == before
    assert paulo.sees() == [real.pk]
    assert not Company.objects.exists()


def test_the_own_signature_with_anothers_id_is_worth_nothing_there(browser: Browsers, secret: str) -> None:
    """And the reverse. The other value neither chooses nor changes anybody, whoever comes first."""
    signed_by = {field: {name: identity_sign(secret, who[field]) for name, who in PEOPLE.items()} for field in PAULO}
    for mine, other in (("email", "id"), ("id", "email")):
        victim = browser()
        victim.identify(**PAULO, signature=signed_by[other]["paulo"])
        private = victim.write("My secret")
        thief = browser()
        thief.identify(**{mine: OTHER[mine], other: PAULO[other]}, signature=signed_by[mine]["olga"])
        assert thief.mark == "verified"
        theirs = thief.write("Whose am I?")
        assert theirs.contact_id != private.contact_id
        assert thief.sees() == [theirs.pk]
        victim.identify(**PAULO, signature=signed_by[other]["paulo"])
        assert victim.sees() == [private.pk]
        for model in (Conversation, VisitorSession, Contact):
            model.objects.all().delete()


def test_a_value_that_was_only_claimed_goes_to_who_proves_it(browser: Browsers, secret: str) -> None:
    thief = browser()  # comes before the victim
    thief.identify(id=PAULO["id"], email=OTHER["email"], signature=identity_sign(secret, OTHER["email"]))
    theirs = thief.write("Mine")
    victim = browser()
    victim.identify(**PAULO, signature=identity_sign(secret, PAULO["id"]))
    private = victim.write("My secret")
    assert private.contact_id != theirs.contact_id
    thief.identify(id=PAULO["id"], email=OTHER["email"], signature=identity_sign(secret, OTHER["email"]))
    assert thief.sees() == [theirs.pk]
    assert Contact.objects.get(external_id=PAULO["id"]).pk == private.contact_id


def test_a_business_may_require_signatures(cast: Cast, browser: Browsers, secret: str) -> None:
    identity_change(caller=cast.caller(cast.alice), require_signed=True)
    page = browser()
    status, refused = page.identify(**PAULO)
    assert (status, refused["code"]) == (403, "IDENTITY_SIGNATURE_REQUIRED")
    assert page.identify(**PAULO, signature=identity_sign(secret, PAULO["id"]))[0] == 200


def test_the_secret_before_is_good_until_it_is_revoked(cast: Cast, browser: Browsers, secret: str) -> None:
    owner = cast.caller(cast.alice)
    current = identity_rotate(caller=owner)
    for good in (secret, current):
        assert browser().identify(**PAULO, signature=identity_sign(good, PAULO["id"]))[0] == 200
    identity_revoke_previous(caller=owner)
    assert browser().identify(**PAULO, signature=identity_sign(secret, PAULO["id"]))[0] == 403
    assert browser().identify(**PAULO, signature=identity_sign(current, PAULO["id"]))[0] == 200


def test_another_person_in_the_same_browser_gets_a_session_of_their_own(browser: Browsers) -> None:
    page = browser()
    page.identify(**PAULO)
    first, token = page.write("I am Paulo"), page.token
    page.identify(**OTHER)
    assert page.token != token
    assert page.sees() == []
    second = page.write("I am Olga")
    page.token = token
    assert page.sees() == [first.pk]
    assert second.contact_id != first.contact_id


def test_a_session_that_was_verified_stays_so(browser: Browsers, secret: str) -> None:
    page = browser()
    page.identify(**PAULO, signature=identity_sign(secret, PAULO["id"]))
    page.identify(**PAULO)
    assert page.mark == "verified"
    assert page.write("Still me").mark == "verified"


def test_a_forgotten_browser_is_nobody(browser: Browsers) -> None:
    page = browser()
    page.identify(**PAULO)
    conversation = page.write("Bye")
    assert page.call("DELETE", "session") == (204, None)
    assert page.call("GET", "conversations")[0] == 401
    assert page.identify(**PAULO)[0] == 401
    assert Conversation.objects.get(pk=conversation.pk).contact.external_id == PAULO["id"]


def test_people_of_another_business_are_others(cast: Cast, browser: Browsers, secret: str) -> None:
    browser().identify(**PAULO, signature=identity_sign(secret, PAULO["id"]))
    page = browser()
    body = {"widget_id": str(cast.foreign_widget.pk), "user": PAULO}
    assert page.call("POST", "identify", body)[1]["mark"] == "claimed"
    signed = {**body, "user": {**PAULO, "signature": identity_sign(secret, PAULO["id"])}}
    assert page.call("POST", "identify", signed)[1]["code"] == "IDENTITY_SIGNATURE_INVALID"
    assert Contact.objects.filter(business=cast.charlie.business).get().was_verified is False


def test_history_follows_the_proven_person_across_browsers(browser: Browsers, secret: str) -> None:
    desk, phone, liar = browser(), browser(), browser()
    signature = identity_sign(secret, PAULO["id"])
    desk.identify(**PAULO, signature=signature)
    first = desk.write("From my desk")
    phone.identify(**PAULO, signature=signature)
    second = phone.write("From my phone")
    liar.identify(**PAULO)
    third = liar.write("Pretending")
    assert desk.sees() == phone.sees() == [second.pk, first.pk]
    assert phone.call("GET", f"conversations/{first.pk}/messages")[1]["results"][0]["content"] == "From my desk"
    assert phone.call("POST", f"conversations/{first.pk}/messages", {"content": "Going on"})[0] == 201
    assert liar.sees() == [third.pk]
    assert liar.call("POST", f"conversations/{first.pk}/messages", {"content": "Let me in"})[0] == 404


def test_trust_in_unsigned_claims_ends_with_proof(cast: Cast, browser: Browsers, secret: str) -> None:
    owner = cast.caller(cast.alice)
    first, second = browser(), browser()
    first.identify(**PAULO)
    mine = first.write("One")
    identity_change(caller=owner, trust_unsigned=True)
    second.identify(**PAULO)
    other = second.write("Two")
    assert first.sees() == second.sees() == [other.pk, mine.pk]
    identity_change(caller=owner, trust_unsigned=False)
    assert (first.sees(), second.sees()) == ([mine.pk], [other.pk])
    identity_change(caller=owner, trust_unsigned=True)
    paulo = browser()
    paulo.identify(**PAULO, signature=identity_sign(secret, PAULO["id"]))
    real = paulo.write("It is really me")
    assert (first.sees(), second.sees(), paulo.sees()) == ([mine.pk], [other.pk], [real.pk])
    late = browser()
    late.identify(**PAULO)
    assert late.sees() == []


# What an attacker would try


def test_who_sat_there_before_does_not_keep_a_key_to_a_verified_person(browser: Browsers, secret: str) -> None:
    page, elsewhere = browser(), browser()
    signature = identity_sign(secret, PAULO["id"])
    elsewhere.identify(**PAULO, signature=signature)
    private = elsewhere.write("From home")
    mine = page.write("On a shared computer")
    first = Message.objects.get(conversation=mine)
    old_token = page.token
    page.identify(**PAULO, signature=signature)
    assert page.sees() == [mine.pk, private.pk]
    thief = browser()
    thief.token = old_token
    assert thief.call("GET", "conversations")[0] == 401
    thief.token = ""
    again = {"widget_id": str(page.cast.widget.pk), "content": "Again", "client_id": str(first.client_id)}
    assert thief.call("POST", "conversations", again)[1]["conversation_id"] not in {mine.pk, private.pk}


def test_a_claim_is_told_neither_name_nor_id_of_the_person(browser: Browsers, secret: str) -> None:
    browser().identify(**PAULO, name="Paulo Castellano", signature=identity_sign(secret, PAULO["id"]))
    contact = Contact.objects.get()
    liar = browser()
    liar.identify(id=PAULO["id"])
    body = {"widget_id": str(liar.cast.widget.pk), "content": "Who am I?"}
    answers = [liar.call("POST", "conversations", body)[1], liar.call("GET", "conversations")[1]]
    told = json.dumps([*answers, liar.call("GET", f"conversations/{answers[0]['conversation_id']}/messages")[1]])
    for private in ("Paulo", PAULO["email"], str(contact.pk)):
        assert private not in told


def start(cast: Cast, **whom: str) -> Conversation:
    lead = Lead(whom["email"]) if "email" in whom else UUID(whom["contact_id"])
    caller = cast.caller(cast.alice)
    posted = conversation_start(caller=caller, whom=lead, widget_id=None, content="Hi Paulo", client_id=uuid4())
    return Conversation.objects.get(pk=posted.message.conversation_id)


def test_an_agents_mail_reaches_nobody_who_only_claimed_the_address(cast: Cast, browser: Browsers, secret: str) -> None:
    olga, paulo = browser(), browser()
    olga.identify(id=OTHER["id"], email=PAULO["email"], signature=identity_sign(secret, OTHER["id"]))
    begun = start(cast, email=PAULO["email"])
    assert (olga.sees(), begun.mark) == ([], "anonymous")
    paulo.identify(email=PAULO["email"], signature=identity_sign(secret, PAULO["email"]))
    later = start(cast, email=PAULO["email"])
    assert (olga.sees(), paulo.sees(), later.mark) == ([], [later.pk], "verified")


def test_of_several_who_claim_to_be_somebody_none_is_written_to(cast: Cast, browser: Browsers) -> None:
    first = browser()
    first.identify(**PAULO)
    contact = str(Contact.objects.get().pk)
    assert [start(cast, contact_id=contact).pk] == first.sees()
    second = browser()
    second.identify(**PAULO)
    start(cast, contact_id=contact)
    assert (len(first.sees()), second.sees()) == (1, [])


def test_what_was_claimed_before_the_proof_is_forgotten(browser: Browsers, secret: str) -> None:
    browser().identify(id="p1", email="mallory@evil.example", name="Mallory", attributes={"role": "admin"})
    browser().identify(**PAULO, name="Paulo", signature=identity_sign(secret, "p1"))
    contact = Contact.objects.get()
    assert (contact.name, contact.email, contact.attributes) == ("Paulo", PAULO["email"], {})


def test_an_address_that_somebody_only_claimed_leads_nobody_to_them(browser: Browsers, secret: str) -> None:
    browser().identify(id=OTHER["id"], email=PAULO["email"], signature=identity_sign(secret, OTHER["id"]))
    paulo = browser()
    paulo.identify(email=PAULO["email"])
    assert paulo.write("Hello").contact.external_id is None


def test_a_claim_changes_no_company_of_verified_people(browser: Browsers, secret: str) -> None:
    company = {"id": "c1", "name": "Acme", "plan": "scale"}
    browser().identify(**PAULO, company=company, signature=identity_sign(secret, PAULO["id"]))
    browser().identify(id="nobody", company={"id": "c1", "name": "Evil", "plan": "free"})
    assert (Company.objects.get().name, Company.objects.get().plan) == ("Acme", "scale")
    assert Contact.objects.get(external_id="nobody").company == Company.objects.get()


def test_attributes_do_not_grow_without_end(browser: Browsers) -> None:
    page = browser()
    assert page.identify(**PAULO, attributes={f"a{number}": 1 for number in range(40)})[0] == 200
    status, refused = page.identify(**PAULO, attributes={f"b{number}": 1 for number in range(40)})
    assert (status, list(refused["errors"])) == (422, ["user.attributes"])


def test_who_is_left_out_of_what_went_on_begins_anew(cast: Cast, browser: Browsers, secret: str) -> None:
    identity_change(caller=cast.caller(cast.alice), trust_unsigned=True)
    paulo, liar = browser(), browser()
    paulo.identify(**PAULO)
    closed = paulo.write("One")
    Conversation.objects.filter(pk=closed.pk).update(status="closed")
    liar.identify(**PAULO)
    assert liar.call("POST", f"conversations/{closed.pk}/messages", {"content": "Mine now"})[0] == 201
    paulo.identify(**PAULO, signature=identity_sign(secret, PAULO["id"]))
    status, answer = paulo.call("POST", f"conversations/{closed.pk}/messages", {"content": "Still there?"})
    assert status == 201
    assert answer["conversation_id"] in paulo.sees()
    assert answer["conversation_id"] not in liar.sees()


@pytest.mark.postgres_redis
@pytest.mark.django_db(transaction=True)
def test_a_claim_and_the_proof_that_shuts_it_out_do_not_wait_in_a_circle(monkeypatch: pytest.MonkeyPatch) -> None:
    cast = new_cast()
    owner = cast.caller(cast.alice)
    signature = identity_sign(identity_rotate(caller=owner), PAULO["id"])
    identity_change(caller=owner, trust_unsigned=True)
    forget_limits()
    liar, paulo = Browser(cast), Browser(cast)
    liar.identify(**PAULO)
    answers: list[int] = []

    def prove() -> None:
        try:
            answers.append(paulo.identify(**PAULO, signature=signature)[0])
        finally:
            connection.close()

    proof = threading.Thread(target=prove)

    def crossed(*args: Any) -> Contact:
        if threading.current_thread() is not proof:
            proof.start()
            proof.join(1)
        return contact_for(*args)

    monkeypatch.setattr("conversations.services.identify.contact_for", crossed)
    answers.append(liar.identify(**PAULO)[0])
    proof.join(10)
    assert answers == [200, 200]
    assert not VisitorSession.objects.filter(mark="claimed", sees_history=True).exists()


PEOPLE = {"paulo": PAULO, "olga": OTHER}
