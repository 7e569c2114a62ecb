"""People who are known, on sockets: who hears what live, and what an open socket makes of a change."""

from typing import Any

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
