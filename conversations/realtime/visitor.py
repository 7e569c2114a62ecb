"""`/ws/visitor/`: the widget's socket."""

from typing import Any
from uuid import UUID

from auth_signing import limits
from auth_signing.callers import Caller, newcomer
from auth_signing.visitors import visitor_authenticate
from conversations import events
from conversations.realtime.frames import (
    Delivered,
    Frame,
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
from pingback.errors import InvalidToken, OriginRefused
from widgets.access import widget_for_page


class VisitorSocket(Socket[VisitorHello]):
    side = "visitor"
    frames = visitor_frames
    hello_frame = VisitorHello
    widget_id: UUID
    hidden: frozenset[int] = frozenset()  # own conversations that this page may not show

    async def admit(self, hello: VisitorHello) -> None:
        self.widget_id, caller = await in_thread(visitor_admit, hello, page_host=self.page_host)
        self._become(caller)

    def _become(self, caller: Caller) -> None:
        self.caller = caller
        if caller.session_id:
            self.join(events.session_group(caller.session_id))

    async def resume(self, hello: VisitorHello) -> list[str]:
        if self.caller.is_newcomer:
            return []
        self.hidden = await in_thread(hidden_on_page, self.caller, page_host=self.page_host)
        return await in_thread(missed_by_visitor, self.caller, hello.after, hidden=self.hidden)

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
        draft = MessageDraft(
            caller=self.caller,
            content=frame.content,
            client_id=frame.client_id,
            conversation_id=frame.conversation_id,
            widget_id=self.widget_id,
            origin=self.origin,
        )
        if not self.caller.is_newcomer:
            self.submit(draft)
            return
        outcome = await runtime.writer.post(draft)  # the next frame must find a session
        if isinstance(outcome, Posted):
            self._become(outcome.caller)
        self.answer(draft, outcome)


def visitor_admit(hello: VisitorHello, *, page_host: str) -> tuple[UUID, Caller]:
    """The widget that a hello names, and who says it."""
    widget = widget_for_page(hello.widget, page_host=page_host)
    caller = newcomer(widget.business_id) if hello.token is None else visitor_authenticate(hello.token)
    if caller.business_id != widget.business_id:
        raise InvalidToken
    return widget.pk, caller


async def visitor_socket(scope: dict[str, Any], receive: Any, send: Any) -> None:
    await runtime.start()
    await VisitorSocket(scope, receive, send).run()
