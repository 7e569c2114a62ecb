"""The bus: carries batches of events between processes, over the channel layer on Redis.

It may lose messages (Redis restarts, a queue overflows); it may not lose them silently. Every message of a process is
numbered, and a beat repeats the last number each second: whoever sees a gap tells its own sockets to resume.
"""

import asyncio
import logging
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


class Bus:
    def __init__(self, *, hub: Hub, layer: BaseChannelLayer, queue_size: int) -> None:
        self.process = uuid4().hex
        self._hub = hub
        self._layer = layer
        self._outgoing: asyncio.Queue[dict[str, Any]] = asyncio.Queue(queue_size)
        self._sent = 0
        self._heard: dict[str, int] = {}  # process -> the last number it is known to have used
        self._tasks: list[asyncio.Task[None]] = []
        self._working = True

    def start(self) -> None:
        self._tasks = [asyncio.create_task(work()) for work in (self._publish, self._listen, self._beat)]
        self._hub.bus = self

    async def stop(self) -> None:
        self._hub.bus = None
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
            try:
                async with asyncio.timeout(SEND_SECONDS):
                    await self._layer.group_send(GROUP, message)
                self._note_recovery()
            except Exception as error:  # whatever the layer's driver raises: the gap in the numbers tells the others
                self._note_trouble(str(error) or type(error).__name__)

    async def _listen(self) -> None:
        channel = None
        while True:
            try:
                if channel is None:
                    channel = await self._layer.new_channel()
                    await self._layer.group_add(GROUP, channel)
                self.hear(await self._layer.receive(channel))
                await asyncio.sleep(0)  # sockets send between two messages, or a backlog would look like slow readers
            except Exception as error:  # Redis is not there yet
                self._note_trouble(str(error) or type(error).__name__)
                channel = None
                await asyncio.sleep(BEAT_SECONDS)

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(BEAT_SECONDS)
            if self._outgoing.empty():
                self._outgoing.put_nowait({"from": self.process, "number": self._sent, "events": None})

    def hear(self, message: dict[str, Any]) -> None:
        process, number, events = message["from"], message["number"], message["events"]
        if process == self.process:
            return
        expected = self._heard.get(process, 0) + (0 if events is None else 1)
        self._heard[process] = number
        if number != expected:
            logger.warning("bus: messages from another process were lost, sockets resume")
            for listener in self._hub.listeners():
                listener.push(RESUME)
        if events:
            self._hub.deliver_here([WireEvent(group, text, close=close) for group, text, close in events])

    def _note_trouble(self, reason: str) -> None:
        if self._working:
            self._working = False
            logger.error("bus: cannot reach the other processes (%s)", reason)

    def _note_recovery(self) -> None:
        if not self._working:
            self._working = True
            logger.warning("bus: other processes are reachable again")
