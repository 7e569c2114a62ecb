"""Nothing that was acknowledged is lost, nothing is stored twice, while processes and services are killed."""

import json
import random
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest
from websockets.exceptions import WebSocketException

from tests.clients import Frame, Peer, SignedIn, Visitor, demo_agent, new_visitor
from tests.conftest import MakeServer
from tests.server import Server, Site

VISITORS, AGENTS, MESSAGES = 20, 5, 50
WAIT = {"BUSY", "STORE_UNAVAILABLE", "RATE_LIMITED", "INTERNAL_ERROR"}
STORED = """
import json
from conversations.models import Message
rows = Message.objects.order_by("conversation_id", "seq").values_list("conversation_id", "seq", "client_id", "content")
print(json.dumps([[str(value) for value in row] for row in rows]))
"""


class Writer:
    """A browser that does not give up: comes back to any process, says what it has, and sends again what was not
    acknowledged, under the same client_id."""

    def __init__(self, who: Visitor | SignedIn, servers: list[Server], name: str) -> None:
        self.who = who
        self.servers = servers
        self.name = name
        self.peer: Peer | None = None
        self.seen: dict[int, dict[int, str]] = {}
        self.acknowledged: dict[str, Frame] = {}

    def connect(self) -> Peer:
        after: Frame = {str(conversation): {"seq": max(seqs)} for conversation, seqs in self.seen.items()}
        peer = self.who.connect(random.choice(self.servers), after=after)
        for frame in peer.seen:
            self.note(frame)
        return peer

    def note(self, frame: Frame) -> None:
        if frame["type"] in {"message", "ack"} and frame["seq"]:
            self.seen.setdefault(frame["conversation_id"], {})[frame["seq"]] = frame["content"]

    def write(self, content: str, conversation_id: int | None = None) -> Frame:
        client_id = str(uuid4())
        where = {"conversation_id": conversation_id} if conversation_id else {}
        while client_id not in self.acknowledged:
            try:
                self.peer = self.peer or self.connect()
                self.peer.send("send", client_id=client_id, content=content, **where)
                self.await_answer(client_id)
            except (OSError, WebSocketException, TimeoutError):
                self.leave()
                time.sleep(random.uniform(0.05, 0.4))
        return self.acknowledged[client_id]

    def await_answer(self, client_id: str) -> None:
        assert self.peer
        while True:
            frame = self.peer.next(patience=5)
            self.note(frame)
            if frame["type"] == "error" and frame["code"] in WAIT:
                time.sleep(random.uniform(0.05, 0.4))
                return
            assert frame["type"] != "error", frame
            if frame["type"] == "ack" and frame["client_id"] == client_id:
                self.acknowledged[client_id] = frame
                if isinstance(self.who, Visitor):
                    self.who.token = frame.get("token", self.who.token)
                return

    def leave(self) -> None:
        if self.peer:
            self.peer.stack.close()
        self.peer = None

    def shows(self, conversation: int, length: int) -> dict[int, str]:
        """Opens the thread, and asks on while there is more: visitors by seq, agents by rev."""
        self.leave()
        seen: dict[int, str] = {}
        reached = {"seq": 0, "rev": 0}
        while len(seen) < length:
            with self.who.connect(self.servers[0], after={str(conversation): reached}) as peer:
                messages = [frame for frame in peer.seen if frame["type"] == "message"]
            messages = [frame for frame in messages if frame["conversation_id"] == conversation]
            assert messages, f"{self.name} is brought {len(seen)} messages of {length}"
            seen |= {frame["seq"]: frame["content"] for frame in messages}
            reached = {name: max(frame[name] for frame in messages) for name in reached}
        return seen


