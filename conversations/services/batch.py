"""A batch of messages in one transaction: placed in memory, saved with a few statements."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from auth_signing.callers import Caller, caller_for_visitor
from auth_signing.introductions import Introduction, visitor_introduce
from auth_signing.models import VisitorSession
from auth_signing.roles import Permission
from auth_signing.visitors import visitor_token, visitors_admit
from conversations import events
from conversations.errors import ConversationClosed
from conversations.files import StoredFile, attachment_of
from conversations.models import Attachment, Conversation, Message, Sender, Status
from conversations.querysets import is_visible
from conversations.services.contacts import conversations_change_contact
from pingback.bulk import insert_rows, update_rows
from pingback.errors import InvalidToken, NotFound, Refusal

UNINTRODUCED = Introduction()
CHANGED_BY_A_MESSAGE = [
    "status",
    "last_seq",
    "rev",
    "agent_read_seq",
    "visitor_read_seq",
    "visitor_delivered_seq",
    "last_message_text",
    "last_message_sender",
    "last_message_at",
    "last_customer_seq",
    "waiting_since",
]


@dataclass(frozen=True, slots=True)
class MessageDraft:
    """A message on its way in. Without a conversation, a visitor starts one at `widget_id`, and says who they are.

    `origin` is the socket it came by, which is answered itself and needs no event.
    """

    caller: Caller
    content: str
    client_id: UUID
    conversation_id: int | None = None
    widget_id: UUID | None = None
    introduction: Introduction = UNINTRODUCED
    origin: int = 0
    files: tuple[StoredFile, ...] = ()
    is_moved: bool = False  # it was meant for one that has closed, and goes to what came after


@dataclass(frozen=True, slots=True)
class Posted:
    """A stored message, its conversation loaded. `caller` is who a newcomer has become, `token` its new token."""

    message: Message
    caller: Caller
    token: str | None
    repeated: bool


@dataclass(frozen=True, slots=True)
class Moved:
    """The conversation had closed, and the visitor went on in another one."""

    to: int


@transaction.atomic
def post_batch(drafts: Sequence[MessageDraft]) -> list[Posted | Refusal | Moved]:
    newcomers = sorted((d for d in drafts if d.caller.is_newcomer), key=_is_complete)
    callers = visitors_admit({_opening(draft): draft.introduction for draft in newcomers})
    named = {draft.conversation_id for draft in drafts if draft.conversation_id}
    batch = _Batch(
        new_sessions={caller.session_id for caller in callers.values()},
        conversations=Conversation.objects.locked(named | _renamed_by(drafts)),
        stored=Message.objects.sent_as(d.client_id for d in drafts),
    )
    outcomes = [batch.place(draft, callers.get(_opening(draft), draft.caller)) for draft in drafts]
    batch.save()
    return outcomes


def _opening(draft: MessageDraft) -> tuple[UUID, UUID | None]:
    return draft.caller.business_id, draft.client_id


def _is_complete(draft: MessageDraft) -> bool:
    """Of two that open the same, it counts."""
    return draft.introduction.refusal_of() is None


def _renamed_by(drafts: Iterable[MessageDraft]) -> set[int]:
    """What those began before who say now who they are."""
    sessions = {draft.caller.session_id for draft in drafts if draft.introduction} - {None}
    return set(Conversation.objects.filter(session__in=sessions).values_list("pk", flat=True)) if sessions else set()


class _Batch:
    """Places drafts on locked conversations in memory, then saves all of it with a few statements."""

    def __init__(
        self, *, new_sessions: set[UUID | None], conversations: Iterable[Conversation], stored: Iterable[Message]
    ) -> None:
        self.new_sessions = new_sessions
        self.now = timezone.now()
        self.conversations = {conversation.pk: conversation for conversation in conversations}
        self.continued: dict[int, Conversation] = {}  # closed conversation -> what goes on after it
        self.started: list[Conversation] = []
        self.changed: dict[int, Conversation] = {}
        self.reopened: list[Conversation] = []
        self.renamed: dict[int, str] = {}
        self.known = {(message.sender_key, message.client_id): message for message in stored}
        self.messages: list[tuple[Message, int]] = []

    def place(self, draft: MessageDraft, caller: Caller) -> Posted | Refusal | Moved:
        token = visitor_token(caller.session_id) if draft.caller.is_newcomer and caller.session_id else None
        first = self.known.get((caller.sender_key, draft.client_id))
        if first:
            return Posted(first, caller, token, repeated=True)
        try:
            conversation = self._conversation(draft, caller)
        except Refusal as refusal:
            return refusal
        if isinstance(conversation, Moved):
            return conversation
        message = _new_message(draft, caller, conversation, self.now)
        if caller.is_visitor and conversation.is_aside:
            self.reopened.append(conversation)
        conversation.append(message, self.now)
        if conversation.pk:
            self.changed[conversation.pk] = conversation
        self.known[caller.sender_key, draft.client_id] = message
        message.loaded_files = [attachment_of(file, message) for file in draft.files]
        self.messages.append((message, draft.origin))
        return Posted(message, caller, token, repeated=False)

    def _conversation(self, draft: MessageDraft, caller: Caller) -> Conversation | Moved:
        if draft.conversation_id is None:
            return self._start(caller, draft.widget_id, draft.introduction)
        conversation = self.conversations.get(draft.conversation_id)
        if conversation and draft.is_moved and not is_visible(conversation, caller):
            return self._start(caller, conversation.widget_id)  # somebody else went on there
        if conversation is None or not is_visible(conversation, caller):
            raise NotFound
        if conversation.status != Status.CLOSED:
            return conversation
        if not caller.is_visitor:
            raise ConversationClosed
        if conversation.continued_in_id:
            return Moved(conversation.continued_in_id)
        if conversation.pk not in self.continued:
            self.continued[conversation.pk] = self._start(caller, conversation.widget_id)
        return self.continued[conversation.pk]

    def _start(self, caller: Caller, widget_id: UUID | None, introduction: Introduction = UNINTRODUCED) -> Conversation:
        caller.require(Permission.CONVERSATIONS_START)
        if caller.is_newcomer and (refusal := introduction.refusal_of()):
            raise refusal
        if caller.session_id and caller.session_id not in self.new_sessions:
            caller = self._as_known_now(caller.session_id, introduction)
        if widget_id is None or caller.contact_id is None:
            raise NotFound
        conversation = Conversation(
            business_id=caller.business_id,
            widget_id=widget_id,
            contact_id=caller.contact_id,
            session_id=caller.session_id,
            contact_name=caller.name,
            mark=caller.mark,
        )
        self.started.append(conversation)
        return conversation

    def _as_known_now(self, session_id: UUID, introduction: Introduction) -> Caller:
        """A browser may have said who its visitor is since it was let in."""
        session = VisitorSession.objects.with_owner().filter(pk=session_id).first()
        if session is None:
            raise InvalidToken
        if visitor_introduce(session, introduction):
            own = [pk for pk, conversation in self.conversations.items() if conversation.session_id == session_id]
            self.renamed |= dict.fromkeys(own, session.contact.display_name)
        return caller_for_visitor(session)

    def save(self) -> None:
        Conversation.objects.bulk_create(self.started)
        for closed_id, conversation in self.continued.items():
            closed = self.conversations[closed_id]
            closed.continued_in = conversation
            closed.save(update_fields=["continued_in"])
        for message, _ in self.messages:
            message.conversation_id = message.conversation.pk  # a new conversation has got its id just now
        insert_rows([message for message, _ in self.messages])
        Attachment.objects.bulk_create([file for message, _ in self.messages for file in placed(message)])
        update_rows(list(self.changed.values()), CHANGED_BY_A_MESSAGE)
        for pk, name in self.renamed.items():
            conversations_change_contact([self.conversations[pk]], {"contact_name": name})
        batch = [event for message, origin in self.messages for event in events.message_created(message, origin=origin)]
        reopened = Conversation.objects.for_agents().filter(pk__in=[conversation.pk for conversation in self.reopened])
        if self.reopened:
            reopened.update(snoozed_until=None)
        batch += [event for conversation in reopened for event in events.conversation_updated(conversation)]
        events.publish_on_commit(batch)


def _new_message(draft: MessageDraft, caller: Caller, conversation: Conversation, now: datetime) -> Message:
    return Message(
        conversation=conversation,
        sender=Sender.CUSTOMER if caller.is_visitor else Sender.AGENT,
        contact_id=conversation.contact_id if caller.is_visitor else None,
        agent_id=caller.agent_id,
        author_name=caller.name if conversation.pk else conversation.contact_name,
        sender_key=caller.sender_key,
        client_id=draft.client_id,
        content=draft.content,
        created_at=now,
    )


def placed(message: Message) -> Sequence[Attachment]:
    """Its files, now that the message has an id."""
    for file in message.files:
        file.message_id = message.pk
    return message.files
