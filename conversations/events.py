"""The wire format: one builder for each event, and the groups it goes to. Shapes: `docs/realtime.md`, `tests/wire/`.

A group name is made of ids only. Agents of a business share `business.<id>`, the sockets of one browser `session.<id>`
or, where they hear of all that their person says, `person.<id>`; the sockets of one agent `agent.<id>`, all visitors of
a business `visitors.<id>`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

import msgspec
from django.db import transaction
from django.dispatch import receiver

from auth_signing.callers import Caller
from auth_signing.identity import trust_changed
from auth_signing.models import Agent, IdentityMark
from conversations.models import Attachment, Conversation, Message, Sender
from conversations.realtime.closing import CloseCode
from conversations.realtime.hub import hub
from pingback.errors import Invalid, RateLimited, Refusal

encoder = msgspec.json.Encoder()

Payload = dict[str, Any]


@dataclass(frozen=True, slots=True)
class WireEvent:
    """Text that was encoded once, for every socket of `group`, but for the one that caused it (`origin`).

    With `close` the sockets are ended with that code instead.
    """

    group: str
    text: str = ""
    origin: int = 0
    close: int = 0


def business_group(business_id: UUID) -> str:
    return f"business.{business_id.hex}"


def session_group(session_id: UUID) -> str:
    """The browser that began a conversation, unless it hears of all that its person says."""
    return f"session.{session_id.hex}"


def person_group(contact_id: UUID, mark: str) -> str:
    """The browsers of a person that hear of all that is said in those of the same mark."""
    return f"person.{contact_id.hex}.{mark}"


def browser_group(session_id: UUID) -> str:
    """All sockets of a session: to end them."""
    return f"browser.{session_id.hex}"


def visitors_group(business_id: UUID) -> str:
    return f"visitors.{business_id.hex}"


def agent_group(agent_id: UUID) -> str:
    return f"agent.{agent_id.hex}"


def encode(payload: Payload) -> str:
    return encoder.encode(payload).decode()


@lru_cache(maxsize=4096)  # the messages of a batch share one moment, in several frames each
def iso(moment: datetime) -> str:
    """ISO 8601 in UTC with milliseconds and `Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def publish_on_commit(batch: Sequence[WireEvent]) -> None:
    """A rollback publishes nothing, and a dead bus fails no stored message."""
    transaction.on_commit(lambda: hub.deliver_soon(batch), robust=True)


# Payloads


def message_payload(message: Message, *, viewer: Sender) -> Payload:
    """`client_id` goes only to the side that sent the message: a first message's is the key to its session."""
    return {
        "id": message.pk,
        "conversation_id": message.conversation_id,
        "kind": message.kind,
        "seq": message.seq,
        "rev": message.rev,
        "client_id": message.client_id if message.sender == viewer else None,
        "sender_type": message.sender,
        "author": author_payload(message, viewer=viewer),
        "content": message.content,
        "attachments": [attachment_payload(file) for file in message.files],
        "created_at": iso(message.created_at),
    }


def author_payload(message: Message, *, viewer: Sender) -> Payload:
    """A visitor is told nothing of the customer: whoever claims to be somebody would learn it."""
    if viewer == message.sender == Sender.CUSTOMER:
        return {"id": None, "name": ""}
    return {"id": message.agent_id or message.contact_id, "name": message.author_name}


def attachment_payload(file: Attachment) -> Payload:
    return {"id": file.pk, "name": file.name, "content_type": file.content_type, "size": file.size}


def conversation_payload(conversation: Conversation, *, viewer: Sender) -> Payload:
    """`conversation` with its assignee loaded; for agents, with its tags."""
    assignee = conversation.assignee
    payload = {
        "id": conversation.pk,
        "status": conversation.status,
        "last_seq": conversation.last_seq,
        "rev": conversation.rev,
        "agent_read_seq": conversation.agent_read_seq,
        "visitor_read_seq": conversation.visitor_read_seq,
        "visitor_delivered_seq": conversation.visitor_delivered_seq,
        "assignee": {"id": assignee.pk, "name": assignee.user.full_name} if assignee else None,
        "last_message": {
            "text": conversation.last_message_text,
            "sender_type": conversation.last_message_sender,
            "created_at": iso(conversation.last_message_at),
        },
    }
    if viewer == Sender.AGENT:
        payload |= {
            "contact": {"id": conversation.contact_id, "name": conversation.contact_name},
            "mark": conversation.mark,
            "unread": conversation.unread,
            "waiting_since": iso(conversation.waiting_since) if conversation.waiting_since else None,
            "widget_id": conversation.widget_id,
            "priority": conversation.priority,
            "tags": sorted(tag.name for tag in conversation.tags.all()),
            "snoozed_until": iso(conversation.snoozed_until) if conversation.snoozed_until else None,
        }
    return payload


# Frames to one socket


def conversation_of(frame: str) -> int | None:
    """Which conversation a frame is about, if any."""
    payload = msgspec.json.decode(frame)
    found: int | None = payload.get("conversation_id", payload.get("id"))
    return found


def message_frame(message: Message, *, viewer: Sender) -> str:
    return encode({"type": "message", **message_payload(message, viewer=viewer)})


def conversation_frame(conversation: Conversation, *, viewer: Sender) -> str:
    return encode({"type": "conversation", **conversation_payload(conversation, viewer=viewer)})


def ack_frame(message: Message, *, token: str | None = None) -> str:
    sender = Sender(message.sender)
    fresh = {"token": token} if token else {}
    return encode({"type": "ack", **message_payload(message, viewer=sender), **fresh})


def online_frame(is_anybody_there: bool) -> str:
    return encode({"type": "presence", "online": is_anybody_there})


def error_frame(refusal: Refusal, *, client_id: UUID | None = None) -> str:
    answered: Payload = {"client_id": client_id} if client_id else {}
    if isinstance(refusal, RateLimited):
        answered["retry_after"] = refusal.retry_after
    detail = next(iter(refusal.errors.values()))[0] if isinstance(refusal, Invalid) else refusal.detail
    return encode({"type": "error", "code": refusal.code, "detail": detail, **answered})


READY = encode({"type": "ready"})
RESUME = encode({"type": "resume"})
PONG = encode({"type": "pong"})


# Events


def _to_both_sides(conversation: Conversation, *, agents: str, visitor: str | None, origin: int = 0) -> list[WireEvent]:
    """`visitor` is None for what stays among agents."""
    events = [WireEvent(business_group(conversation.business_id), agents, origin)]
    if visitor is not None:
        if conversation.session_id:
            events.append(WireEvent(session_group(conversation.session_id), visitor, origin))
        if conversation.mark != IdentityMark.ANONYMOUS:
            events.append(WireEvent(person_group(conversation.contact_id, conversation.mark), visitor, origin))
    return events


def message_created(message: Message, *, origin: int = 0) -> list[WireEvent]:
    """`message` with its conversation loaded. What has no seq stays among agents."""
    for_visitor = None if message.seq is None else message_frame(message, viewer=Sender.CUSTOMER)
    for_agents = message_frame(message, viewer=Sender.AGENT)
    return _to_both_sides(message.conversation, agents=for_agents, visitor=for_visitor, origin=origin)


def conversation_updated(conversation: Conversation) -> list[WireEvent]:
    return _to_both_sides(
        conversation,
        agents=conversation_frame(conversation, viewer=Sender.AGENT),
        visitor=conversation_frame(conversation, viewer=Sender.CUSTOMER),
    )


def typing(conversation: Conversation, caller: Caller, *, is_typing: bool, origin: int) -> list[WireEvent]:
    frame = {
        "type": "typing",
        "conversation_id": conversation.pk,
        "sender_type": Sender.CUSTOMER if caller.is_visitor else Sender.AGENT,
        "user_id": caller.contact_id if caller.is_visitor else caller.agent_id,
        "name": caller.name,
        "is_typing": is_typing,
    }
    for_visitor = frame | {"user_id": None, "name": ""} if caller.is_visitor else frame
    return _to_both_sides(conversation, agents=encode(frame), visitor=encode(for_visitor), origin=origin)


def marked(conversation: Conversation, *, mark: str, sender: Sender, seq: int) -> list[WireEvent]:
    """`mark` is "read" or "delivered"; `sender` is whose eyes."""
    text = encode(
        {"type": mark, "conversation_id": conversation.pk, "sender_type": sender, "seq": seq, "rev": conversation.rev}
    )
    return _to_both_sides(conversation, agents=text, visitor=text)


def presence_changed(agent: Agent, *, is_anybody_there: bool) -> list[WireEvent]:
    """Colleagues hear of the agent, visitors only whether anybody is there."""
    payload = {"type": "presence", "agent_id": agent.pk, "status": agent.presence}
    return [
        WireEvent(business_group(agent.business_id), encode(payload)),
        WireEvent(visitors_group(agent.business_id), online_frame(is_anybody_there)),
    ]


def visitor_signed_out(session_id: UUID) -> list[WireEvent]:
    return [WireEvent(browser_group(session_id), close=CloseCode.UNAUTHENTICATED)]


def visitor_changed(session_id: UUID) -> list[WireEvent]:
    """Its sockets come back as who they are now."""
    return [WireEvent(browser_group(session_id), close=CloseCode.ENDED)]


@receiver(trust_changed)
def tell_visitors(business_id: UUID, **_: object) -> None:
    """All of them come back, and see what they may see now."""
    hub.deliver_soon([WireEvent(visitors_group(business_id), close=CloseCode.ENDED)])


def agents_refetch(business_id: UUID) -> list[WireEvent]:
    """Something is gone that no frame names."""
    return [WireEvent(business_group(business_id), RESUME)]


def agent_signed_out(agent_id: UUID) -> list[WireEvent]:
    """Ends the agent's sockets; those whose session is still good come back by themselves."""
    return [WireEvent(agent_group(agent_id), close=CloseCode.ENDED)]
