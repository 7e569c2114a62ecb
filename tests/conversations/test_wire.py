"""The frames in `tests/wire/` are what the server makes and reads. The JavaScript tests read the same files."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest
from django.utils import timezone

from auth_signing.callers import Caller
from auth_signing.introductions import Introduction
from auth_signing.models import Agent, Business, User
from auth_signing.roles import Role
from conversations import events
from conversations.errors import BadFrame
from conversations.models import Conversation, Message, Sender, Tag
from conversations.realtime.frames import agent_frames, visitor_frames
from conversations.services import check_content
from pingback.errors import Invalid
from widgets.config import config_payload
from widgets.models import Widget

WIRE = Path(__file__).parent.parent / "wire"
AGENT = UUID("7c9e6679-7425-40de-944b-e07fc1f90ae7")
CONTACT = UUID("3d6f4e1a-52c3-4b8e-8f17-2a9b5c7d8e90")
CLIENT_ID = UUID("5f0c1c7e-8a2b-4a57-9d0e-1f2a3b4c5d6e")
WHEN = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)

ada = Agent(id=AGENT, user=User(full_name="Ada Bell"))
thread = Conversation(
    id=7,
    business_id=UUID(int=1),
    session_id=UUID(int=2),
    contact_id=CONTACT,
    contact_name="Visitor 3D6F",
    assignee=ada,
    last_seq=4,
    rev=10,
    agent_read_seq=3,
    visitor_read_seq=2,
    visitor_delivered_seq=4,
    last_customer_seq=3,
    last_message_text="We do, within five days.",
    last_message_sender=Sender.AGENT,
    last_message_at=WHEN,
    widget_id=UUID("0b5f0f2e-4a51-4d5c-9a3c-0d4f9a4b6c01"),
)
thread._prefetched_objects_cache = {"tags": [Tag(name="vip"), Tag(name="billing")]}  # type: ignore[attr-defined]
agent_caller = Caller(business_id=UUID(int=1), role=Role.AGENT, name="Ada Bell", agent_id=AGENT)


def question(number: int = 3, content: str = "Do you ship to Norway?", **fields: Any) -> Message:
    return Message(
        **{
            "id": 37 + number,
            "conversation": thread,
            "seq": number,
            "rev": 3 * number,
            "client_id": CLIENT_ID,
            "sender": Sender.CUSTOMER,
            "contact_id": CONTACT,
            "author_name": "Visitor 3D6F",
            "content": content,
            "created_at": WHEN,
            **fields,
        }
    )


answer = Message(
    id=41,
    conversation=thread,
    seq=4,
    rev=10,
    client_id=CLIENT_ID,
    sender=Sender.AGENT,
    agent_id=AGENT,
    author_name="Ada Bell",
    content="We do, within five days.",
    created_at=WHEN,
)


def refused(content: str) -> Invalid:
    with pytest.raises(Invalid) as error:
        check_content(content)
    return error.value


def not_introduced() -> Invalid:
    refusal = Introduction(required=["email"]).refusal_of()
    assert refusal
    return refusal


def made_frames() -> dict[str, str]:
    read = Conversation(**{**vars_of(thread), "rev": 11})
    here = Agent(id=AGENT, business_id=UUID(int=1), status="live", seen_at=timezone.now())
    presence = events.presence_changed(here, is_anybody_there=True)
    return {
        "ready": events.READY,
        "resume": events.RESUME,
        "pong": events.PONG,
        "visitor_message": events.message_frame(answer, viewer=Sender.CUSTOMER),
        "inbox_message": events.message_frame(question(), viewer=Sender.AGENT),
        "ack": events.ack_frame(question()),
        "ack_new_visitor": events.ack_frame(question(1, "Hello", rev=1), token="vt_3mB0pQ"),
        "visitor_conversation": events.conversation_frame(thread, viewer=Sender.CUSTOMER),
        "inbox_conversation": events.conversation_frame(thread, viewer=Sender.AGENT),
        "typing": events.typing(thread, agent_caller, is_typing=True, origin=0)[0].text,
        "read": events.marked(read, mark="read", sender=Sender.AGENT, seq=4)[0].text,
        "delivered": events.marked(read, mark="delivered", sender=Sender.CUSTOMER, seq=4)[0].text,
        "presence": presence[0].text,
        "presence_visitor": presence[1].text,
        "error": events.error_frame(refused(""), client_id=CLIENT_ID),
        "error_pre_chat": events.error_frame(not_introduced(), client_id=CLIENT_ID),
        "error_closing": events.error_frame(BadFrame()),
        "public_config": json.dumps(
            config_payload(
                Widget(
                    id=UUID("0b5f0f2e-4a51-4d5c-9a3c-0d4f9a4b6c01"),
                    business=Business(id=UUID("b2f1c0de-6a57-4f0e-9f6a-1c2d3e4f5a6b")),
                ),
                online=True,
            )
        ),
    }


def vars_of(conversation: Conversation) -> dict[str, Any]:
    return {field.attname: getattr(conversation, field.attname) for field in conversation._meta.concrete_fields}


READ_FRAMES: dict[str, list[msgspec.json.Decoder[Any]]] = {
    "visitor_hello": [visitor_frames],
    "inbox_hello": [agent_frames],
    "send": [visitor_frames, agent_frames],
    "send_first_in": [visitor_frames],
    "typing_in": [visitor_frames, agent_frames],
    "read_in": [visitor_frames, agent_frames],
    "delivered_in": [visitor_frames],
    "ping": [visitor_frames, agent_frames],
}


@pytest.mark.parametrize("name", made_frames())
def test_the_server_makes_this_frame(name: str) -> None:
    assert json.loads(made_frames()[name]) == json.loads((WIRE / f"{name}.json").read_text())


@pytest.mark.parametrize("name", READ_FRAMES)
def test_the_server_reads_this_frame(name: str) -> None:
    for frames in READ_FRAMES[name]:
        assert frames.decode((WIRE / f"{name}.json").read_text())


def test_every_file_is_covered() -> None:
    assert {file.stem for file in WIRE.glob("*.json")} == made_frames().keys() | READ_FRAMES.keys()


def test_every_event_is_documented() -> None:
    docs = (Path(__file__).parents[2] / "docs" / "realtime.md").read_text()
    types = {json.loads(text).get("type") for text in made_frames().values()} - {None}
    assert {kind for kind in types if f"`{kind}`" not in docs and f'"{kind}"' not in docs} == set()
