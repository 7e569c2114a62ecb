"""MessageWriter: one thread that stores what the sockets send, by natural batching.

While one transaction is written the next messages gather; when idle, a message is written at once.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from django.db import connection

from conversations.realtime.metrics import BATCH, COMMIT, DELIVERY
from conversations.services import MessageDraft, Posted, messages_post
from pingback.errors import Busy, Refusal, ServerFault

logger = logging.getLogger(__name__)

Outcome = Posted | Refusal
MAX_BATCH = 100
STOP_SECONDS = 5.0
STUCK_SECONDS = 10.0  # one batch takes milliseconds; a database that is busy elsewhere, a second or two
PAUSE_SECONDS = 0.01  # at most, between batches while messages wait: more gather, and requests get SQLite's write lock


class MessageWriter:
    def __init__(self, *, queue_size: int) -> None:
        self._queue: deque[tuple[float, MessageDraft, Callable[[Outcome], None]]] = deque()  # since when, what, then
        self._queue_size = queue_size
        self._filled = asyncio.Event()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="message-writer")
        self._task: asyncio.Task[None] | None = None
        self._began: float | None = None  # the batch that is being written

    def start(self) -> None:
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Finish what was taken, then end; a database that hangs is not waited for long."""
        deadline = asyncio.get_running_loop().time() + STOP_SECONDS
        while self._queue and asyncio.get_running_loop().time() < deadline:
            await asyncio.sleep(0.01)
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await asyncio.get_running_loop().run_in_executor(self._thread, lambda: connection.close())  # the thread's own
        self._thread.shutdown()

    def waiting(self) -> int:
        return len(self._queue)

    @property
    def is_working(self) -> bool:
        """False while one batch hangs, and once the task has died."""
        is_stuck = self._began is not None and asyncio.get_running_loop().time() - self._began > STUCK_SECONDS
        return self._task is not None and not self._task.done() and not is_stuck

    def submit(self, draft: MessageDraft, done: Callable[[Outcome], None]) -> None:
        """Take a message; `done` is called on the loop once it is committed or refused. Full: raises Busy."""
        if len(self._queue) >= self._queue_size:
            raise Busy
        self._queue.append((asyncio.get_running_loop().time(), draft, done))
        self._filled.set()

    async def post(self, draft: MessageDraft) -> Outcome:
        """`submit`, awaited."""
        answer: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self.submit(draft, lambda outcome: None if answer.done() else answer.set_result(outcome))
        return await answer

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await self._filled.wait()
            began = self._began = loop.time()
            batch = [self._queue[i] for i in range(min(len(self._queue), MAX_BATCH))]
            outcomes = await loop.run_in_executor(self._thread, self._write, [draft for _, draft, _ in batch])
            self._began = None
            BATCH.observe(len(batch))
            COMMIT.observe(loop.time() - began)
            for (_, _, done), outcome in zip(batch, outcomes, strict=True):
                self._queue.popleft()
                try:
                    done(outcome)
                except Exception:
                    logger.exception("an answer could not be given")  # the others still get theirs
            DELIVERY.observe(loop.time() - batch[0][0])
            if self._queue:
                await asyncio.sleep(min(PAUSE_SECONDS, (loop.time() - began) / 2))
            else:
                self._filled.clear()

    @staticmethod
    def _write(drafts: list[MessageDraft]) -> list[Outcome]:
        try:
            return messages_post(drafts)
        except Exception:
            logger.exception("a batch of %d messages failed", len(drafts))
            return [ServerFault() for _ in drafts]
