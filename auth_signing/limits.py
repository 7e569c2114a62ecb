"""Rate limits: a thin wrapper over the moving windows of the `limits` library.

Counted in this process, or in Redis for all processes; when Redis can't be reached, per process until it can.
"""

import hashlib
import threading
import time
from contextlib import suppress
from functools import cache, lru_cache
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any, Literal, NamedTuple

from django.conf import settings
from limits import RateLimitItem, parse
from limits.aio.storage import RedisStorage as AsyncRedisStorage
from limits.aio.strategies import MovingWindowRateLimiter as AsyncLimiter
from limits.errors import StorageError
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import MovingWindowRateLimiter

from auth_signing.callers import Caller
from pingback.errors import RateLimited, StoreUnavailable

SWEEP_SECONDS = 10.0
REDIS_OPTIONS: dict[str, Any] = {"socket_timeout": 1, "socket_connect_timeout": 1}


class PatientStorage(MemoryStorage):
    """Sweeps what has expired every ten seconds, not every hundredth: a sweep of 50,000 addresses takes 62 ms.

    And whole: the library's own sweep keeps an empty list for every address it ever met.
    """

    def _MemoryStorage__expire_events(self) -> None:  # noqa: N802
        super()._MemoryStorage__expire_events()  # type: ignore[misc]
        for key in [key for key, events in list(self.events.items()) if not events]:
            with self.locks[key]:
                if not self.events[key]:
                    del self.events[key]
                    self.locks.pop(key, None)

    def _MemoryStorage__schedule_expiry(self) -> None:  # noqa: N802
        if not self.timer.is_alive():
            self.timer = threading.Timer(SWEEP_SECONDS, self._MemoryStorage__expire_events)
            self.timer.daemon = True
            self.timer.start()


class Quota(NamedTuple):
    limit: int
    remaining: int

    def headers(self) -> dict[str, str]:
        return {"X-RateLimit-Limit": str(self.limit), "X-RateLimit-Remaining": str(self.remaining)}


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


def forget(rule: str, *who: str) -> None:
    """What was counted of `who`."""
    if settings.REDIS_URL:
        with suppress(StorageError):
            _shared().clear(_limit(rule), *who)
    in_process.clear(_limit(rule), *who)


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


def spend_login(email: str, *, address: str) -> None:
    """Before the password is looked at: of many attempts at once no more reach an account than one by one."""
    check(settings.LIMIT_LOGIN_PER_IP, "login-ip", network_of(address))
    spend(settings.LIMIT_LOGIN_PER_ACCOUNT, "login-account", _digest(email))


def login_failed(*, address: str) -> None:
    with suppress(RateLimited):  # another one was counted meanwhile
        spend(settings.LIMIT_LOGIN_PER_IP, "login-ip", network_of(address))


def login_succeeded(email: str) -> None:
    """Failures are counted since the last success."""
    forget(settings.LIMIT_LOGIN_PER_ACCOUNT, "login-account", _digest(email))


def spend_password_reset(email: str, *, address: str) -> None:
    """As many as failed logins, on an account of their own: nobody is locked out by a stranger who asks for links."""
    spend(settings.LIMIT_LOGIN_PER_IP, "reset-ip", network_of(address))
    spend(settings.LIMIT_LOGIN_PER_ACCOUNT, "reset-account", _digest(email))


def _digest(email: str) -> str:
    """Short, whatever was typed."""
    return hashlib.sha256(email.strip().lower().encode(errors="replace")).hexdigest()


@lru_cache(maxsize=10_000)
def network_of(address: str) -> str:
    """Whom an address stands for: with IPv6 everybody has 2 to the power of 64 of them."""
    try:
        ip = ip_address(address)
    except ValueError:
        return address
    if not isinstance(ip, IPv6Address):
        return address
    return str(ip.ipv4_mapped or ip_network((ip, 64), strict=False))


def spend_registration(*, address: str) -> None:
    spend(settings.LIMIT_REGISTER_PER_IP, "register-ip", network_of(address))


def spend_invitation(caller: Caller, email: str, *, address: str) -> None:
    """Strangers can register, too: nobody is to send mail to the world, nor much to one person."""
    check(settings.LIMIT_INVITATIONS_PER_EMAIL, "invitations-email", caller.business_id.hex, _digest(email))
    spend(settings.LIMIT_INVITATIONS, "invitations-ip", network_of(address))
    spend(settings.LIMIT_INVITATIONS, "invitations", caller.business_id.hex)


def invitation_sent(caller: Caller, email: str) -> None:
    """Only what was really sent counts for the person it goes to."""
    with suppress(RateLimited):
        spend(settings.LIMIT_INVITATIONS_PER_EMAIL, "invitations-email", caller.business_id.hex, _digest(email))


def spend_upload(caller: Caller, *, address: str) -> None:
    """One file, of up to 10 MB. A visitor is an address here: anybody may be many visitors."""
    who = caller.agent_id.hex if caller.agent_id else network_of(address)
    spend(settings.LIMIT_UPLOADS, "uploads", who)


def spend_bearer(token_digest: str) -> None:
    """One call with this token."""
    spend(settings.LIMIT_BEARER, "bearer", token_digest)


def spend_signed(caller: Caller, *, must_be_exact: bool) -> Quota:
    """One verified request of a signing key. `must_be_exact`: refused where only this process could be counted."""
    rule, *who = settings.LIMIT_SIGNED, "signed", (caller.key_id or caller.business_id).hex
    if settings.REDIS_URL:
        try:
            _ask(_shared(), "hit", rule, *who)
            return _quota(_shared(), rule, *who)
        except StorageError as error:
            if must_be_exact:
                raise StoreUnavailable from error
    spend_here(rule, *who)
    return _quota(in_process, rule, *who)


def no_quota() -> Quota:
    """What is left of a signing key's once it is spent."""
    return Quota(_limit(settings.LIMIT_SIGNED).amount, 0)


def spend_unsigned(*, address: str) -> None:
    """One call that takes a signature and had no credentials that are good."""
    spend(settings.LIMIT_UNSIGNED_PER_IP, "unsigned-ip", network_of(address))


def spend_visitor_address(address: str) -> None:
    """One call of the widget from this address, whatever comes of it."""
    spend(settings.LIMIT_VISITOR_PER_IP, "visitor-ip", network_of(address))


def spend_visitor(caller: Caller) -> None:
    """One call of this visitor. A newcomer has only an address."""
    if caller.session_id:
        spend(settings.LIMIT_VISITOR, "visitor", caller.session_id.hex)


async def spend_visitor_send(caller: Caller, *, address: str) -> None:
    """One message on a socket: both of the above, for the event loop."""
    if caller.session_id:
        await spend_async(settings.LIMIT_VISITOR, "visitor", caller.session_id.hex)
    await spend_async(settings.LIMIT_VISITOR_PER_IP, "visitor-ip", network_of(address))


def _quota(limiter: MovingWindowRateLimiter, rule: str, *who: str) -> Quota:
    return Quota(_limit(rule).amount, limiter.get_window_stats(_limit(rule), *who).remaining)


def _wait(reset_time: float) -> int:
    return max(1, round(reset_time - time.time() + 0.5))
