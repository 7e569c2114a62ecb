"""The edge: plain ASGI in front of Django, because every page view of every site passes here.

It serves the script and the public config from memory, names each request, finds the client's address, caps bodies,
bounds how many requests run at once, and takes off one final slash under /api/. Nothing else belongs in it.
"""

import asyncio
import json
import logging
import re
import time
from collections import Counter, OrderedDict
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from contextlib import contextmanager, nullcontext
from ipaddress import ip_address
from typing import Any
from uuid import UUID

from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import DatabaseError, close_old_connections
from django.dispatch import receiver
from django.utils.http import parse_header_parameters

from auth_signing.limits import network_of, spend_here
from conversations.events import RESUME, WireEvent
from conversations.realtime.hub import hub
from pingback.bodies import BodyLimits, ClientGone, TemporaryBody, receive_all
from pingback.errors import BadRequest, Busy, NotFound, Refusal, StoreUnavailable
from pingback.logs import name_request
from pingback.pages import FOR_ANY_SITE, QUICK, SMALLEST, Page
from widgets.config import public_config
from widgets.launcher import launcher_script
from widgets.models import Widget
from widgets.services import widget_changed

logger = logging.getLogger(__name__)

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

SCRIPTS = {"/widget.js", "/l.js"}
CONFIG_PATH = re.compile(r"/api/v1/widget/(?!create/?$)([^/]+)/?")
PUBLIC_ID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
CONFIG_SECONDS = 2.0
BODY_LIMITS = BodyLimits(settings.MAX_BODY_BYTES, seconds=10.0)
UPLOAD_PATH = re.compile(r"(?:/api/v1/(?:visitor/)?conversations/\d+/upload|/inbox/\d+/upload/)")
FORM_BYTES = 65_536  # what a form adds to its file
UPLOAD_LIMITS = BodyLimits(settings.MAX_UPLOAD_BYTES + FORM_BYTES, seconds=120.0)
CONFIGS_KEPT = 20_000
WIDGETS = "widgets"  # the group of those who keep configs


