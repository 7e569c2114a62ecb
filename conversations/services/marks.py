"""Read and delivered marks: pointers on the conversation, moved forward only."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from django.db import transaction

from auth_signing.callers import Caller
from conversations import events
from conversations.models import Conversation, Sender
from conversations.querysets import is_visible


@dataclass(frozen=True, slots=True)
class Mark:
    """The caller has seen, or received, everything up to `seq`. Agents only read."""

    caller: Caller
    conversation_id: int
    kind: Literal["read", "delivered"]
    seq: int


@transaction.atomic
def conversations_mark(marks: Sequence[Mark]) -> None:
    """Move read pointers forward, never back and never past the last message. What is not visible is left alone."""
    conversations = {c.pk: c for c in Conversation.objects.locked(mark.conversation_id for mark in marks)}
    batch: list[events.WireEvent] = []
    changed: dict[int, Conversation] = {}
    for mark in marks:
        conversation = conversations.get(mark.conversation_id)
        if conversation is None or not is_visible(conversation, mark.caller):
            continue
        if _move_pointer(conversation, mark):
            conversation.rev += 1
            changed[conversation.pk] = conversation
            sender = Sender.CUSTOMER if mark.caller.is_visitor else Sender.AGENT
            seq = min(mark.seq, conversation.last_seq)
            batch += events.marked(conversation, mark=mark.kind, sender=sender, seq=seq)
    Conversation.objects.bulk_update(
        changed.values(), ["rev", "agent_read_seq", "visitor_read_seq", "visitor_delivered_seq"]
    )
    events.publish_on_commit(batch)


def _move_pointer(conversation: Conversation, mark: Mark) -> bool:
    seq = min(mark.seq, conversation.last_seq)
    if not mark.caller.is_visitor:
        moved = seq > conversation.agent_read_seq
        conversation.agent_read_seq = max(seq, conversation.agent_read_seq)
        return moved
    before = (conversation.visitor_read_seq, conversation.visitor_delivered_seq)
    if mark.kind == "read":
        conversation.visitor_read_seq = max(seq, conversation.visitor_read_seq)
    conversation.visitor_delivered_seq = max(seq, conversation.visitor_delivered_seq)
    return before != (conversation.visitor_read_seq, conversation.visitor_delivered_seq)
