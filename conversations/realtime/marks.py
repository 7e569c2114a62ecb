"""Coalesces read and delivered marks: who scrolls through a thread costs one write a moment, not one a message."""

import asyncio
import logging
from collections.abc import Sequence
from uuid import UUID

from django.db import InterfaceError, OperationalError

from conversations.realtime.threads import in_thread
from conversations.services import Mark, conversations_mark

logger = logging.getLogger(__name__)

FLUSH_SECONDS = 0.2
RETRY_SECONDS = 5.0
STOP_SECONDS = 2.0
MAX_WAITING = 5_000

Key = tuple[int, str, UUID | None]


class MarkCollector:
    def __init__(self) -> None:
        self._waiting: dict[Key, Mark] = {}
        self._task: asyncio.Task[None] | None = None

    def add(self, mark: Mark) -> None:
        """Keep the highest mark of each caller. When too many wait, a mark is dropped: the next one carries further."""
        key = (mark.conversation_id, mark.kind, mark.caller.sender_key)
        known = self._waiting.get(key)
        if (known and known.seq >= mark.seq) or (not known and len(self._waiting) >= MAX_WAITING):
            return
        self._waiting[key] = mark
        if self._task is None:
            self._task = asyncio.create_task(self._flush_soon())

    async def stop(self) -> None:
        """What waits is stored, if the database takes it in time."""
        try:
            async with asyncio.timeout(STOP_SECONDS):
                while self._task:
                    await asyncio.shield(self._task)
        except TimeoutError:
            logger.error("%d marks were not stored", len(self._waiting))

    async def _flush_soon(self) -> None:
        await asyncio.sleep(FLUSH_SECONDS)
        marks, self._waiting = list(self._waiting.values()), {}
        try:
            await in_thread(store, marks)
        except Exception:
            logger.exception("%d marks were not stored, and are tried again", len(marks))
            for mark in marks:
                self.add(mark)
            await asyncio.sleep(RETRY_SECONDS)
        self._task = None
        if self._waiting:
            self._task = asyncio.create_task(self._flush_soon())


def store(marks: Sequence[Mark]) -> None:
    """One that can never be stored is dropped, and does not hold up the others."""
    try:
        conversations_mark(marks)
    except (OperationalError, InterfaceError):
        raise  # the database is not there
    except Exception:
        logger.exception("of %d marks at least one can't be stored", len(marks))
        for mark in marks if len(marks) > 1 else ():
            store([mark])
