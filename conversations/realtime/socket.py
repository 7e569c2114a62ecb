"""One open WebSocket: hello in time, a bounded outgoing queue, a flood guard, and an end with a code."""

import asyncio
import itertools
import logging
import random
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, ClassVar, Generic, TypeVar

import msgspec
from django.conf import settings

from auth_signing.callers import Caller
from conversations import events
from conversations.errors import BadFrame, Flood, HelloTimeout
from conversations.models import Conversation
from conversations.realtime.closing import CODE_OF_STATUS, CloseCode, Closing, Gone
from conversations.realtime.frames import Frame, Ping, Typing
from conversations.realtime.hub import hub
from conversations.realtime.metrics import SOCKETS, SOCKETS_ENDED
from conversations.realtime.reads import conversation_of
from conversations.realtime.runtime import runtime
from conversations.realtime.threads import in_thread
from conversations.services import MessageDraft, Posted
from pingback.errors import Refusal, ServerFault
from widgets.access import host_of_page

logger = logging.getLogger(__name__)

HelloFrame = TypeVar("HelloFrame", bound=Frame)
Message = dict[str, Any]

TYPING_SECONDS = 1.0
HELLO_SPACING_SECONDS = 0.1
RESUME_WRITE_SECONDS = 10.0
FINISH_SECONDS = 1.0  # for the last frames and the close of a socket that we end

_origins = itertools.count(1)


