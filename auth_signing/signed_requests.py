"""Signed requests: who has signed one, and that a signed write is done once.

The body is read once, as bytes, verified together with the request's target exactly as it came, and only then parsed.
"""

import json
import logging
import re
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any, NamedTuple

from django.contrib.auth.models import AnonymousUser
from django.db import OperationalError, connection, transaction
from django.http import HttpRequest
from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import SAFE_METHODS
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from auth_signing import limits
from auth_signing.answers import answers_sweep
from auth_signing.callers import Caller, caller_for_key
from auth_signing.errors import InvalidSignature, RequestExpired, RequestInProgress
from auth_signing.keys import private_keys
from auth_signing.models import SignedWrite, SigningKey
from auth_signing.sealing import Unreadable
from auth_signing.signing import verify
from pingback.api import MissingCredentials, NotJson
from pingback.errors import BadRequest

logger = logging.getLogger(__name__)

HEADERS = ["X-Public-Key", "X-Timestamp", "X-Signature"]
WINDOW_SECONDS = 300
MOST_DIGITS = 15
NOBODYS = "sk_live_" + 43 * "0"  # so that an unknown key takes as long as a known one
WAIT_SECONDS = 5
USE_IS_NOTED_EVERY = timedelta(minutes=1)
SIGNED = "pingback.signed"  # in request.META
clock = time.time


class Signed(NamedTuple):
    """Of a request that was verified."""

    key: SigningKey
    quota: limits.Quota


class SignatureAuthentication(BaseAuthentication):
    """`X-Public-Key`, `X-Timestamp`, `X-Signature`. `request.auth` is a Caller with an owner's rights."""

    def authenticate(self, request: Request) -> tuple[AnonymousUser, Caller] | None:
        given = [request.headers.get(name) for name in HEADERS]
        if given == [None, None, None]:
            return None
        public_key, timestamp, signature = (value or "" for value in given)
        if not (public_key and timestamp and signature):
            raise MissingCredentials
        check_timestamp(timestamp)
        http = request._request
        key = SigningKey.objects.select_related("business").filter(public_key=public_key, revoked_at=None).first()
        signed = (signature, timestamp, str(http.method), target_of(http), http.body)
        is_right = [verify(private_key, *signed) for private_key in readable(key)]
        if key is None or not any(is_right):
            raise InvalidSignature
        caller = caller_for_key(key)
        request.META[SIGNED] = Signed(key, limits.no_quota())
        quota = limits.spend_signed(caller, must_be_exact=request.method not in SAFE_METHODS)
        request.META[SIGNED] = Signed(key, quota)
        return AnonymousUser(), caller

    def authenticate_header(self, request: Request) -> str:
        return "Signature"


class SignatureScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # untyped base
    target_class = SignatureAuthentication
    name = ["publicKey", "timestamp", "signature"]

    def get_security_definition(self, auto_schema: object) -> list[dict[str, str]]:
        return [{"type": "apiKey", "in": "header", "name": name} for name in HEADERS]


def check_timestamp(text: str) -> None:
    if not re.fullmatch("[0-9]+", text):
        raise InvalidSignature
    if len(text) > MOST_DIGITS or abs(int(text) - int(clock())) > WINDOW_SECONDS:
        raise RequestExpired


def target_of(request: HttpRequest) -> str:
    """The path and query of the request line, as they came."""
    scope = getattr(request, "scope", None)
    if scope is None:
        return request.get_full_path()  # Django's test client
    query: bytes = scope["query_string"]
    target: bytes = scope["raw_path"] + (b"?" + query if query else b"")
    return target.decode(errors="surrogateescape")


def readable(key: SigningKey | None) -> list[str]:
    try:
        return private_keys(key) if key else [NOBODYS]
    except Unreadable:
        logger.exception("a signing key can't be decrypted: was ENCRYPTION_KEY changed?")
        return [NOBODYS]


def note_use(key: SigningKey) -> None:
    """Once a minute."""
    now = timezone.now()
    if key.last_used_at is None or key.last_used_at < now - USE_IS_NOTED_EVERY:
        SigningKey.objects.filter(pk=key.pk).update(last_used_at=now)


def check_form(request: Request) -> None:
    """What a signed request may look like, once it is known whose it is."""
    if "X-HTTP-Method-Override" in request.headers:
        raise BadRequest
    if request.headers.get("Content-Encoding", "identity") != "identity":
        raise NotJson("Send the body as it is, not compressed.")
    if request._request.body and request._request.content_type != "application/json":
        raise NotJson


def done_once(request: Request, act: Callable[[], Response]) -> Response:
    """The answer of the first of several equal writes; those that were refused or failed have changed nothing."""
    key: SigningKey = request.META[SIGNED].key
    this = {"key": key, "signature": request.headers["X-Signature"]}
    try:
        wait_at_most(WAIT_SECONDS)
        with transaction.atomic():
            write, is_first = claim(this)
            if not is_first:
                return Response(kept(write), status=write.status, headers={"Idempotent-Replay": "true"})
            response = act()
            SignedWrite.objects.filter(pk=write.pk).update(
                status=response.status_code,
                body=b"" if response.data is None else JSONRenderer().render(response.data),
            )
            answers_sweep()
            note_use(key)
            return response
    except OperationalError as error:
        if is_waiting_over(error):
            raise RequestInProgress from error
        raise


def claim(this: dict[str, Any]) -> tuple[SignedWrite, bool]:
    """Of two at once the second waits here for the first to be committed, or rolled back."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL lock_timeout = '{WAIT_SECONDS}s'")
    found = SignedWrite.objects.get_or_create(**this)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = DEFAULT")
    return found


def wait_at_most(seconds: int) -> None:
    """On SQLite a transaction waits before it begins."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute(f"PRAGMA busy_timeout = {seconds * 1_000}")


def is_waiting_over(error: OperationalError) -> bool:
    return "lock timeout" in str(error) or "database is locked" in str(error)


def kept(write: SignedWrite) -> Any:
    return json.loads(bytes(write.body)) if write.body else None
