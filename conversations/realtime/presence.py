"""Heartbeats of agents whose inbox is open here: a timestamp that expires, as a disconnect may never come."""

import asyncio
import logging
from collections import Counter
from collections.abc import Collection
from uuid import UUID

from auth_signing.presence import agents_beat, agents_lapse, agents_left
from conversations.realtime.threads import in_thread
from conversations.services.presence import agents_announce

logger = logging.getLogger(__name__)

BEAT_SECONDS = 20
GOODBYE_SECONDS = 5.0  # a page that loads again is no goodbye


class PresenceBeat:
    def __init__(self) -> None:
        self._open: Counter[UUID] = Counter()
        self._left: set[UUID] = set()
        self._changed = asyncio.Event()
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
            self._changed.set()

    def leave(self, agent_id: UUID) -> None:
        self._open[agent_id] -= 1
        if self._open[agent_id] <= 0:
            del self._open[agent_id]
            asyncio.get_running_loop().call_later(GOODBYE_SECONDS, self._say_goodbye, agent_id)

    def _say_goodbye(self, agent_id: UUID) -> None:
        if agent_id not in self._open:
            self._left.add(agent_id)
            self._changed.set()

    async def _run(self) -> None:
        while True:
            try:
                async with asyncio.timeout(BEAT_SECONDS):
                    await self._changed.wait()
            except TimeoutError:
                pass
            self._changed.clear()
            left, self._left = self._left - set(self._open), set()
            try:
                await in_thread(beat, list(self._open), left)
            except Exception:
                logger.exception("heartbeats were not stored")
            await asyncio.sleep(0.5)  # arrivals of a moment share a write


def beat(here: Collection[UUID], left: Collection[UUID]) -> None:
    """Note who is there, and tell of whoever came or went."""
    came = agents_beat(here)
    agents_left(left)
    agents_announce([*came, *agents_lapse()])
