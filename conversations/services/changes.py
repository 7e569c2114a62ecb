"""What agents change of a conversation: its status, and who looks after it."""

from typing import Any
from uuid import UUID

from django.db import transaction

from auth_signing.callers import Caller
from auth_signing.models import Agent
from auth_signing.roles import Permission
from conversations import events
from conversations.errors import ConversationClosed
from conversations.models import Conversation, Status
from pingback.errors import NotFound


def conversation_resolve(*, conversation_id: int, caller: Caller) -> Conversation:
    """Resolving what is resolved changes nothing."""
    return _change(conversation_id, caller, status=Status.RESOLVED)


def conversation_reopen(*, conversation_id: int, caller: Caller) -> Conversation:
    return _change(conversation_id, caller, status=Status.OPEN)


def conversation_assign(*, conversation_id: int, agent_id: UUID | None, caller: Caller) -> Conversation:
    """To a colleague of the same business, or to nobody."""
    if agent_id and not Agent.objects.filter(business_id=caller.business_id, pk=agent_id).exists():
        raise NotFound("That person is not on your team.")
    return _change(conversation_id, caller, assignee_id=agent_id)


@transaction.atomic
def _change(conversation_id: int, caller: Caller, **fields: Any) -> Conversation:
    """Of several at once the last one counts, and everybody hears of each."""
    caller.require(Permission.CONVERSATIONS_MANAGE)
    found = Conversation.objects.visible_to(caller).locked([conversation_id])
    if not found:
        raise NotFound
    (conversation,) = found
    if conversation.status == Status.CLOSED and "status" in fields:
        raise ConversationClosed
    changed = {name: value for name, value in fields.items() if getattr(conversation, name) != value}
    for name, value in changed.items():
        setattr(conversation, name, value)
    if changed:
        conversation.rev += 1
        conversation.save(update_fields=[*changed, "rev"])
    conversation = Conversation.objects.with_people().get(pk=conversation_id)
    if changed:
        events.publish_on_commit(events.conversation_updated(conversation))
    return conversation
