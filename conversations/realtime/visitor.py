"""`/ws/visitor/`: the widget's socket."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any
from uuid import UUID

from auth_signing import limits
from auth_signing.callers import Caller, newcomer
from auth_signing.introductions import introduction_of
from auth_signing.models import Agent
from auth_signing.visitors import visitor_authenticate
from conversations import events
from conversations.realtime.closing import CloseCode
from conversations.realtime.frames import (
    Delivered,
    Frame,
    Position,
    Read,
    Typing,
    VisitorHello,
    VisitorSend,
    visitor_frames,
)
from conversations.realtime.reads import hidden_on_page, missed_by_visitor
from conversations.realtime.runtime import runtime
from conversations.realtime.socket import Socket
from conversations.realtime.threads import in_thread
from conversations.services import Mark, MessageDraft, Posted
from pingback.errors import InvalidToken, OriginRefused, Refusal
from widgets.access import widget_for_page
from widgets.models import Widget


class VisitorSocket(Socket[VisitorHello]):
    side = "visitor"
    frames = visitor_frames
    hello_frame = VisitorHello
    widget_id: UUID
    required: Sequence[str]  # of who begins a conversation, as it was at the hello
    hidden: frozenset[int] = frozenset()  # own conversations that this page may not show

    async def admit(self, hello: VisitorHello) -> None:
        widget, caller = await in_thread(visitor_admit, hello, page_host=self.page_host)
        self.widget_id, self.required = widget.pk, widget.pre_chat_required
        self._become(caller)
        self.join(events.visitors_group(caller.business_id))
        if caller.sees_history and hello.token and await in_thread(visitor_authenticate, hello.token) != caller:
            self.end(CloseCode.ENDED)  # rights that ended between reading them and joining

    def _become(self, caller: Caller) -> None:
        self.caller = caller
        if caller.session_id:
            self.join(events.browser_group(caller.session_id))
        if caller.sees_history and caller.contact_id:
            self.join(events.person_group(caller.contact_id, caller.mark))
        elif caller.session_id:
            self.join(events.session_group(caller.session_id))

    async def resume(self, hello: VisitorHello) -> list[str]:
        missed, self.hidden, is_anybody_there = await in_thread(catch_up, self.caller, hello.after, self.page_host)
        if self._held is not None:
            self._held.appendleft(events.online_frame(is_anybody_there))  # what was heard since is newer
        return missed

    def push(self, text: str) -> None:
        if not self.hidden or events.conversation_of(text) not in self.hidden:
            super().push(text)

    async def handle(self, frame: Frame) -> None:
        if getattr(frame, "conversation_id", None) in self.hidden:
            raise OriginRefused
        match frame:
            case VisitorSend():
                await self._post(frame)
            case Typing() if not self.caller.is_newcomer:
                await self.announce_typing(frame)
            case Read():
                runtime.marks.add(Mark(self.caller, frame.conversation_id, "read", frame.seq))
            case Delivered():
                runtime.marks.add(Mark(self.caller, frame.conversation_id, "delivered", frame.seq))

    async def _post(self, frame: VisitorSend) -> None:
        await limits.spend_visitor_send(self.caller, address=self.address)
        required = self.required if frame.conversation_id is None else ()
        introduction = introduction_of(name=frame.name, email=frame.email, required=required)
        draft = MessageDraft(
            caller=self.caller,
            content=frame.content,
            client_id=frame.client_id,
            conversation_id=frame.conversation_id,
            widget_id=self.widget_id,
            introduction=introduction,
            origin=self.origin,
        )
        if not self.caller.is_newcomer:
            self.submit(draft)
            return
        outcome = await runtime.writer.post(draft)  # the next frame must find a session
        if isinstance(outcome, Posted):
            self._become(outcome.caller)
        self.answer(draft, outcome)

    def answer(self, draft: MessageDraft, outcome: Posted | Refusal) -> None:
        if draft.introduction and isinstance(outcome, Posted):
            self.caller = replace(self.caller, name=outcome.message.author_name)
        super().answer(draft, outcome)


def visitor_admit(hello: VisitorHello, *, page_host: str) -> tuple[Widget, Caller]:
    """The widget that a hello names, and who says it."""
    widget = widget_in_second(int(time.monotonic()), hello.widget, page_host)
    caller = newcomer(widget.business_id) if hello.token is None else visitor_authenticate(hello.token)
    if caller.business_id != widget.business_id:
        raise InvalidToken
    return widget, caller


@lru_cache(maxsize=64)
def widget_in_second(second: int, public_id: UUID, page_host: str) -> Widget:
    """One reading for all who come back in the same second."""
    return widget_for_page(public_id, page_host=page_host)


def catch_up(caller: Caller, after: Mapping[int, Position], page_host: str) -> tuple[list[str], frozenset[int], bool]:
    """What a visitor missed, the conversations that stay hidden on this page, and whether anybody is there."""
    is_anybody_there = Agent.objects.online(caller.business_id).exists()
    if caller.is_newcomer:
        return [], frozenset(), is_anybody_there
    hidden = hidden_on_page(caller, page_host=page_host)
    return missed_by_visitor(caller, after, hidden=hidden), hidden, is_anybody_there


async def visitor_socket(scope: dict[str, Any], receive: Any, send: Any) -> None:
    await runtime.start()
    await VisitorSocket(scope, receive, send).run()
