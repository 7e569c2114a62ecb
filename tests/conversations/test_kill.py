"""Nothing that was acknowledged is lost, nothing is stored twice, while processes and services are killed."""

import random
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from uuid import uuid4

import pytest
from websockets.exceptions import ConnectionClosed

from tests.clients import Peer, demo_agent, new_visitor, wait_until
from tests.conftest import MakeServer
from tests.server import Server, Site
from tests.writers import HttpWriter, Writer, kept_promises, stored

VISITORS, AGENTS, MESSAGES = 20, 5, 50


def talk(servers: list[Server], disturbances: list[Callable[[], None]]) -> tuple[list[Writer], list[Writer]]:
    """Everybody writes while the disturbances come one after the other, again and again."""
    doors = [HttpWriter if number % 4 == 0 else Writer for number in range(VISITORS)]
    visitors = [door(new_visitor(servers[0]), servers, f"visitor {number}") for number, door in enumerate(doors)]
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
    threads = kept_promises(site, visitors + agents)
    assert sum(len(thread) for thread in threads.values()) == VISITORS * MESSAGES + AGENTS * (MESSAGES - 1)
    for visitor in visitors:
        (conversation,) = visitor.seen
        thread = threads[conversation]
        assert list(visitor.shows(conversation, len(thread)).items()) == list(thread.items())
        own = [text for text in thread.values() if text.startswith(visitor.name + ":")]
        assert own == [f"{visitor.name}: {number}" for number in range(MESSAGES)]
    for conversation, thread in threads.items():
        assert list(agents[0].shows(conversation, len(thread)).items()) == list(thread.items())


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


def test_stopping_under_load_loses_nothing_that_was_acknowledged(make_server: MakeServer) -> None:
    """Everybody sends without waiting for answers when the process is asked to leave."""
    server = make_server({"LIMIT_VISITOR": "1000000/minute", "LIMIT_VISITOR_PER_IP": "1000000/minute"})
    visitors = [new_visitor(server) for _ in range(VISITORS)]
    conversations = [visitor.write_first()["conversation_id"] for visitor in visitors]
    acknowledged: dict[str, int] = {}
    with ExitStack() as stack, ThreadPoolExecutor(2 * VISITORS) as pool:
        peers = [stack.enter_context(visitor.connect()) for visitor in visitors]
        for peer, conversation in zip(peers, conversations, strict=True):
            pool.submit(send_on, peer, conversation)
            pool.submit(collect, peer, acknowledged)
        wait_until(lambda: len(acknowledged) > 20 * VISITORS)
        since = time.monotonic()
        server.stop()
        assert time.monotonic() - since < 5
    server.start()
    threads = stored(server.site)
    kept = {client_id: seq for thread in threads.values() for seq, (client_id, _) in thread.items()}
    assert acknowledged.items() <= kept.items()


def send_on(peer: Peer, conversation: int) -> None:
    with suppress(ConnectionClosed):
        while True:
            peer.send("send", client_id=str(uuid4()), content="Hello?", conversation_id=conversation)
            time.sleep(0.025)  # 40 a second: no flood


def collect(peer: Peer, acknowledged: dict[str, int]) -> None:
    with suppress(ConnectionClosed):
        while True:
            ack = peer.expect("ack")
            acknowledged[ack["client_id"]] = ack["seq"]
