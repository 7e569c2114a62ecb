"""For whoever runs the product: is the process alive, may it be given traffic, how does it do.

Answered before the edge, so that a process that is busy does not look dead.
"""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor

from channels.db import DatabaseSyncToAsync
from django.conf import settings
from django.db import connection
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from auth_signing.signing import same
from conversations.realtime.runtime import runtime
from pingback.edge import App, Receive, Scope, Send, header, named, refuse
from pingback.errors import InvalidToken, NotFound, Refusal

logger = logging.getLogger(__name__)

Answer = tuple[int, str, bytes]

ANSWER_SECONDS = 2.0
ASKED_EVERY_SECONDS = 1.0


class Operations:
    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        ask = QUESTIONS.get(scope["path"]) if scope["type"] == "http" else None
        if ask is None or scope["method"] not in {"GET", "HEAD"}:
            await self._app(scope, receive, send)
            return
        send = named(send)
        try:
            status, content_type, body = await ask(scope)
        except Refusal as refusal:
            await refuse(refusal, send)
            return
        headers = [(b"content-type", content_type.encode()), (b"cache-control", b"no-store")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})


async def health(scope: Scope) -> Answer:
    """The process answers; nothing else is asked."""
    return said(200, {"status": "ok"})


async def readiness(scope: Scope) -> Answer:
    """503 while messages can't be stored, or can't reach the other processes."""
    parts = {
        "database": await database.answers(),
        "bus": runtime.bus is None or runtime.bus.is_working,
        "writer": runtime.is_started and runtime.writer.is_working,
    }
    return said(200 if all(parts.values()) else 503, {name: "ok" if works else "down" for name, works in parts.items()})


async def metrics(scope: Scope) -> Answer:
    """For Prometheus, with `Authorization: Bearer <METRICS_TOKEN>`; without that setting there is nothing here."""
    if not settings.METRICS_TOKEN:
        raise NotFound
    if not same(f"Bearer {settings.METRICS_TOKEN}", header(scope, b"authorization").decode("latin-1")):
        raise InvalidToken
    return 200, CONTENT_TYPE_LATEST, generate_latest()


class Database:
    """Whether it answers. Asked once a second at most, on a thread of its own, however often one asks us."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="readiness")
        self._question: asyncio.Future[None] | None = None
        self._asked_at = 0.0

    async def answers(self) -> bool:
        now = asyncio.get_running_loop().time()
        if self._question is None or (self._question.done() and now - self._asked_at >= ASKED_EVERY_SECONDS):
            self._asked_at = now
            question = DatabaseSyncToAsync(ask_database, thread_sensitive=False, executor=self._thread)
            self._question = asyncio.ensure_future(question())
            self._question.add_done_callback(log_failure)
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                await asyncio.shield(self._question)
        except Exception:  # whatever the driver raises
            return False
        return True


def ask_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def log_failure(question: asyncio.Future[None]) -> None:
    if not question.cancelled() and (error := question.exception()):
        logger.warning("the database does not answer (%s)", type(error).__name__)


database = Database()


QUESTIONS: dict[str, Callable[[Scope], Awaitable[Answer]]] = {
    "/healthz": health,
    "/readyz": readiness,
    "/metrics": metrics,
}


def said(status: int, what: dict[str, str]) -> Answer:
    return status, "application/json", json.dumps(what).encode()
