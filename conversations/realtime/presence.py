"""Heartbeats of agents whose inbox is open here: a timestamp that expires, as a disconnect may never come."""

import asyncio
import logging
from collections import Counter
from uuid import UUID

from auth_signing.presence import agents_beat
from conversations import events
from conversations.realtime.hub import hub
from conversations.realtime.threads import in_thread

logger = logging.getLogger(__name__)

BEAT_SECONDS = 30


class PresenceBeat:
    def __init__(self) -> None:
        self._open: Counter[UUID] = Counter()
        self._arrived = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def arrive(self, agent_id: UUID) -> None:
        self._open[agent_id] += 1
        if self._open[agent_id] == 1:
            self._arrived.set()

    def leave(self, agent_id: UUID) -> None:
        self._open[agent_id] -= 1
        if self._open[agent_id] <= 0:
            del self._open[agent_id]

    async def _run(self) -> None:
        while True:
            try:
                async with asyncio.timeout(BEAT_SECONDS):
                    await self._arrived.wait()
            except TimeoutError:
                pass
            self._arrived.clear()
            try:
                for agent_id in await in_thread(agents_beat, list(self._open)):
                    hub.deliver_here(events.agent_signed_out(agent_id))
            except Exception:
                logger.exception("heartbeats were not stored")
            await asyncio.sleep(0.5)  # arrivals of a moment share a write