class Socket(Generic[HelloFrame]):
    """What visitors' and agents' sockets share. A subclass says who is there and what their frames do."""

    side: ClassVar[str]
    frames: ClassVar[msgspec.json.Decoder[Any]]
    hello_frame: type[HelloFrame]
    caller: Caller

    def __init__(
        self,
        scope: dict[str, Any],
        receive: Callable[[], Awaitable[Message]],
        send: Callable[[Message], Awaitable[None]],
    ) -> None:
        self.scope = scope
        self.origin = next(_origins)
        self._receive = receive
        self._send = send
        self._queue: deque[str] = deque()
        self._held: deque[str] | None = None  # live frames, while what was missed goes out
        self._drainer: asyncio.Task[None] | None = None
        self._groups: list[str] = []
        self._task: asyncio.Task[Any] | None = None
        self._end_code = 0
        self._second = 0.0
        self._frames = 0
        self._typed = False
        self._typed_at = 0.0
        self._typed_in: Conversation | None = None

    # What a subclass says

    async def admit(self, hello: HelloFrame) -> None:
        """Set `caller` and join groups, or raise a Refusal."""
        raise NotImplementedError

    async def resume(self, hello: HelloFrame) -> list[str]:
        """The frames that bring the client up to date."""
        raise NotImplementedError

    async def handle(self, frame: Frame) -> None:
        """Act on any frame but hello and ping."""
        raise NotImplementedError

    # Its life

    async def run(self) -> None:
        self._task = asyncio.current_task()
        lifetime: asyncio.TimerHandle | None = None
        code, refusal = CloseCode.ENDED, None
        try:
            SOCKETS.labels(self.side).inc()
            await self._receive()  # websocket.connect
            await self._send({"type": "websocket.accept"})
            seconds = settings.SOCKET_LIFETIME_SECONDS * random.uniform(0.9, 1.1)
            lifetime = asyncio.get_running_loop().call_later(seconds, self.end, CloseCode.ENDED)
            await self._welcome()
            while True:
                await self._act(await self._next())
        except Closing as closing:
            code, refusal = closing.code, closing.refusal
        except Gone:
            code = 0
        except asyncio.CancelledError:
            if not self._end_code:
                raise
            code = self._end_code
        except Exception:
            logger.exception("a socket failed")
            code, refusal = CloseCode.FAULT, ServerFault()
        finally:
            if lifetime:
                lifetime.cancel()
            for group in self._groups:
                hub.leave(group, self)
            self.left()
            SOCKETS.labels(self.side).dec()
        if code:
            SOCKETS_ENDED.labels(code).inc()
            await self._finish(code, refusal)

    def left(self) -> None:
        """Called once, when the socket has left all its groups."""

    def end(self, code: int) -> None:
        """End this socket from outside its own task."""
        if not self._end_code and self._task:
            self._end_code = code
            self._task.cancel()

    async def _finish(self, code: int, refusal: Refusal | None) -> None:
        self._end_code = code  # nothing is pushed any more
        try:
            async with asyncio.timeout(FINISH_SECONDS):
                if code == CloseCode.SLOW_READER:
                    self._queue.clear()
                if self._drainer:
                    await asyncio.wait([self._drainer])
                if refusal:
                    await self._write(events.error_frame(refusal))
                await self._send({"type": "websocket.close", "code": code})
        except (TimeoutError, Gone, OSError, RuntimeError):
            pass  # the other side is gone or reads nothing: the server cuts the line soon after we return
        if self._drainer:
            self._drainer.cancel()

    # Frames in

    async def _welcome(self) -> None:
        try:
            async with asyncio.timeout(settings.SOCKET_HELLO_SECONDS):
                frame = await self._next()
        except TimeoutError:
            raise Closing(CloseCode.HELLO_TIMEOUT, HelloTimeout()) from None
        if not isinstance(frame, self.hello_frame):
            raise Closing(CloseCode.BAD_FRAME, HelloTimeout())
        try:
            self._held = deque()
            await self.admit(frame)
            await self._bring_up_to_date(frame)
        except Refusal as refusal:
            raise Closing(CODE_OF_STATUS.get(refusal.status, CloseCode.REFUSED), refusal) from refusal

    async def _bring_up_to_date(self, hello: HelloFrame) -> None:
        """Send what was missed at the reader's pace. Live frames wait meanwhile, so that all goes out in order."""
        self._held = self._held or deque()
        missed = await self.resume(hello)
        if self._drainer:
            await asyncio.wait([self._drainer])
        now = asyncio.get_running_loop().time
        try:
            async with asyncio.timeout(RESUME_WRITE_SECONDS) as patience:
                for text in (*missed, events.READY):
                    await self._write(text)
                    patience.reschedule(now() + RESUME_WRITE_SECONDS)
        except TimeoutError:
            raise Closing(CloseCode.SLOW_READER) from None
        live, self._held = self._held, None
        for text in live:
            self.push(text)

    async def _act(self, frame: Frame) -> None:
        match frame:
            case Ping():
                self.push(events.PONG)
            case self.hello_frame():
                await asyncio.sleep(HELLO_SPACING_SECONDS)  # each one is a query: nobody needs many
                await self._bring_up_to_date(frame)
            case _:
                try:
                    await self.handle(frame)
                except Refusal as refusal:
                    self.push(events.error_frame(refusal, client_id=getattr(frame, "client_id", None)))

    async def _next(self) -> Frame:
        event = await self._receive()
        if event["type"] == "websocket.disconnect":
            raise Gone
        self._count()
        text = event.get("text")
        if text is None:
            raise Closing(CloseCode.BAD_FRAME, BadFrame("Frames are text."))
        try:
            frame: Frame = self.frames.decode(text)
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            raise Closing(CloseCode.BAD_FRAME, BadFrame()) from None
        return frame

    def _count(self) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._second >= 1:
            self._second, self._frames = now, 0
        self._frames += 1
        if self._frames > settings.SOCKET_FRAMES_PER_SECOND:
            raise Closing(CloseCode.FLOOD, Flood())

    # What both kinds of people do

    def submit(self, draft: MessageDraft) -> None:
        """Hand a message to the writer; its answer goes out when it is stored."""

        def answer(outcome: Posted | Refusal) -> None:
            self.answer(draft, outcome)

        runtime.writer.submit(draft, answer)

    def answer(self, draft: MessageDraft, outcome: Posted | Refusal) -> None:
        if isinstance(outcome, Refusal):
            self.push(events.error_frame(outcome, client_id=draft.client_id))
        else:
            self.push(events.ack_frame(outcome.message, token=outcome.token))

    async def announce_typing(self, frame: Typing) -> None:
        """Passed on once a second at most; the end of typing always follows its beginning."""
        now = asyncio.get_running_loop().time()
        ends = not frame.is_typing and self._typed
        if not ends and now - self._typed_at < TYPING_SECONDS:
            return
        self._typed, self._typed_at = frame.is_typing, now
        conversation = self._typed_in
        if conversation is None or conversation.pk != frame.conversation_id:
            conversation = await in_thread(conversation_of, self.caller, frame.conversation_id)
            self._typed_in = conversation
        hub.deliver(events.typing(conversation, self.caller, is_typing=frame.is_typing, origin=self.origin))

    # Frames out

    def join(self, group: str) -> None:
        self._groups.append(group)
        hub.join(group, self)

    def push(self, text: str) -> None:
        """Queue a frame; never waits. A reader too slow for its queue is ended, and resumes when it comes back."""
        waiting = self._queue if self._held is None else self._held
        if self._end_code:
            return
        if len(waiting) >= settings.SOCKET_QUEUE_FRAMES:
            logger.warning("a socket ended: its reader was too slow")
            self.end(CloseCode.SLOW_READER)
            return
        waiting.append(text)
        if self._drainer is None and self._held is None:
            self._drainer = asyncio.create_task(self._drain())

    async def _drain(self) -> None:
        try:
            while self._queue:
                await self._write(self._queue.popleft())
        except Gone:
            self._queue.clear()  # the reader hears of it by itself
        finally:
            self._drainer = None

    async def _write(self, text: str) -> None:
        try:
            await self._send({"type": "websocket.send", "text": text})
        except (OSError, RuntimeError):  # what the server raises once the line is closed
            raise Gone from None

    # The page that opened it

    def header(self, name: bytes) -> str:
        return next((value.decode("latin-1") for key, value in self.scope["headers"] if key == name), "")

    @property
    def page_host(self) -> str:
        """Host and port of the page, "" where the client is no browser."""
        return host_of_page(self.header(b"origin"))

    @property
    def address(self) -> str:
        """The client's IP address, as the edge found it."""
        return (self.scope.get("client") or ("",))[0]
