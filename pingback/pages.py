"""Pages that the edge keeps in memory: any site may read them, and every use is revalidated."""

import gzip
import hashlib
from dataclasses import dataclass

import brotli  # type: ignore[import-untyped]
from django.utils.http import parse_etags
from servestatic.utils import parse_accept_encoding

Headers = list[tuple[bytes, bytes]]

FOR_ANY_SITE: Headers = [(b"access-control-allow-origin", b"*"), (b"cross-origin-resource-policy", b"cross-origin")]
REVALIDATED: Headers = [
    *FOR_ANY_SITE,
    (b"cache-control", b"public, no-cache"),
    (b"vary", b"Accept-Encoding"),
    (b"x-content-type-options", b"nosniff"),
]

SMALLEST = 11  # of brotli's qualities: some milliseconds, for what is made once
QUICK = 5  # a tenth larger, forty times as fast


@dataclass(frozen=True, slots=True)
class Variant:
    encoding: str
    body: bytes
    etag: str


class Page:
    """One body in every encoding that makes it smaller, the smallest first. Each has an ETag of its own."""

    __slots__ = ("_content_type", "_variants")

    def __init__(self, body: bytes, content_type: str, *, quality: int) -> None:
        bodies = {
            "": body,
            "br": brotli.compress(body, quality=quality),
            "gzip": gzip.compress(body, mtime=0),
        }
        self._content_type = content_type.encode()
        self._variants = [
            Variant(encoding, packed, f'"{hashlib.sha256(packed).hexdigest()[:24]}"')
            for encoding, packed in sorted(bodies.items(), key=lambda item: len(item[1]))
            if len(packed) <= len(body)
        ]

    def answer(self, *, accept_encoding: str, if_none_match: str) -> tuple[int, Headers, bytes]:
        """Status, headers and body for what the client accepts and already has."""
        accepted = {"", *parse_accept_encoding(accept_encoding)}
        variant = next(variant for variant in self._variants if variant.encoding in accepted)
        headers = [*REVALIDATED, (b"etag", variant.etag.encode())]
        known = {etag.removeprefix("W/") for etag in parse_etags(if_none_match)}
        if known & {"*", variant.etag}:
            return 304, headers, b""
        if variant.encoding:
            headers.append((b"content-encoding", variant.encoding.encode()))
        headers += [(b"content-type", self._content_type), (b"content-length", str(len(variant.body)).encode())]
        return 200, headers, variant.body
