"""The frames that sockets may send, parsed strictly. Their meaning: `docs/realtime.md`."""

from typing import Annotated
from uuid import UUID

import msgspec

Id = Annotated[int, msgspec.Meta(ge=1, le=2**63 - 1)]
Seq = Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)]


class Frame(msgspec.Struct, tag_field="type", forbid_unknown_fields=True, gc=False):
    pass


class Position(msgspec.Struct, forbid_unknown_fields=True):
    """How far a client got in one conversation."""

    seq: Seq = 0
    rev: Seq = 0


class VisitorHello(Frame, tag="hello"):
    widget: UUID
    token: str | None = None
    after: dict[Id, Position] = {}


class AgentHello(Frame, tag="hello"):
    token: str | None = None
    agent: UUID | None = None
    after: dict[Id, Position] = {}


class VisitorSend(Frame, tag="send"):
    client_id: UUID
    content: str
    conversation_id: Id | None = None
    name: str | None = None
    email: str | None = None


class AgentSend(Frame, tag="send"):
    client_id: UUID
    content: str
    conversation_id: Id


class Typing(Frame, tag="typing"):
    conversation_id: Id
    is_typing: bool


class Read(Frame, tag="read"):
    conversation_id: Id
    seq: Seq


class Delivered(Frame, tag="delivered"):
    conversation_id: Id
    seq: Seq


class Ping(Frame, tag="ping"):
    pass


VisitorFrame = VisitorHello | VisitorSend | Typing | Read | Delivered | Ping
AgentFrame = AgentHello | AgentSend | Typing | Read | Ping

visitor_frames: msgspec.json.Decoder[VisitorFrame] = msgspec.json.Decoder(VisitorFrame)
agent_frames: msgspec.json.Decoder[AgentFrame] = msgspec.json.Decoder(AgentFrame)
