"""People who are known, on sockets: who hears what live, and what an open socket makes of a change."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import httpx
import pytest

from auth_signing.identity import identity_sign
from tests.clients import Person, Visitor, new_owner
from tests.server import Server

PAULO = {"id": "p1", "email": "paulo@example.com"}


@pytest.fixture
def owner(server: Server) -> Person:
    return new_owner(server)


@pytest.fixture
def business(owner: Person) -> str:
    return str(owner.call("GET", "auth/me").json()["business"]["id"])


def identify(visitor: Visitor, **user: Any) -> str:
    headers = {"Authorization": f"Visitor {visitor.token}"} if visitor.token else {}
    body = {"widget_id": visitor.widget_id, "user": user}
    answer = httpx.post(f"{visitor.server.url}/api/v1/visitor/identify", json=body, headers=headers).raise_for_status()
    visitor.token = answer.json()["token"]
    return str(answer.json()["mark"])


def test_a_verified_person_hears_it_in_every_browser_once_and_a_claim_does_not(owner: Person, business: str) -> None:
    secret = owner.call("POST", "identity/rotate").json()["secret"]
    signed = {**PAULO, "signature": identity_sign(secret, PAULO["id"])}
    desk, phone, liar = (Visitor(owner.server, business) for _ in range(3))
    assert [identify(desk, **signed), identify(phone, **signed), identify(liar, **PAULO)] == [
        "verified",
        "verified",
        "claimed",
    ]
    with desk.connect() as first, phone.connect() as second, liar.connect() as third:
        ack = first.post("From my desk")
        assert second.expect("message")["content"] == "From my desk"
        owner.call("POST", f"conversations/{ack['conversation_id']}/messages", {"content": "Hello Paulo"})
        assert [peer.expect("message")["content"] for peer in (first, second)] == ["Hello Paulo"] * 2
        third.post("Pretending")
        for peer in (first, second, third):
            peer.send("ping")
            peer.expect("pong")
        heard = [[one["content"] for one in peer.seen if one["type"] == "message"] for peer in (first, second, third)]
        assert heard == [["Hello Paulo"], ["From my desk", "Hello Paulo"], []]


def test_an_open_socket_comes_back_as_who_it_is_now(owner: Person, business: str) -> None:
    visitor = Visitor(owner.server, business)
    conversation = visitor.write_first("Before I signed in")["conversation_id"]
    with visitor.connect() as browser:
        identify(visitor, **PAULO, name="Paulo")
        assert browser.expect_close() == 4000
    with visitor.connect() as browser:
        browser.post("And after", conversation_id=conversation)
    shown = owner.call("GET", f"conversations/{conversation}").json()
    assert (shown["contact"]["name"], shown["mark"]) == ("Paulo", "claimed")
    authors = owner.call("GET", f"conversations/{conversation}/messages").json()["results"]
    assert len({message["author"]["id"] for message in authors}) == 1


def test_a_forgotten_browser_is_cut_off(owner: Person, business: str) -> None:
    visitor = Visitor(owner.server, business)
    visitor.write_first("Bye")
    with visitor.connect() as browser:
        headers = {"Authorization": f"Visitor {visitor.token}"}
        httpx.delete(f"{owner.server.url}/api/v1/visitor/session", headers=headers).raise_for_status()
        assert browser.expect_close() == 4401


def test_turning_trust_off_brings_everybody_back(owner: Person, business: str) -> None:
    owner.call("PATCH", "identity", {"trust_unsigned": True})
    desk, phone = (Visitor(owner.server, business) for _ in range(2))
    for each in (desk, phone):
        identify(each, **PAULO)
    with desk.connect() as first, phone.connect() as second:
        first.post("Shared")
        assert second.expect("message")["content"] == "Shared"
        owner.call("PATCH", "identity", {"trust_unsigned": False})
        assert second.expect_close() == 4000
    with phone.connect() as second:
        assert [frame for frame in second.seen if frame["type"] == "message"] == []


def test_messages_identities_and_changes_at_once_hold_nobody_up(owner: Person, business: str) -> None:
    """All lock conversations, contacts and sessions, in one order."""
    visitors = [Visitor(owner.server, business) for _ in range(6)]
    conversations = [visitor.write_first("Hello")["conversation_id"] for visitor in visitors]

    def chat(number: int) -> None:
        for count in range(15):
            body = {"content": f"{count}", "client_id": str(uuid4())}
            headers = {"Authorization": f"Visitor {visitors[number].token}"}
            url = f"{owner.server.url}/api/v1/visitor/conversations/{conversations[number]}/messages"
            httpx.post(url, json=body, headers=headers, timeout=30).raise_for_status()

    def introduce(number: int) -> None:
        for count in range(6):
            identify(visitors[number], id=f"p{number % 2}", name=f"Name {count}")

    def change(_: int) -> None:
        for contact in owner.call("GET", "contacts").json()["results"]:
            answer = owner.call("PATCH", f"contacts/{contact['id']}", {"name": uuid4().hex})
            assert answer.status_code in {200, 404}, answer.text  # one that was merged meanwhile

    with ThreadPoolExecutor(18) as pool:
        jobs = [pool.submit(job, number) for job in (chat, introduce, change) for number in range(6)]
        for job in jobs:
            job.result()
    for conversation in conversations:
        said = owner.call("GET", f"conversations/{conversation}/messages").json()["results"]
        assert [message["content"] for message in said] == ["Hello", *map(str, range(15))]


def test_leads_lose_nothing_while_they_are_merged(owner: Person, business: str) -> None:
    """They write, begin conversations and say more of themselves; agents write to them and rename them."""
    secret = owner.call("POST", "identity/rotate").json()["secret"]
    email = "lead@example.com"
    signed = {"email": email, "signature": identity_sign(secret, email)}
    api = f"{owner.server.url}/api/v1/visitor/conversations"
    sent: list[str] = []

    def chat(_: int) -> None:
        for count in range(20):
            if count % 5 == 0:
                token, conversation = "", 0  # somebody else
            body = {"content": str(uuid4()), "client_id": str(uuid4())}
            is_first = count % 5 in {0, 1, 3}
            if is_first:
                body |= {"widget_id": business, "email": email, "name": f"Name {count}"}
            headers = {"Authorization": f"Visitor {token}"} if token else {}
            url = api if is_first else f"{api}/{conversation}/messages"
            answer = httpx.post(url, json=body, headers=headers, timeout=30).raise_for_status().json()
            token, conversation = answer.get("token", token), answer["conversation_id"]
            sent.append(body["content"])

    def prove(_: int) -> None:
        visitor = Visitor(owner.server, business)
        for _ in range(12):
            identify(visitor, **signed)

    def work(_: int) -> None:
        for _ in range(6):
            content = str(uuid4())
            owner.call("POST", "conversations", {"email": email, "content": content}).raise_for_status()
            sent.append(content)
            for contact in owner.call("GET", "contacts").json()["results"]:
                answer = owner.call("PATCH", f"contacts/{contact['id']}", {"name": uuid4().hex})
                assert answer.status_code in {200, 404}, answer.text

    with ThreadPoolExecutor(9) as pool:
        jobs = [
            pool.submit(job, number) for job, count in ((chat, 5), (prove, 2), (work, 2)) for number in range(count)
        ]
        for job in jobs:
            job.result()
    prove(0)
    (person,) = owner.call("GET", "contacts").json()["results"]
    told = owner.call("GET", f"contacts/{person['id']}/export").json()["conversations"]
    assert sorted(message["content"] for one in told for message in one["messages"]) == sorted(sent)