class Edge:
    def __init__(self, app: App, *, static_files: App) -> None:
        self._app = app
        self._static_files = static_files
        self._script = Page(launcher_script(), "text/javascript; charset=utf-8", quality=SMALLEST)
        self._configs = ConfigCache()
        hub.join(WIDGETS, self._configs)
        self._slots = asyncio.Semaphore(settings.MAX_REQUESTS_AT_ONCE)
        self._waiting = Room(settings.MAX_REQUESTS_WAITING)
        self._uploads = Room(settings.MAX_UPLOADS_AT_ONCE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            name_request()
            await self._app(behind_proxies(scope), receive, send)
        else:
            send = named(send)
            try:
                await self._respond(behind_proxies(scope), receive, send)
            except Refusal as refusal:
                await refuse(refusal, send)
            except ClientGone:
                pass

    async def _respond(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        is_read = scope["method"] in {"GET", "HEAD"}
        if is_read and path in SCRIPTS:
            await serve(self._script, scope, send)
        elif is_read and (match := CONFIG_PATH.fullmatch(path)):
            spend_here(settings.LIMIT_CONFIG_PER_IP, "config", network_of(scope["client"][0]))
            await serve(await self._configs.get(match[1]), scope, send)
        elif is_read and path.startswith(settings.STATIC_URL):
            await self._static_files(scope, receive, send)
        else:
            check_content_type(scope)
            if path.startswith("/api/"):
                scope["path"] = path.removesuffix("/")  # raw_path stays as it came: signatures cover it
            await self._bounded(scope, receive, send)

    async def _bounded(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Django gives each request a thread and a connection: a burst waits its turn here instead.

        Files take longer, and more room: no more than a few at a time, until they are stored.
        """
        is_upload = scope["method"] == "POST" and UPLOAD_PATH.fullmatch(scope["path"])
        limits = UPLOAD_LIMITS if is_upload else BODY_LIMITS
        who = network_of(scope["client"][0])
        with TemporaryBody() as body, self._uploads.taken_by(who) if is_upload else nullcontext():
            with self._waiting.taken_by(who):
                await receive_all(receive, body, limits, announced=header(scope, b"content-length"))
                await self._slots.acquire()
            try:
                await self._app(scope, body.receiver(receive), send)
            finally:
                self._slots.release()


class Room:
    """Places of which one network may take half, so that a stranger alone can't hold them all."""

    def __init__(self, places: int) -> None:
        self._places = places
        self._share = max(1, places // 2)
        self._taken: Counter[str] = Counter()

    @contextmanager
    def taken_by(self, who: str) -> Iterator[None]:
        if self._taken.total() >= self._places or self._taken[who] >= self._share:
            raise Busy
        self._taken[who] += 1
        try:
            yield
        finally:
            self._taken[who] -= 1
            if not self._taken[who]:
                del self._taken[who]


class ConfigCache:
    """Public configs by id, for a moment; unknown ids too. One load for all who ask at the same time.

    The Hub tells it which ones have changed: the ids, or `RESUME` where such news may have been lost.
    """

    origin = -1  # of no socket

    def __init__(self) -> None:
        self._kept: OrderedDict[UUID, tuple[float, asyncio.Future[Page | None]]] = OrderedDict()

    def push(self, text: str) -> None:
        if text == RESUME:
            self._kept.clear()
        else:
            for changed in text.split():
                self._kept.pop(UUID(changed), None)

    def end(self, code: int) -> None:
        pass

    async def get(self, public_id_text: str) -> Page:
        if not PUBLIC_ID.fullmatch(public_id_text):
            raise NotFound  # said here, so that a page with a mistyped id can read it
        public_id = UUID(public_id_text)
        now = time.monotonic()
        kept = self._kept.get(public_id)
        if kept is None or kept[0] < now:
            loading = sync_to_async(load_config, thread_sensitive=False)(public_id)
            kept = (now + CONFIG_SECONDS, asyncio.ensure_future(loading))
            self._kept[public_id] = kept
            self._kept.move_to_end(public_id)
            if len(self._kept) > CONFIGS_KEPT:
                self._kept.popitem(last=False)
        try:
            page = await asyncio.shield(kept[1])
        except Exception:
            self._kept.pop(public_id, None)
            raise
        if page is None:
            raise NotFound
        return page


@receiver(widget_changed)
def tell_caches(widget: Widget, **_: object) -> None:
    """Once committed. A business's id may stand for its default widget."""
    hub.deliver_soon([WireEvent(WIDGETS, f"{widget.pk} {widget.business_id}")])


def load_config(public_id: UUID) -> Page | None:
    try:
        config = public_config(public_id)
    except DatabaseError:
        logger.exception("a public config could not be loaded")
        raise StoreUnavailable from None
    finally:
        close_old_connections()
    if config is None:
        return None
    return Page(json.dumps(config, separators=(",", ":")).encode(), "application/json", quality=QUICK)


async def serve(page: Page, scope: Scope, send: Send) -> None:
    status, headers, body = page.answer(
        accept_encoding=header(scope, b"accept-encoding").decode("latin-1"),
        if_none_match=header(scope, b"if-none-match").decode("latin-1"),
    )
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})


async def refuse(refusal: Refusal, send: Send) -> None:
    body = json.dumps(refusal.body()).encode()
    headers = [*FOR_ANY_SITE, (b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    headers += [(name.lower().encode(), value.encode()) for name, value in refusal.headers().items()]
    await send({"type": "http.response.start", "status": refusal.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def named(send: Send) -> Send:
    """Every answer carries an X-Request-Id, and so does what is logged on the way."""
    request_id = name_request().encode()

    async def send_named(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", ()), (b"x-request-id", request_id)]
        await send(message)

    return send_named


def check_content_type(scope: Scope) -> None:
    """Django reads it where nothing catches what it can't read."""
    try:
        parse_header_parameters(header(scope, b"content-type").decode("latin-1"))
    except (ValueError, LookupError):
        raise BadRequest from None


def behind_proxies(scope: Scope) -> Scope:
    """A copy of `scope` with the client's address and scheme: forwarded headers count from trusted proxies only."""
    scope = dict(scope)
    address, port = scope.get("client") or ("", 0)
    if is_proxy(address):
        scheme = header(scope, b"x-forwarded-proto").decode("latin-1")
        if scheme in {"http", "https"}:
            scope["scheme"] = scheme.replace("http", "ws") if scope["type"] == "websocket" else scheme
        for hop in reversed(header(scope, b"x-forwarded-for").decode("latin-1").split(",")):
            address = hop.strip() or address
            if not is_proxy(address):
                break
    scope["client"] = (address, port)
    return scope


def is_proxy(address: str) -> bool:
    if not settings.TRUSTED_PROXIES:
        return False
    try:
        ip = ip_address(address)
    except ValueError:
        return False
    return any((getattr(ip, "ipv4_mapped", None) or ip) in network for network in settings.TRUSTED_PROXIES)


def header(scope: Scope, name: bytes) -> bytes:
    """Repeated headers are one list."""
    return b", ".join(value for key, value in scope["headers"] if key == name)
