"""What sockets read: what a client missed, as frames (by seq for visitors, by rev for agents)."""

from collections.abc import Iterable, Mapping

from auth_signing.callers import Caller
from conversations import events
from conversations.models import Conversation, Message, Sender
from conversations.realtime.frames import Position
from pingback.errors import NotFound

CONVERSATIONS = 20  # in one hello: a visitor's newest, or the ones an agent names
MISSED = 200  # messages of one conversation in one resume; the client asks again for the rest
FIRST_PAGE = 50  # of a conversation the client does not show yet


def missed_by_visitor(caller: Caller, after: Mapping[int, Position]) -> list[str]:
    conversations = Conversation.objects.visible_to(caller).with_people().order_by("-pk")[:CONVERSATIONS]
    frames: list[str] = []
    for conversation in sorted(conversations, key=lambda c: c.pk):
        frames.append(events.conversation_frame(conversation, viewer=Sender.CUSTOMER))
        frames += _message_frames(_missed(conversation, after.get(conversation.pk)), viewer=Sender.CUSTOMER)
    return frames


def _missed(conversation: Conversation, position: Position | None) -> Iterable[Message]:
    if position is None:
        return conversation.messages.newest(FIRST_PAGE)
    if position.seq >= conversation.last_seq:
        return ()
    return conversation.messages.after_seq(position.seq)[:MISSED]


def missed_by_agent(caller: Caller, after: Mapping[int, Position]) -> list[str]:
    conversations = Conversation.objects.visible_to(caller).with_people().filter(pk__in=list(after)[:CONVERSATIONS])
    frames: list[str] = []
    for conversation in conversations:
        frames.append(events.conversation_frame(conversation, viewer=Sender.AGENT))
        messages = conversation.messages.after_rev(after[conversation.pk].rev)[:MISSED]
        frames += _message_frames(messages, viewer=Sender.AGENT)
    return frames


def _message_frames(messages: Iterable[Message], *, viewer: Sender) -> list[str]:
    return [events.message_frame(message, viewer=viewer) for message in messages]


def conversation_of(caller: Caller, conversation_id: int) -> Conversation:
    conversation = Conversation.objects.visible_to(caller).filter(pk=conversation_id).first()
    if conversation is None:
        raise NotFound
    return conversation