def talk(servers: list[Server], disturbances: list[Callable[[], None]]) -> tuple[list[Writer], list[Writer]]:
    """Everybody writes while the disturbances come one after the other, again and again."""
    visitors = [Writer(new_visitor(servers[0]), servers, f"visitor {number}") for number in range(VISITORS)]
    agents = [Writer(demo_agent(servers[0]), servers, f"agent {number}") for number in range(AGENTS)]
    with ThreadPoolExecutor(VISITORS + AGENTS) as pool:
        begun = list(pool.map(lambda writer: writer.write(f"{writer.name}: 0")["conversation_id"], visitors))
        has_ended = threading.Event()
        disturber = threading.Thread(target=disturb, args=(disturbances, has_ended))
        disturber.start()

        def go_on(writer: Writer, conversations: Iterator[int]) -> None:
            for number in range(1, MESSAGES):
                writer.write(f"{writer.name}: {number}", next(conversations))
                time.sleep(random.uniform(0, 0.2))

        try:
            jobs = [pool.submit(go_on, visitor, repeat(own)) for visitor, own in zip(visitors, begun, strict=True)]
            jobs += [pool.submit(go_on, agent, choices(begun)) for agent in agents]
            for job in jobs:
                job.result(timeout=180)
        finally:
            has_ended.set()
            disturber.join()
    return visitors, agents


def repeat(conversation: int) -> Iterator[int]:
    while True:
        yield conversation


def choices(conversations: list[int]) -> Iterator[int]:
    while True:
        yield random.choice(conversations)


def disturb(disturbances: list[Callable[[], None]], has_ended: threading.Event) -> None:
    while True:
        for disturbance in disturbances:
            if has_ended.wait(1):
                return
            disturbance()


def restarted(server: Server) -> Callable[[], None]:
    def kill_and_start() -> None:
        server.kill()
        server.start()

    return kill_and_start


def check(site: Site, visitors: list[Writer], agents: list[Writer]) -> None:
    rows: list[list[Any]] = json.loads(site.manage("shell", "--no-imports", "-c", STORED))
    threads: dict[int, dict[int, str]] = {}
    for conversation, seq, _, content in rows:
        threads.setdefault(int(conversation), {})[int(seq)] = content
    acknowledged = [
        (client_id, frame) for writer in visitors + agents for client_id, frame in writer.acknowledged.items()
    ]
    stored = {client_id: (int(conversation), int(seq)) for conversation, seq, client_id, _ in rows}
    assert len(rows) == len(stored) == len(acknowledged) == VISITORS * MESSAGES + AGENTS * (MESSAGES - 1)
    for client_id, frame in acknowledged:
        assert stored[client_id] == (frame["conversation_id"], frame["seq"])
    for thread in threads.values():
        assert list(thread) == list(range(1, len(thread) + 1))
    for visitor in visitors:
        (conversation,) = visitor.seen
        thread = threads[conversation]
        assert list(visitor.shows(conversation, len(thread)).items()) == list(thread.items())
        own = [text for text in thread.values() if text.startswith(visitor.name + ":")]
        assert own == [f"{visitor.name}: {number}" for number in range(MESSAGES)]
    for conversation, thread in threads.items():
        assert list(agents[0].shows(conversation, len(thread)).items()) == list(thread.items())
    for writer in visitors + agents:
        for conversation, seen in writer.seen.items():  # as it came, live
            assert seen.items() <= threads[conversation].items()


def test_while_the_process_is_killed_again_and_again(make_server: MakeServer) -> None:
    server = make_server()
    visitors, agents = talk([server], [restarted(server)])
    check(server.site, visitors, agents)


@pytest.mark.postgres_redis
def test_while_processes_redis_and_postgresql_are_killed(make_server: MakeServer) -> None:
    first = make_server(own_postgres=True)
    second = make_server(site=first.site)
    redis, database = first.site.redis, first.site.postgres
    assert redis
    assert database

    def restart_redis() -> None:
        redis.kill()
        redis.start()

    def restart_database() -> None:
        database.kill()
        database.start()

    visitors, agents = talk([first, second], [restarted(first), restart_redis, restarted(second), restart_database])
    check(first.site, visitors, agents)
