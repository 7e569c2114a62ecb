"""The status of a conversation."""

from django.db import transaction

from auth_signing.callers import Caller
from auth_signing.roles import Permission
from conversations import events
from conversations.models import Conversation, Status
from pingback.errors import NotFound


def conversation_resolve(*, conversation_id: int, caller: Caller) -> Conversation:
    """Resolving what is resolved changes nothing."""
    return _set_status(conversation_id, caller, Status.RESOLVED)


def conversation_reopen(*, conversation_id: int, caller: Caller) -> Conversation:
    return _set_status(conversation_id, caller, Status.OPEN)


@transaction.atomic
def _set_status(conversation_id: int, caller: Caller, status: Status) -> Conversation:
    caller.require(Permission.CONVERSATIONS_MANAGE)
    found = Conversation.objects.visible_to(caller).locked([conversation_id])
    if not found:
        raise NotFound
    (conversation,) = found
    if conversation.status != status:
        conversation.status = status
        conversation.rev += 1
        conversation.save(update_fields=["status", "rev"])
        conversation = Conversation.objects.with_people().get(pk=conversation_id)
        events.publish_on_commit(events.conversation_updated(conversation))
    return conversation
