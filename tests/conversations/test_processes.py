"""Several processes: one refuses to be the second without Redis, two on Redis are one product."""

import signal
import time
from contextlib import suppress
from uuid import uuid4

import pytest
from websockets.exceptions import ConnectionClosed

from tests.clients import Peer, demo_agent, new_visitor, wait_until
from tests.conftest import MakeServer
from tests.server import Server


def test_a_second_process_without_redis_refuses_to_start_and_says_why(make_server: MakeServer) -> None:
    first = make_server({"REDIS_URL": ""})
    with pytest.raises(RuntimeError, match="Another web process already serves"):
        make_server({"REDIS_URL": ""}, site=first.site)
    assert new_visitor(first).write_first()["seq"] == 1


def test_the_lock_goes_with_its_process(make_server: MakeServer) -> None:
    first = make_server({"REDIS_URL": ""})
    first.kill()
    assert new_visitor(make_server({"REDIS_URL": ""}, site=first.site)).write_first()["seq"] == 1


def test_what_was_acknowledged_survives_a_kill(make_server: MakeServer) -> None:
    server = make_server()
    visitor = new_visitor(server)
    visitor.write_first("one")
    with visitor.connect() as browser:
        last = browser.post("two")
        server.kill()
    server.start()
    with visitor.connect(after={last["conversation_id"]: {"seq": 0}}) as browser:
        assert [frame["content"] for frame in browser.seen if frame["type"] == "message"] == ["one", "two"]


def test_stopping_tells_the_sockets_and_ends_in_time(make_server: MakeServer) -> None:
    server = make_server()
    with new_visitor(server).connect() as browser:
        start = time.monotonic()
        assert server.stop() in (0, -signal.SIGTERM)  # it hands the signal on when it has finished
        assert time.monotonic() - start < 5
        assert browser.expect_close() == 1012


def test_people_on_two_processes_talk(two_servers: tuple[Server, Server]) -> None:
    here, there = two_servers
    visitor, agent = new_visitor(here), demo_agent(there)
    with visitor.connect() as browser, agent.connect() as inbox:
        ack = browser.post("Anyone there?")
        assert inbox.expect("message")["content"] == "Anyone there?"
        inbox.send("typing", conversation_id=ack["conversation_id"], is_typing=True)
        assert browser.expect("typing")["sender_type"] == "agent"
        inbox.post("Yes.", conversation_id=ack["conversation_id"])
        assert browser.expect("message")["content"] == "Yes."


@pytest.mark.postgres_redis
def test_processes_catch_up_after_redis_was_gone(make_server: MakeServer) -> None:
    """While Redis is down, messages go on being stored and acknowledged; afterwards the other process resumes."""
    first = make_server()
    if first.site.redis is None:
        pytest.fail("this test needs Redis")
    second = make_server(site=first.site)
    visitor, agent = new_visitor(first), demo_agent(second)
    with visitor.connect() as browser, agent.connect() as inbox:
        ack = browser.post("before")
        inbox.expect("message")
        first.site.redis.kill()
        for text in ("during one", "during two"):
            assert browser.post(text, conversation_id=ack["conversation_id"])["content"] == text
        first.site.redis.start()
        inbox.expect("resume", patience=20)
        missed = inbox.hello(after={ack["conversation_id"]: {"seq": 1, "rev": 1}})
        assert [frame["content"] for frame in missed if frame["type"] == "message"] == ["during one", "during two"]
        wait_until(lambda: heard(browser, inbox, ack["conversation_id"]))


def heard(browser: Peer, inbox: Peer, conversation_id: int) -> bool:
    """Whether the bus carries again."""
    browser.post("after", conversation_id=conversation_id)
    try:
        return bool(inbox.expect("message", patience=1)["content"] == "after")
    except TimeoutError:
        return False


@pytest.mark.postgres_redis
def test_messages_are_refused_clearly_while_the_database_is_gone_and_stored_when_it_is_back(
    make_server: MakeServer,
) -> None:
    server = make_server(own_postgres=True)
    database = server.site.postgres
    assert database
    visitor = new_visitor(server)
    conversation = visitor.write_first("before")["conversation_id"]
    with visitor.connect() as browser:
        database.kill()
        lost = str(uuid4())
        browser.send("send", client_id=lost, content="during", conversation_id=conversation)
        error = browser.expect("error", patience=30)
        assert (error["code"], error["client_id"]) == ("STORE_UNAVAILABLE", lost)
        database.start()
        wait_until(lambda: stored(browser, lost, conversation))
        assert browser.seen[-1]["seq"] == 2


def stored(browser: Peer, client_id: str, conversation_id: int) -> bool:
    """Whether a retry goes through."""
    browser.send("send", client_id=client_id, content="during", conversation_id=conversation_id)
    return bool(browser.next(patience=30)["type"] == "ack")


def test_floods_and_bad_frames_leave_no_memory_behind(make_server: MakeServer) -> None:
    server = make_server()
    visitor = new_visitor(server)
    visitor.write_first()

    def misbehave() -> None:
        for frame in ("{", "[" * 60_000, '{"type": "nonsense"}', "x" * 120_000):
            with visitor.connect() as browser:
                browser.socket.send(frame)
                browser.expect_close()
        with visitor.connect() as browser, suppress(ConnectionClosed):
            for _ in range(300):
                browser.send("ping")

    for _ in range(5):
        misbehave()
    before = server.memory()
    for _ in range(40):
        misbehave()
    assert server.memory() - before < 16_000_000
    assert new_visitor(server).write_first("still here")["seq"] == 1
