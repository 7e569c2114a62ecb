"""Bodies of requests, taken in before Django sees them: capped, in time, and on disk when they are large."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile
from typing import Any, Self

from pingback.errors import BodyTooLarge, SlowBody

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]

IN_MEMORY_BYTES = 262_144  # of a body; the rest waits on disk
CHUNK_BYTES = 65_536


class ClientGone(Exception):
    """Nobody waits for the answer any more."""


@dataclass(frozen=True)
class BodyLimits:
    size: int
    seconds: float


class TemporaryBody:
    """A body that has come in, on disk where it is large."""

    def __init__(self) -> None:
        self._file = SpooledTemporaryFile(IN_MEMORY_BYTES)  # noqa: SIM115 (closed by __exit__)
        self.size = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def add(self, part: bytes) -> None:
        self._file.write(part)
        self.size += len(part)

    def receiver(self, after: Receive) -> Receive:
        """Hands it on, and then what comes after it: that the client is gone."""
        self._file.seek(0)
        left = self.size
        is_over = False

        async def receive() -> Message:
            nonlocal left, is_over
            if is_over:
                return await after()
            part = self._file.read(CHUNK_BYTES)
            left -= len(part)
            is_over = not left
            return {"type": "http.request", "body": part, "more_body": not is_over}

        return receive


async def receive_all(receive: Receive, body: TemporaryBody, limits: BodyLimits, *, announced: bytes) -> None:
    """Take the whole body, before it holds anybody up. Too large (if only `announced` so) or too slow: refused."""
    if announced.isdigit() and int(announced) > limits.size:
        raise BodyTooLarge
    more = True
    try:
        async with asyncio.timeout(limits.seconds):
            while more:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise ClientGone
                body.add(message.get("body", b""))
                more = message.get("more_body", False)
                if body.size > limits.size:
                    raise BodyTooLarge
    except TimeoutError:
        raise SlowBody from None
