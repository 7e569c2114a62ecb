"""What agents change of a conversation: status, who looks after it, priority, tags, and how long it sleeps."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from auth_signing.callers import Caller
from auth_signing.models import Agent
from auth_signing.roles import Permission
from conversations import events
from conversations.errors import ConversationClosed
from conversations.models import Conversation, Status, Tag
from conversations.querysets import tag_key
from pingback.errors import Invalid, NotFound

ENDED = {Status.RESOLVED, Status.CLOSED}


class Change(NamedTuple):
    conversation: Conversation
    happened: bool  # what was asked for was not so already


def conversation_resolve(*, conversation_id: int, caller: Caller) -> Change:
    return conversation_change(conversation_id=conversation_id, caller=caller, status=Status.RESOLVED)


def conversation_close(*, conversation_id: int, caller: Caller) -> Change:
    """For good: a visitor who writes again starts another one."""
    return conversation_change(conversation_id=conversation_id, caller=caller, status=Status.CLOSED)


def conversation_reopen(*, conversation_id: int, caller: Caller) -> Change:
    return conversation_change(conversation_id=conversation_id, caller=caller, status=Status.OPEN)


def conversation_assign(*, conversation_id: int, agent_id: UUID | None, caller: Caller) -> Change:
    """To a colleague of the same business, or to nobody."""
    return conversation_change(conversation_id=conversation_id, caller=caller, assignee_id=agent_id)


@transaction.atomic
def conversation_change(*, conversation_id: int, caller: Caller, **fields: Any) -> Change:
    """`fields`: status, assignee_id, priority, tags (names), snoozed_until (UTC, or None to wake it).

    Of several at once the last one counts, and everybody hears of each. Whoever ends a conversation wakes it.
    """
    caller.require(Permission.CONVERSATIONS_MANAGE)
    _check_assignee(fields.get("assignee_id"), caller)
    found = Conversation.objects.visible_to(caller).locked([conversation_id])
    if not found:
        raise NotFound
    (conversation,) = found
    if conversation.status == Status.CLOSED and fields.get("status", Status.CLOSED) != Status.CLOSED:
        raise ConversationClosed
    if fields.get("status") in ENDED:
        fields.setdefault("snoozed_until", None)
    _check_snooze(fields.get("snoozed_until"))
    new_tags = _set_tags(conversation, fields.pop("tags")) if "tags" in fields else False
    changed = {name: value for name, value in fields.items() if getattr(conversation, name) != value}
    for name, value in changed.items():
        setattr(conversation, name, value)
    happened = bool(changed) or new_tags
    if happened:
        conversation.rev += 1
        conversation.save(update_fields=[*changed, "rev"])
    conversation = Conversation.objects.for_agents().get(pk=conversation_id)
    if happened:
        events.publish_on_commit(events.conversation_updated(conversation))
    return Change(conversation, happened)


def _check_snooze(until: datetime | None) -> None:
    if until and until <= timezone.now():
        raise Invalid({"snoozed_until": ["Send a time that is still to come, or null."]})


def _check_assignee(agent_id: UUID | None, caller: Caller) -> None:
    """Who is assigned stays until the end. Before the conversation is locked, as when somebody is taken off a team."""
    colleagues = Agent.objects.filter(business_id=caller.business_id).select_for_update(no_key=True)
    if agent_id and not colleagues.filter(pk=agent_id).first():
        raise NotFound("That person is not on your team.")


def _set_tags(conversation: Conversation, names: Iterable[str]) -> bool:
    """Whether that made a difference. What is not there yet is made; case does not count."""
    wanted = {tag_key(name): name for name in names}
    in_order = sorted(wanted.items())  # so that two who do so at once don't wait for each other
    new = [Tag(business_id=conversation.business_id, name=name, key=key) for key, name in in_order]
    Tag.objects.bulk_create(new, ignore_conflicts=True)
    tags = Tag.objects.filter(business_id=conversation.business_id, key__in=wanted)
    had = set(conversation.tags.values_list("pk", flat=True))
    conversation.tags.set(tags)
    return had != {tag.pk for tag in tags}
