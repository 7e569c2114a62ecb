"""Typed readers of the environment: a wrong value stops the start with one clear sentence.

Every name read through here must stand in `docs/settings.md`; a test compares the two.
"""

import os
from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, ip_network
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured
from limits import parse

NAMES: set[str] = set()


def text(name: str, default: str = "") -> str:
    NAMES.add(name)
    return os.environ.get(name, "").strip() or default


def integer(name: str, default: int, *, minimum: int = 0) -> int:
    raw = text(name, str(default))
    if not raw.isascii() or not raw.isdigit() or int(raw) < minimum:
        raise ImproperlyConfigured(f"{name}={raw!r} must be a whole number of at least {minimum}.")
    return int(raw)


def boolean(name: str, *, default: bool = False) -> bool:
    raw = text(name, str(default)).lower()
    if raw not in {"true", "false", "1", "0"}:
        raise ImproperlyConfigured(f"{name}={raw!r} must be true or false.")
    return raw in {"true", "1"}


def choice(name: str, choices: Sequence[str]) -> str:
    """One of `choices`; the first is the default."""
    raw = text(name, choices[0])
    if raw not in choices:
        raise ImproperlyConfigured(f"{name}={raw!r} must be one of: {', '.join(choices)}.")
    return raw


def words(name: str, default: Sequence[str] = ()) -> list[str]:
    """A comma-separated list."""
    return [word.strip() for word in text(name, ",".join(default)).split(",") if word.strip()]


def networks(name: str) -> list[IPv4Network | IPv6Network]:
    """A comma-separated list of addresses and networks."""
    try:
        return [ip_network(word) for word in words(name)]
    except ValueError as error:
        raise ImproperlyConfigured(f"{name}: {error}.") from None


def limit(name: str, default: str) -> str:
    """A rate such as `120/minute`."""
    raw = text(name, default)
    try:
        parse(raw)
    except ValueError:
        raise ImproperlyConfigured(f"{name}={raw!r} must look like 120/minute.") from None
    return raw


def web_url(name: str, default: str) -> str:
    """An origin such as `https://chat.example.com`: scheme and host, no path."""
    raw = text(name, default).rstrip("/")
    parts = urlsplit(raw)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path or parts.query:
        raise ImproperlyConfigured(f"{name}={raw!r} must look like https://chat.example.com, without a path.")
    return raw


def service_url(name: str, schemes: Sequence[str]) -> str:
    """The URL of a service, or "" where it is not used."""
    raw = text(name)
    if raw and urlsplit(raw).scheme not in schemes:
        raise ImproperlyConfigured(f"{name} must start with one of: {', '.join(s + '://' for s in schemes)}.")
    return raw
