"""The bus may lose messages, but not silently."""

import json
from typing import Any

import pytest
from channels.layers import InMemoryChannelLayer

from conversations.events import RESUME, WireEvent
from conversations.realtime.bus import Bus
from conversations.realtime.hub import Hub


class Ear:
    origin = 1

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.ended = 0

    def push(self, text: str) -> None:
        self.heard.append(text)

    def end(self, code: int) -> None:
        self.ended = code


@pytest.fixture
def ear() -> Ear:
    return Ear()


@pytest.fixture
def bus(ear: Ear) -> Bus:
    hub = Hub()
    hub.join("session.1", ear)
    return Bus(hub=hub, layer=InMemoryChannelLayer(), queue_size=2)


def from_another(number: int, *texts: str) -> dict[str, Any]:
    events = [("session.1", text, 0) for text in texts] or None
    return {"from": "another", "number": number, "events": events}


def test_what_another_process_says_reaches_the_sockets_here(bus: Bus, ear: Ear) -> None:
    bus.hear(from_another(1, "one"))
    bus.hear(from_another(2, "two", "three"))
    assert ear.heard == ["one", "two", "three"]


def test_a_gap_in_the_numbers_makes_sockets_resume(bus: Bus, ear: Ear) -> None:
    bus.hear(from_another(1, "one"))
    bus.hear(from_another(3, "three"))
    assert ear.heard == ["one", RESUME, "three"]


def test_a_beat_shows_that_the_last_message_was_lost(bus: Bus, ear: Ear) -> None:
    bus.hear(from_another(1, "one"))
    bus.hear(from_another(1))
    bus.hear(from_another(2))
    bus.hear(from_another(2))
    assert ear.heard == ["one", RESUME]


def test_a_process_does_not_hear_itself(bus: Bus, ear: Ear) -> None:
    bus.hear({**from_another(7, "seven"), "from": bus.process})
    assert ear.heard == []


def test_a_full_queue_loses_a_batch_but_not_its_number(bus: Bus) -> None:
    for text in ("one", "two", "three"):
        bus.forward([WireEvent("session.1", text)])
    bus._outgoing.get_nowait()
    bus.forward([WireEvent("session.1", "four")])
    numbers = [bus._outgoing.get_nowait()["number"] for _ in range(2)]
    assert numbers == [2, 4]


def test_a_socket_that_caused_an_event_does_not_get_it(bus: Bus, ear: Ear) -> None:
    hub = bus._hub
    hub.deliver_here([WireEvent("session.1", "mine", origin=1), WireEvent("session.1", "theirs", origin=2)])
    assert ear.heard == ["theirs"]


def test_an_event_can_end_sockets(bus: Bus, ear: Ear) -> None:
    bus.hear({"from": "another", "number": 1, "events": json.loads('[["session.1", "", 4000]]')})
    assert (ear.ended, ear.heard) == (4000, [])
