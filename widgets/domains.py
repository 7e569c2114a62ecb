"""Domains as owners write them, made into the hosts that pages have."""

import re
from ipaddress import ip_address
from urllib.parse import urlsplit

import idna

LONGEST = 253
LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
STANDARD_PORTS = {None, 80, 443}


def domain_normalise(text: str) -> str:
    """`https://www.Example.com:443/path` is `example.com`: scheme, path, `www.` and standard ports go, IDN becomes
    punycode, other ports stay. Raises ValueError.
    """
    text = text.strip()
    parts = urlsplit(text if "://" in text else f"//{text}")
    if parts.scheme not in {"", "http", "https"} or "@" in parts.netloc or not parts.hostname:
        raise ValueError(text)
    host = _host(parts.hostname)
    return host if parts.port in STANDARD_PORTS else f"{host}:{parts.port}"


def _host(name: str) -> str:
    if ":" in name:
        return f"[{ip_address(name)}]"
    host = name.lower() if name.isascii() else idna.encode(name, uts46=True).decode()
    host = host.removesuffix(".")
    bare = host.removeprefix("www.")
    host = bare if "." in bare else host
    if len(host) > LONGEST or not all(LABEL.fullmatch(label) for label in host.split(".")):
        raise ValueError(name)
    return host
