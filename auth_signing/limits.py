"""Rate limits: a thin wrapper over the moving windows of the `limits` library.

Counted in this process, or in Redis for all processes; when Redis can't be reached, per process until it can.
"""

import hashlib
import threading
import time
from contextlib import suppress
from functools import cache
from typing import Any, Literal

from django.conf import settings
from limits import RateLimitItem, parse
from limits.aio.storage import RedisStorage as AsyncRedisStorage
from limits.aio.strategies import MovingWindowRateLimiter as AsyncLimiter
from limits.errors import StorageError
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import MovingWindowRateLimiter

from auth_signing.callers import Caller
from pingback.errors import RateLimited

SWEEP_SECONDS = 10.0
REDIS_OPTIONS: dict[str, Any] = {"socket_timeout": 1, "socket_connect_timeout": 1}


class PatientStorage(MemoryStorage):
    """Sweeps what has expired every ten seconds, not every hundredth: a sweep of 50,000 addresses takes 62 ms."""

    def _MemoryStorage__schedule_expiry(self) -> None:  # noqa: N802
        if not self.timer.is_alive():
            self.timer = threading.Timer(SWEEP_SECONDS, self._MemoryStorage__expire_events)  # type: ignore[attr-defined]
            self.timer.daemon = True
            self.timer.start()


in_process = MovingWindowRateLimiter(PatientStorage())


@cache
def _limit(rule: str) -> RateLimitItem:
    """`rule` as in the settings: "120/minute"."""
    return parse(rule)


@cache
def _shared() -> MovingWindowRateLimiter:
    return MovingWindowRateLimiter(RedisStorage(settings.REDIS_URL, wrap_exceptions=True, **REDIS_OPTIONS))


@cache
def _shared_async() -> AsyncLimiter:
    storage = AsyncRedisStorage(
        f"async+{settings.REDIS_URL}", wrap_exceptions=True, implementation="redispy", **REDIS_OPTIONS
    )
    return AsyncLimiter(storage)


def spend(rule: str, *who: str) -> None:
    """Count one call of `who` under `rule`, or raise RateLimited with the seconds to wait."""
    if settings.REDIS_URL:
        try:
            return _ask(_shared(), "hit", rule, *who)
        except StorageError:
            pass
    return spend_here(rule, *who)


def check(rule: str, *who: str) -> None:
    """Raise RateLimited if `who` has no call left, and count nothing."""
    if settings.REDIS_URL:
        try:
            return _ask(_shared(), "test", rule, *who)
        except StorageError:
            pass
    return _ask(in_process, "test", rule, *who)


def _ask(limiter: MovingWindowRateLimiter, verb: Literal["hit", "test"], rule: str, *who: str) -> None:
    limit = _limit(rule)
    if not getattr(limiter, verb)(limit, *who):
        raise RateLimited(_wait(limiter.get_window_stats(limit, *who).reset_time))


async def spend_async(rule: str, *who: str) -> None:
    """`spend` for the event loop."""
    limit = _limit(rule)
    if settings.REDIS_URL:
        try:
            if not await _shared_async().hit(limit, *who):
                raise RateLimited(_wait((await _shared_async().get_window_stats(limit, *who)).reset_time))
            return
        except StorageError:
            pass
    spend_here(rule, *who)


def spend_here(rule: str, *who: str) -> None:
    """Count in this process only; never waits."""
    _ask(in_process, "hit", rule, *who)


def check_login(email: str, *, address: str) -> None:
    for rule, *who in _login(email, address):
        check(rule, *who)


def spend_failed_login(email: str, *, address: str) -> None:
    """Also for a password that is to be reset."""
    for rule, *who in _login(email, address):
        with suppress(RateLimited):  # another one was counted meanwhile
            spend(rule, *who)


def _login(email: str, address: str) -> list[tuple[str, ...]]:
    account = hashlib.sha256(email.strip().lower().encode()).hexdigest()  # short, whatever was typed
    return [
        (settings.LIMIT_LOGIN_PER_ACCOUNT, "login-account", account),
        (settings.LIMIT_LOGIN_PER_IP, "login-ip", address),
    ]


def spend_registration(*, address: str) -> None:
    spend(settings.LIMIT_REGISTER_PER_IP, "register-ip", address)


def spend_invitation(caller: Caller) -> None:
    spend(settings.LIMIT_INVITATIONS, "invitations", caller.business_id.hex)


def spend_bearer(token_digest: str) -> None:
    """One call with this token."""
    spend(settings.LIMIT_BEARER, "bearer", token_digest)


def spend_visitor_address(address: str) -> None:
    """One call of the widget from this address, whatever comes of it."""
    spend(settings.LIMIT_VISITOR_PER_IP, "visitor-ip", address)


def spend_visitor(caller: Caller) -> None:
    """One call of this visitor. A newcomer has only an address."""
    if caller.session_id:
        spend(settings.LIMIT_VISITOR, "visitor", caller.session_id.hex)


async def spend_visitor_send(caller: Caller, *, address: str) -> None:
    """One message on a socket: both of the above, for the event loop."""
    if caller.session_id:
        await spend_async(settings.LIMIT_VISITOR, "visitor", caller.session_id.hex)
    await spend_async(settings.LIMIT_VISITOR_PER_IP, "visitor-ip", address)


def _wait(reset_time: float) -> int:
    return max(1, round(reset_time - time.time() + 0.5))
