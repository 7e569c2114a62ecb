"""Rate limits: a thin wrapper over the moving windows of the `limits` library.

Counted in this process, or in Redis for all processes; when Redis can't be reached, per process until it can.
"""

import time
from functools import cache
from typing import Any

from django.conf import settings
from limits import RateLimitItem, parse
from limits.aio.storage import RedisStorage as AsyncRedisStorage
from limits.aio.strategies import MovingWindowRateLimiter as AsyncLimiter
from limits.errors import StorageError
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import MovingWindowRateLimiter

from auth_signing.callers import Caller
from pingback.errors import RateLimited

REDIS_OPTIONS: dict[str, Any] = {"socket_timeout": 1, "socket_connect_timeout": 1}
in_process = MovingWindowRateLimiter(MemoryStorage())


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
    limit = _limit(rule)
    if settings.REDIS_URL:
        try:
            if not _shared().hit(limit, *who):
                raise RateLimited(_wait(_shared().get_window_stats(limit, *who).reset_time))
            return
        except StorageError:
            pass
    spend_here(rule, *who)


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
    limit = _limit(rule)
    if not in_process.hit(limit, *who):
        raise RateLimited(_wait(in_process.get_window_stats(limit, *who).reset_time))


async def spend_visitor_async(caller: Caller, *, address: str) -> None:
    """One call of the widget: counted for its visitor (a newcomer has only an address) and for its address."""
    for rule, who in _visitor_windows(caller, address):
        await spend_async(rule, *who)


def spend_visitor(caller: Caller, *, address: str) -> None:
    for rule, who in _visitor_windows(caller, address):
        spend(rule, *who)


def _visitor_windows(caller: Caller, address: str) -> list[tuple[str, tuple[str, str]]]:
    """The visitor's own first: what it refuses costs the others behind that address nothing."""
    per_address = (settings.LIMIT_VISITOR_PER_IP, ("visitor-ip", address))
    if caller.session_id is None:
        return [per_address]
    return [(settings.LIMIT_VISITOR, ("visitor", caller.session_id.hex)), per_address]


def _wait(reset_time: float) -> int:
    return max(1, round(reset_time - time.time() + 0.5))
