"""For whoever runs the product: is the process alive, may it be given traffic, how does it do.

Answered before the edge, so that a process that is busy does not look dead.
"""

import asyncio
import hmac
import json
import logging
from collections.abc import Awaitable, Callable

from django.conf import settings
from django.db import connection
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from conversations.realtime.runtime import runtime
from conversations.realtime.threads import in_thread
from pingback.edge import App, Receive, Scope, Send, header

logger = logging.getLogger(__name__)

Answer = tuple[int, str, bytes]

DATABASE_SECONDS = 2.0


class Operations:
    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        ask = QUESTIONS.get(scope["path"]) if scope["type"] == "http" else None
        if ask is None or scope["method"] not in {"GET", "HEAD"}:
            await self._app(scope, receive, send)
            return
        status, content_type, body = await ask(scope)
        headers = [(b"content-type", content_type.encode()), (b"cache-control", b"no-store")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})


async def health(scope: Scope) -> Answer:
    """The process answers; nothing else is asked."""
    return said(200, {"status": "ok"})


async def readiness(scope: Scope) -> Answer:
    """503 while messages can't be stored, or can't reach the other processes."""
    parts = {
        "database": await database_answers(),
        "bus": runtime.bus is None or runtime.bus.is_working,
        "writer": runtime.is_started and runtime.writer.is_working,
    }
    return said(200 if all(parts.values()) else 503, {name: "ok" if works else "down" for name, works in parts.items()})


async def metrics(scope: Scope) -> Answer:
    """For Prometheus, with `Authorization: Bearer <METRICS_TOKEN>`; without that setting there is nothing here."""
    if not settings.METRICS_TOKEN:
        return said(404, {"status": "not found"})
    if not hmac.compare_digest(header(scope, b"authorization"), f"Bearer {settings.METRICS_TOKEN}".encode()):
        return said(401, {"status": "unauthorized"})
    return 200, CONTENT_TYPE_LATEST, generate_latest()


QUESTIONS: dict[str, Callable[[Scope], Awaitable[Answer]]] = {
    "/healthz": health,
    "/readyz": readiness,
    "/metrics": metrics,
}


async def database_answers() -> bool:
    try:
        async with asyncio.timeout(DATABASE_SECONDS):
            await in_thread(ask_database)
    except Exception as error:  # whatever the driver raises
        logger.warning("the database does not answer (%s)", type(error).__name__)
        return False
    return True


def ask_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def said(status: int, what: dict[str, str]) -> Answer:
    return status, "application/json", json.dumps(what).encode()
