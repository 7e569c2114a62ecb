"""The bus: carries batches of events between processes, over the channel layer on Redis.

It may lose messages (Redis restarts, a queue overflows); it may not lose them silently. Every message of a process is
numbered, and a beat repeats the last number each second: whoever sees a gap, or hears a process no more, tells its own
sockets to resume.
"""

import asyncio
import logging
import time
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from channels.layers import BaseChannelLayer

from conversations.events import RESUME, WireEvent
from conversations.realtime.hub import Hub

logger = logging.getLogger(__name__)

GROUP = "bus"
BEAT_SECONDS = 1.0
SEND_SECONDS = 2.0
SILENT_SECONDS = 5.0


class Bus:
    def __init__(self, *, hub: Hub, layer: BaseChannelLayer, queue_size: int) -> None:
        self.process = uuid4().hex
        self._hub = hub
        self._layer = layer
        self._outgoing: asyncio.Queue[dict[str, Any]] = asyncio.Queue(queue_size)
        self._sent = 0
        self._heard: dict[str, int] = {}  # process -> the last number it is known to have used
        self._heard_at: dict[str, float] = {}
        self._sending = False
        self._tasks: list[asyncio.Task[None]] = []
        self.is_working = True

    def start(self) -> None:
        self._tasks = [asyncio.create_task(work()) for work in (self._publish, self._listen, self._beat)]
        self._hub.bus = self

    async def stop(self) -> None:
        """What is queued still goes out, if Redis takes it in time."""
        self._hub.bus = None
        deadline = asyncio.get_running_loop().time() + SEND_SECONDS
        while not self._idle() and asyncio.get_running_loop().time() < deadline:
            await asyncio.sleep(0.01)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def forward(self, batch: Sequence[WireEvent]) -> None:
        """Never waits. A batch that finds the queue full is lost, and its number is the gap the others will see."""
        self._sent += 1
        message = {"from": self.process, "number": self._sent, "events": [(e.group, e.text, e.close) for e in batch]}
        try:
            self._outgoing.put_nowait(message)
        except asyncio.QueueFull:
            self._note_trouble("its queue is full")

    async def _publish(self) -> None:
        while True:
            message = await self._outgoing.get()
            self._sending = True
            try:
                async with asyncio.timeout(SEND_SECONDS):
                    await self._layer.group_send(GROUP, message)
                self._note_recovery()
            except Exception as error:  # whatever the layer's driver raises: the gap in the numbers tells the others
                self._note_trouble(str(error) or type(error).__name__)
            self._sending = False

    def waiting(self) -> int:
        return self._outgoing.qsize()

    def _idle(self) -> bool:
        return self._outgoing.empty() and not self._sending

    async def _listen(self) -> None:
        channel = await self._subscribe()
        while True:
            try:
                self.hear(await self._layer.receive(channel))
            except Exception:
                logger.exception("bus: a message could not be read")
            await asyncio.sleep(0)  # sockets send between two messages, or a backlog would look like slow readers

    async def _subscribe(self) -> str:
        """Once subscribed, the layer itself comes back after an outage."""
        channel = None
        while True:
            try:
                channel = channel or str(await self._layer.new_channel())
                await self._layer.group_add(GROUP, channel)
                return channel
            except Exception as error:  # Redis is not there yet
                self._note_trouble(str(error) or type(error).__name__)
                await asyncio.sleep(BEAT_SECONDS)

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(BEAT_SECONDS)
            if self._outgoing.empty():
                self._outgoing.put_nowait({"from": self.process, "number": self._sent, "events": None})
            self.forget_silent(time.monotonic())

    def hear(self, message: dict[str, Any]) -> None:
        process, number, events = message["from"], message["number"], message["events"]
        if process == self.process:
            return
        expected = self._heard.get(process, 0) + (0 if events is None else 1)
        self._heard[process] = number
        self._heard_at[process] = time.monotonic()
        if number != expected:
            self._resume()
        if events:
            self._hub.deliver_here([WireEvent(group, text, close=close) for group, text, close in events])

    def forget_silent(self, now: float) -> None:
        """A process that says nothing any more may have ended before it could say its last: resume once."""
        silent = [process for process, heard_at in self._heard_at.items() if now - heard_at > SILENT_SECONDS]
        for process in silent:
            del self._heard[process], self._heard_at[process]
        if silent:
            self._resume()

    def _resume(self) -> None:
        logger.warning("bus: messages from another process may be lost, sockets resume")
        for listener in self._hub.listeners():
            listener.push(RESUME)

    def _note_trouble(self, reason: str) -> None:
        if self.is_working:
            self.is_working = False
            logger.error("bus: cannot reach the other processes (%s)", reason)

    def _note_recovery(self) -> None:
        if not self.is_working:
            self.is_working = True
            logger.warning("bus: other processes are reachable again")
