"""The Hub: hands each event to the sockets of this process at once, and to the bus for the others.

Everything but `deliver_soon` runs on the event loop. Delivering never waits, and never touches the database.
"""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from conversations.events import WireEvent


class Listener(Protocol):
    @property
    def origin(self) -> int: ...

    def push(self, text: str) -> None:
        """Queue a frame. Must not wait and must not leave the Hub before it returns."""

    def end(self, code: int) -> None:
        """Close the socket, soon. Must not leave the Hub before it returns."""


class Forwarder(Protocol):
    def forward(self, batch: "Sequence[WireEvent]") -> None: ...


class Hub:
    def __init__(self) -> None:
        self.groups: dict[str, set[Listener]] = {}
        self.bus: Forwarder | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def attach(self, loop: asyncio.AbstractEventLoop | None) -> None:
        """From now on `deliver_soon` speaks to this loop; None ends that."""
        self._loop = loop

    def join(self, group: str, listener: Listener) -> None:
        self.groups.setdefault(group, set()).add(listener)

    def leave(self, group: str, listener: Listener) -> None:
        members = self.groups.get(group)
        if members is not None:
            members.discard(listener)
            if not members:
                del self.groups[group]

    def listeners(self) -> set[Listener]:
        return set().union(*self.groups.values())

    def deliver_soon(self, batch: "Sequence[WireEvent]") -> None:
        """From any thread. Without a loop (a management command) nobody is listening here."""
        loop = self._loop
        if loop is not None and batch:
            loop.call_soon_threadsafe(self.deliver, batch)

    def deliver(self, batch: "Sequence[WireEvent]") -> None:
        self.deliver_here(batch)
        if self.bus is not None:
            self.bus.forward(batch)

    def deliver_here(self, batch: "Sequence[WireEvent]") -> None:
        for event in batch:
            for listener in self.groups.get(event.group, ()):
                if event.close:
                    listener.end(event.close)
                elif listener.origin != event.origin:
                    listener.push(event.text)


hub = Hub()
