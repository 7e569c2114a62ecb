"""What a widget asks before a chat, on sockets."""

from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.clients import Person, Visitor, new_owner
from tests.server import Server

ADA = {"name": "Ada Bell", "email": "ada@example.com"}


@pytest.fixture
def owner(server: Server) -> Person:
    return new_owner(server)


def visitor_of(owner: Person, **asked: str) -> Visitor:
    widget = owner.call("POST", "widget/create", {"domain": "example.com", **asked}).json()
    return Visitor(owner.server, widget["id"])


def begin(visitor: Visitor, **body: str) -> httpx.Response:
    address = f"{visitor.server.url}/api/v1/visitor/conversations"
    return httpx.post(address, json={"widget_id": visitor.widget_id, **body})


def test_agents_see_who_a_newcomer_says_they_are(owner: Person) -> None:
    visitor = visitor_of(owner, ask_email="required")
    with owner.connect() as inbox, visitor.connect() as browser:
        inbox.expect("ready")
        browser.post("Hello", **ADA)
        assert inbox.expect("message")["author"]["name"] == "Ada Bell"
    (shown,) = owner.call("GET", "conversations").json()["results"]
    contact = owner.call("GET", f"contacts/{shown['contact']['id']}").json()
    assert (shown["contact"]["name"], contact["type"], contact["email"]) == ("Ada Bell", "lead", ADA["email"])


@pytest.mark.parametrize("is_known", [False, True])
def test_without_what_is_required_the_socket_says_so_and_stays(owner: Person, is_known: bool) -> None:
    visitor = visitor_of(owner)
    if is_known:
        visitor.token = begin(visitor, content="Hello").json()["token"]
    widget = owner.call("PUT", f"widget/update/{visitor.widget_id}", {"ask_email": "required"})
    assert widget.status_code == 200
    client_id = str(uuid4())
    with visitor.connect() as browser:
        browser.send("send", client_id=client_id, content="Hello")
        error = browser.expect("error")
        assert (error["code"], error["client_id"]) == ("VALIDATION_ERROR", client_id)
        assert error["detail"] == "Enter your e-mail address first."
        assert len(owner.call("GET", "contacts").json()["results"]) == int(is_known)
        ack = browser.post("Hello", client_id=client_id, email=ADA["email"])
        assert browser.post("Another matter")["conversation_id"] != ack["conversation_id"]
    with visitor.connect() as browser:  # the ack was lost
        assert browser.post("Hello", client_id=client_id)["id"] == ack["id"]


@pytest.mark.parametrize("wrong", [{"name": ""}, {"name": "\x00"}, {"email": "ada"}, {"email": "x" * 400}])
def test_a_bad_value_is_refused_and_nothing_is_stored(owner: Person, wrong: dict[str, Any]) -> None:
    client_id = str(uuid4())
    with visitor_of(owner).connect() as browser:
        browser.send("send", client_id=client_id, content="Hello", **{**ADA, **wrong})
        error = browser.expect("error")
        assert (error["code"], error["client_id"]) == ("VALIDATION_ERROR", client_id)
    assert owner.call("GET", "contacts").json()["results"] == []


def test_only_a_first_message_takes_it(owner: Person) -> None:
    visitor = visitor_of(owner)
    conversation = visitor.write_first()["conversation_id"]
    with visitor.connect() as browser:
        browser.send("send", client_id=str(uuid4()), content="More", conversation_id=conversation, **ADA)
        assert browser.expect("error")["code"] == "VALIDATION_ERROR"
        assert browser.post("More", conversation_id=conversation)["seq"] == 2


def test_an_open_socket_goes_on_under_the_new_name(owner: Person) -> None:
    visitor = visitor_of(owner)
    first = visitor.write_first()["conversation_id"]
    with visitor.connect() as browser:
        second = browser.post("Another matter", name="Ada Bell")["conversation_id"]
        browser.post("And", conversation_id=first)
    for conversation in (first, second):
        assert owner.call("GET", f"conversations/{conversation}").json()["contact"]["name"] == "Ada Bell"
    said = owner.call("GET", f"conversations/{first}/messages").json()["results"]
    assert [message["author"]["name"] == "Ada Bell" for message in said] == [False, True]


def test_both_doors_know_the_same_message(owner: Person) -> None:
    visitor = visitor_of(owner, ask_name="required")
    body = {"content": "Hello", "client_id": str(uuid4())}
    refused = begin(visitor, **body)
    assert (refused.status_code, refused.json()["errors"]) == (422, {"name": ["Enter your name first."]})
    stored = begin(visitor, **body, name="Ada")
    assert stored.status_code == 201
    with visitor.connect() as browser:
        assert browser.post("Hello", client_id=body["client_id"])["id"] == stored.json()["id"]
