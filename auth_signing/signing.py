"""Signatures of requests: what an integrator's backend computes and the server checks. Pure functions, without Django.

A signature is HMAC-SHA256 in lower-case hex. Its key is the text of the private key, as bytes; what is signed is

    {timestamp}\\n{METHOD}\\n{path}\\n{body}

with single line feeds and nothing after the body:

- `timestamp`: Unix seconds in digits, as sent in `X-Timestamp`;
- `METHOD`: as on the request line, in upper case;
- `path`: as on the request line, with its query string but for a lone `?`; nothing is decoded or sorted;
- `body`: the bytes that are sent; without a body the last line feed stays.
"""

import hashlib
import hmac


def signing_string(timestamp: str, method: str, path: str, body: bytes = b"") -> bytes:
    return "\n".join([timestamp, method, path, ""]).encode(errors="surrogateescape") + body


def sign(private_key: str, timestamp: str, method: str, path: str, body: bytes = b"") -> str:
    """The signature, 64 hex digits."""
    return hmac.new(private_key.encode(), signing_string(timestamp, method, path, body), hashlib.sha256).hexdigest()


def verify(private_key: str, signature: str, timestamp: str, method: str, path: str, body: bytes = b"") -> bool:
    """Whether it is the signature of exactly this, found out in a time that tells nothing of where it differs."""
    return same(sign(private_key, timestamp, method, path, body), signature)


def same(secret: str, given: str) -> bool:
    """The one comparison of what must not be guessed bit by bit."""
    return hmac.compare_digest(secret.encode(), given.encode(errors="replace"))
