"""What sockets read: what a client missed, as frames (by seq for visitors, by rev for agents)."""

from collections.abc import Collection, Mapping

from auth_signing.callers import Caller
from conversations import events
from conversations.models import Conversation, Message, Sender
from conversations.realtime.frames import Position
from pingback.errors import NotFound
from widgets.access import widgets_on_page

CONVERSATIONS = 20  # in one hello: a visitor's newest, or the ones an agent names
MISSED = 200  # messages in one hello; the client says hello again for the rest
FIRST_PAGE = 50  # of a conversation the client does not show yet


def missed_by_visitor(caller: Caller, after: Mapping[int, Position], *, hidden: Collection[int] = ()) -> list[str]:
    """The visitor's newest conversations, and those that the client shows already, but for the hidden ones."""
    own = Conversation.objects.visible_to(caller).exclude(pk__in=hidden).with_people().order_by("-pk")
    conversations = list(own[:CONVERSATIONS])
    if older := set(list(after)[:CONVERSATIONS]) - {conversation.pk for conversation in conversations}:
        conversations += own.filter(pk__in=older)
    frames: dict[int, list[str]] = {}
    left = MISSED
    for conversation in conversations:  # the newest first, while the hello has room
        messages = _missed(conversation, after.get(conversation.pk), left)
        left -= len(messages)
        frames[conversation.pk] = [
            events.conversation_frame(conversation, viewer=Sender.CUSTOMER),
            *(events.message_frame(message, viewer=Sender.CUSTOMER) for message in messages),
        ]
    return [frame for pk in sorted(frames) for frame in frames[pk]]


def _missed(conversation: Conversation, position: Position | None, room: int) -> list[Message]:
    if position is None:
        return conversation.messages.newest(min(FIRST_PAGE, room)) if room else []
    if position.seq >= conversation.last_seq or not room:
        return []
    return list(conversation.messages.after_seq(position.seq)[:room])


def missed_by_agent(caller: Caller, after: Mapping[int, Position]) -> list[str]:
    conversations = Conversation.objects.visible_to(caller).for_agents().filter(pk__in=list(after)[:CONVERSATIONS])
    frames: list[str] = []
    left = MISSED
    for conversation in conversations:
        messages = list(conversation.messages.after_rev(after[conversation.pk].rev)[:left]) if left else []
        left -= len(messages)
        frames.append(events.conversation_frame(conversation, viewer=Sender.AGENT))
        frames += [events.message_frame(message, viewer=Sender.AGENT) for message in messages]
    return frames


def hidden_on_page(caller: Caller, *, page_host: str) -> frozenset[int]:
    """The visitor's conversations whose widgets may not run on this page. "" is no browser: nothing is hidden."""
    if not page_host:
        return frozenset()
    shown = widgets_on_page(caller.business_id, page_host=page_host)
    return frozenset(Conversation.objects.visible_to(caller).exclude(widget__in=shown).values_list("pk", flat=True))


def conversation_of(caller: Caller, conversation_id: int) -> Conversation:
    conversation = Conversation.objects.visible_to(caller).filter(pk=conversation_id).first()
    if conversation is None:
        raise NotFound
    return conversation
