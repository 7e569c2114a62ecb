"""Reads of conversations and messages. Whoever asks sees their own business, a visitor its own conversations."""

from collections.abc import Iterable
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Self
from unicodedata import normalize
from uuid import UUID

from django.db import models
from django.utils import timezone

from auth_signing.callers import Caller

if TYPE_CHECKING:
    from conversations.models import Attachment, Conversation, Message  # noqa: F401


LARGEST_ID = models.BigIntegerField.MAX_BIGINT


def tag_key(name: str) -> str:
    """Case does not count, nor how an accent is written. Each database has a `lower` of its own: this is ours."""
    return normalize("NFC", normalize("NFC", name).casefold())


class ConversationQuerySet(models.QuerySet["Conversation"]):
    def visible_to(self, caller: Caller) -> Self:
        scoped = self.filter(business_id=caller.business_id)
        return scoped.filter(own_of(caller)) if caller.is_visitor else scoped

    def with_people(self) -> Self:
        return self.select_related("assignee__user")

    def for_agents(self) -> Self:
        """With all that agents are told of a conversation."""
        return self.with_people().prefetch_related("tags")

    def newest_first(self) -> Self:
        return self.order_by("-last_message_at", "-id")

    def open(self) -> Self:
        """Without those that sleep."""
        return self.filter(status="open").exclude(snoozed_until__gt=timezone.now())

    def resolved(self) -> Self:
        return self.filter(status="resolved")

    def unread(self) -> Self:
        return self.filter(last_customer_seq__gt=models.F("agent_read_seq"))

    def count_unread(self, agent_id: UUID) -> dict[str, int]:
        """By the names of lists."""
        whose = {"mine": models.Q(assignee=agent_id), "unassigned": models.Q(assignee=None)}
        parts = {name: models.Count("pk", filter=condition) for name, condition in whose.items()}
        return self.unread().aggregate(open=models.Count("pk"), **parts)

    def search(self, text: str) -> Self:
        """In a contact's name and e-mail, and in the last message."""
        columns = ("contact_name", "contact__email", "last_message_text")
        return self.filter(reduce(or_, (models.Q((f"{column}__icontains", text)) for column in columns)))

    def tagged(self, name: str) -> Self:
        return self.filter(tags__key=tag_key(name))

    def assigned_to(self, agent_id: UUID | None) -> Self:
        """`None`: nobody looks after them."""
        return self.filter(assignee=agent_id)

    def locked(self, ids: Iterable[int]) -> list["Conversation"]:
        """Locked one by one in the order of ids, so that two transactions never wait for each other in a circle.

        Without what a message never needs: on SQLite each UUID and datetime costs as much as ten other columns.
        """
        possible = {pk for pk in ids if pk <= LARGEST_ID}
        found = self.filter(pk__in=possible).order_by("pk").select_for_update()
        return list(found.defer("widget", "assignee", "contact_name", "last_message_at", "created_at"))


def is_visible(conversation: "Conversation", caller: Caller) -> bool:
    """`visible_to`, asked of a row that is already loaded."""
    if conversation.business_id != caller.business_id:
        return False
    if not caller.is_visitor:
        return True
    if caller.session_id is not None and conversation.session_id == caller.session_id:
        return True
    is_theirs = (conversation.contact_id, conversation.mark) == (caller.contact_id, caller.mark)
    return caller.sees_history and is_theirs


def own_of(caller: Caller, prefix: str = "") -> models.Q:
    """Of conversations those that this visitor's browser began; with a history, those of the person too."""
    own = models.Q((f"{prefix}session_id", caller.session_id or UUID(int=0)))
    if not caller.sees_history:
        return own
    return own | models.Q((f"{prefix}contact_id", caller.contact_id), (f"{prefix}mark", caller.mark))


class MessageQuerySet(models.QuerySet["Message"]):
    def with_files(self) -> Self:
        return self.prefetch_related(models.Prefetch("attachments", to_attr="loaded_files"))

    def after_seq(self, seq: int) -> Self:
        """What the visitor may see, in order."""
        return self.with_files().filter(seq__gt=seq).order_by("seq")

    def newest(self, count: int) -> list["Message"]:
        """The last of what the visitor may see, in order."""
        return list(self.with_files().filter(seq__isnull=False).order_by("-seq")[:count])[::-1]

    def after_rev(self, rev: int) -> Self:
        """Everything that changed, for agents, in the order of its changes."""
        return self.with_files().filter(rev__gt=rev).order_by("rev")

    def sent_as(self, client_ids: Iterable[UUID]) -> list["Message"]:
        """What was stored under these client_ids, by whichever sender. Usually nothing, so that is asked first."""
        stored = self.filter(client_id__in=set(client_ids)).values_list("pk", flat=True)
        found = list(stored)
        return list(self.with_files().filter(pk__in=found).select_related("conversation")) if found else []


class AttachmentQuerySet(models.QuerySet["Attachment"]):
    def visible_to(self, caller: Caller) -> Self:
        """Those of conversations that the caller may read, as far as they may be read."""
        scoped = self.filter(message__conversation__business_id=caller.business_id)
        if not caller.is_visitor:
            return scoped
        return scoped.filter(own_of(caller, "message__conversation__"), message__seq__isnull=False)
