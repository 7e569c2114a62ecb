"""The two sockets, as a client sees them (docs/realtime.md)."""

import json
import socket
import time
from contextlib import ExitStack, suppress
from uuid import uuid4

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.clients import (
    Peer,
    SignedIn,
    Visitor,
    another_business,
    demo_agent,
    new_owner,
    new_person,
    new_visitor,
    sign_in,
    wait_until,
)
from tests.conftest import MakeServer
from tests.server import Server


@pytest.fixture
def visitor(server: Server) -> Visitor:
    return new_visitor(server)


@pytest.fixture(scope="module")
def agent(server: Server) -> SignedIn:
    return demo_agent(server)


def test_a_message_reaches_the_inbox_and_the_answer_comes_back(visitor: Visitor, agent: SignedIn) -> None:
    with visitor.connect() as browser, agent.connect() as inbox:
        ack = browser.post("Do you ship to Norway?")
        arrived = inbox.expect("message")
        assert arrived["conversation_id"] == ack["conversation_id"]
        assert (arrived["content"], arrived["sender_type"]) == ("Do you ship to Norway?", "customer")

        inbox.post("We do.", conversation_id=ack["conversation_id"])
        answer = browser.expect("message")
        assert (answer["content"], answer["sender_type"], answer["seq"]) == ("We do.", "agent", 2)
        assert answer["author"]["name"] == "Adam Agent"


def test_the_sender_gets_an_ack_and_not_its_own_message(visitor: Visitor) -> None:
    with visitor.connect() as browser:
        browser.post("one")
        browser.send("ping")
        browser.expect("pong")
        types = [frame["type"] for frame in browser.seen if frame["type"] != "presence"]
        assert types == ["ready", "ack", "pong"]


def test_another_tab_of_the_same_browser_gets_the_message(visitor: Visitor) -> None:
    visitor.write_first()
    with visitor.connect() as tab, visitor.connect() as other:
        tab.post("from one tab")
        assert other.expect("message")["content"] == "from one tab"


def test_a_repeated_client_id_returns_the_first_message_through_every_door(
    server: Server, visitor: Visitor, agent: SignedIn
) -> None:
    client_id = str(uuid4())
    with visitor.connect() as browser:
        first = browser.post("once", client_id=client_id)
    with visitor.connect() as browser:  # the ack was lost, and with it the token
        assert browser.post("once", client_id=client_id) == first
    visitor.token = first["token"]
    with visitor.connect() as browser:
        assert browser.post("once", client_id=client_id)["id"] == first["id"]

    api = f"{server.url}/api/v1/visitor/conversations"
    body = {"content": "once", "client_id": client_id}
    headers = {"Authorization": f"Visitor {visitor.token}"}
    start = {**body, "widget_id": visitor.widget_id}
    for answer in (
        httpx.post(api, json=start),
        httpx.post(api, json=start, headers=headers),
        httpx.post(f"{api}/{first['conversation_id']}/messages", json=body, headers=headers),
    ):
        assert (answer.status_code, answer.json()["id"]) == (200, first["id"])

    answer_id = str(uuid4())
    with agent.connect() as inbox:
        reply = inbox.post("answer", client_id=answer_id, conversation_id=first["conversation_id"])
        again = inbox.post("answer", client_id=answer_id, conversation_id=first["conversation_id"])
    assert again["id"] == reply["id"]


def test_resume_brings_what_was_missed_in_order(visitor: Visitor, agent: SignedIn) -> None:
    ack = visitor.write_first("one")
    conversation = ack["conversation_id"]
    with agent.connect() as inbox:
        for text in ("two", "three", "four"):
            inbox.post(text, conversation_id=conversation)
    with visitor.connect(after={conversation: {"seq": 2, "rev": 2}}) as browser:
        kinds = [frame["type"] for frame in browser.seen]
        assert kinds == ["conversation", "message", "message", "ready"]
        assert [frame["content"] for frame in browser.seen[1:3]] == ["three", "four"]
        assert browser.seen[0]["last_seq"] == 4
    with agent.connect(after={conversation: {"seq": 0, "rev": 3}}) as inbox:
        assert [frame.get("content") for frame in inbox.seen] == [None, "four", None]


def test_a_returning_visitor_gets_the_newest_messages(visitor: Visitor) -> None:
    visitor.write_first("one")
    with visitor.connect() as browser:
        assert [frame["type"] for frame in browser.seen] == ["conversation", "message", "ready"]


def test_hello_again_on_the_same_socket_resumes(visitor: Visitor) -> None:
    conversation = visitor.write_first()["conversation_id"]
    with visitor.connect() as browser:
        browser.expect("presence")
        frames = browser.hello(widget=visitor.widget_id, token=visitor.token, after={conversation: {"seq": 0}})
        assert [frame["type"] for frame in frames] == ["conversation", "message"]


def test_a_long_absence_is_made_up_for_page_by_page(make_server: MakeServer) -> None:
    """More than a socket's queue holds, to a reader that is not slow."""
    visitor = new_visitor(make_server({"SOCKET_FRAMES_PER_SECOND": "100000"}))
    conversation = visitor.write_first()["conversation_id"]
    with visitor.connect() as browser:
        for number in range(600):
            browser.send("send", client_id=str(uuid4()), content=str(number), conversation_id=conversation)
        for _ in range(600):
            browser.expect("ack")
    with visitor.connect(after={conversation: {"seq": 1}}) as browser:
        seen = [frame["seq"] for frame in browser.seen if frame["type"] == "message"]
        while seen[-1] < 601:
            page = browser.hello(widget=visitor.widget_id, after={conversation: {"seq": seen[-1]}})
            seen += [frame["seq"] for frame in page if frame["type"] == "message"]
    assert seen == list(range(2, 602))


def test_typing_and_marks_reach_the_other_side(visitor: Visitor, agent: SignedIn) -> None:
    conversation = visitor.write_first()["conversation_id"]
    with visitor.connect() as browser, agent.connect() as inbox:
        browser.send("typing", conversation_id=conversation, is_typing=True)
        assert inbox.expect("typing")["sender_type"] == "customer"
        inbox.send("typing", conversation_id=conversation, is_typing=True)
        assert browser.expect("typing")["name"] == "Adam Agent"
        inbox.send("read", conversation_id=conversation, seq=1)
        assert browser.expect("read")["seq"] == 1
        inbox.post("Hi", conversation_id=conversation)
        browser.send("delivered", conversation_id=conversation, seq=2)
        assert inbox.expect("delivered")["seq"] == 2
        browser.send("read", conversation_id=conversation, seq=99)
        assert inbox.expect("read")["seq"] == 2


def test_a_stranger_gets_nothing_and_stores_nothing(server: Server, visitor: Visitor, agent: SignedIn) -> None:
    conversation = visitor.write_first()["conversation_id"]
    stranger = new_visitor(server)
    stranger.write_first()
    elsewhere = another_business(server)
    foreign = new_visitor(server, elsewhere["widget_id"])
    foreign.write_first()
    foreign_agent = sign_in(server, elsewhere["agent"])
    for who in (stranger, foreign, foreign_agent):
        with who.connect(after={conversation: {"seq": 0, "rev": 0}}) as peer:
            assert all(frame.get("conversation_id", frame.get("id")) != conversation for frame in peer.seen)
            peer.send("send", client_id=str(uuid4()), content="mine?", conversation_id=conversation)
            assert peer.expect("error")["code"] == "NOT_FOUND"
            peer.send("typing", conversation_id=conversation, is_typing=True)
            assert peer.expect("error")["code"] == "NOT_FOUND"
            peer.send("read", conversation_id=conversation, seq=1)
    with agent.connect(after={conversation: {"seq": 0, "rev": 0}}) as inbox:
        assert inbox.seen[0]["last_seq"] == 1
        assert inbox.seen[0]["agent_read_seq"] == 0


def test_a_token_of_another_business_is_refused(server: Server, visitor: Visitor) -> None:
    visitor.write_first()
    elsewhere = another_business(server)
    with Peer(f"{server.ws_url}/ws/visitor/") as peer:
        peer.send("hello", widget=elsewhere["widget_id"], token=visitor.token)
        assert peer.expect_close() == 4401
        assert peer.seen[0]["code"] == "INVALID_TOKEN"


@pytest.mark.parametrize(
    ("frame", "code", "error"),
    [
        (b"\x00\x01", 4400, "BAD_FRAME"),
        ("{", 4400, "BAD_FRAME"),
        ("[" * 100_000, 4400, "BAD_FRAME"),
        ('{"type": "send.json"}', 4400, "BAD_FRAME"),
        ('{"type": "ping", "more": 1}', 4400, "BAD_FRAME"),
        ('{"type": "read", "conversation_id": "7", "seq": 1}', 4400, "BAD_FRAME"),
        ('{"type": "read", "conversation_id": 99999999999999999999, "seq": 1}', 4400, "BAD_FRAME"),
    ],
)
def test_what_is_no_frame_ends_the_socket(visitor: Visitor, frame: str | bytes, code: int, error: str) -> None:
    with visitor.connect() as browser:
        browser.socket.send(frame)
        assert browser.expect_close() == code
        assert browser.seen[-1]["code"] == error


def test_a_first_frame_that_is_no_hello_ends_the_socket(server: Server) -> None:
    with Peer(f"{server.ws_url}/ws/visitor/") as peer:
        peer.send("ping")
        assert peer.expect_close() == 4400


def test_an_unknown_widget_or_token_ends_the_socket(server: Server, visitor: Visitor) -> None:
    with Peer(f"{server.ws_url}/ws/visitor/") as peer:
        peer.send("hello", widget=str(uuid4()))
        assert peer.expect_close() == 4404
    with Peer(f"{server.ws_url}/ws/visitor/") as peer:
        peer.send("hello", widget=visitor.widget_id, token="vt_forged")
        assert peer.expect_close() == 4401


def test_an_agents_cookie_counts_only_from_our_own_pages(server: Server, agent: SignedIn) -> None:
    for origin in ("", "https://evil.example", "null", "http://127.0.0.1:1", "http://["):
        with Peer(f"{server.ws_url}/ws/inbox/", origin=origin, cookie=agent.cookie) as peer:
            peer.send("hello")
            assert peer.expect_close() == 4403
    with Peer(f"{server.ws_url}/ws/inbox/", origin=server.url, cookie="sessionid=forged") as peer:
        peer.send("hello")
        assert peer.expect_close() == 4401


@pytest.mark.parametrize("content", ["", "x" * 10_001, "NUL \x00"])
def test_a_bad_message_is_refused_and_the_socket_stays(visitor: Visitor, content: str) -> None:
    with visitor.connect() as browser:
        client_id = str(uuid4())
        browser.send("send", client_id=client_id, content=content)
        error = browser.expect("error")
        assert (error["code"], error["client_id"]) == ("VALIDATION_ERROR", client_id)
        assert browser.post("still here")["seq"] == 1


def test_the_longest_message_passes_even_when_escaped(visitor: Visitor) -> None:
    with visitor.connect() as browser:
        assert browser.post("😀" * 10_000)["content"] == "😀" * 10_000  # json.dumps escapes: 120 KB


def test_a_frame_above_the_size_limit_ends_the_socket(visitor: Visitor) -> None:
    with visitor.connect() as browser:
        with suppress(ConnectionClosed):
            browser.send("send", client_id=str(uuid4()), content="x" * 5_000_000)
        assert browser.expect_close() in (1009, 1006)  # or the reset that follows overtakes the code


def test_a_thousand_frames_a_second_end_the_socket_and_nobody_else(visitor: Visitor) -> None:
    other = new_visitor(visitor.server)
    with other.connect() as bystander, visitor.connect() as browser:
        with suppress(ConnectionClosed):
            for _ in range(1000):
                browser.send("ping")
        assert browser.expect_close() == 4429
        assert browser.seen[-1]["code"] == "FLOOD"
        assert bystander.post("unaffected")["seq"] == 1


def test_no_hello_in_time_ends_the_socket(make_server: MakeServer) -> None:
    server = make_server({"SOCKET_HELLO_SECONDS": "1"})
    with Peer(f"{server.ws_url}/ws/visitor/") as peer:
        start = time.monotonic()
        assert peer.expect_close() == 4408
        assert 0.8 < time.monotonic() - start < 5


def test_a_visitors_limit_is_answered_and_the_message_can_be_sent_later(make_server: MakeServer) -> None:
    server = make_server({"LIMIT_VISITOR": "2/second"})
    visitor = new_visitor(server)
    visitor.write_first()
    with visitor.connect() as browser:
        for _ in range(3):
            browser.send("send", client_id=str(uuid4()), content="quick")
        assert browser.expect("error")["code"] == "RATE_LIMITED"
        time.sleep(1.1)
        assert browser.post("later")["content"] == "later"


BIG_MESSAGES = 300
DEAF_READERS = 20
SLOW_READER = 4508


def small_buffer(server: Server) -> socket.socket:
    line = socket.socket()
    line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    line.connect(("127.0.0.1", server.port))
    return line


def test_readers_that_stop_reading_are_ended_others_notice_nothing_and_memory_is_bounded(
    make_server: MakeServer,
) -> None:
    server = make_server(
        {"SOCKET_QUEUE_FRAMES": "110", "SOCKET_FRAMES_PER_SECOND": "100000", "METRICS_TOKEN": "for the test"}
    )
    visitor = new_visitor(server)
    visitor.write_first()
    agent = demo_agent(server)
    with ExitStack() as stack, agent.connect() as inbox, visitor.connect() as browser:
        conversation = browser.seen[0]["id"]
        usual = write_much(server, inbox, conversation)
        for _ in range(DEAF_READERS):
            line = stack.enter_context(small_buffer(server))
            deaf = stack.enter_context(connect(f"{server.ws_url}/ws/visitor/", sock=line, max_queue=1))
            after = {conversation: {"seq": BIG_MESSAGES + 1}}
            hello = {"type": "hello", "widget": visitor.widget_id, "token": visitor.token, "after": after}
            deaf.send(json.dumps(hello))
            deaf.close_timeout = 0.1
        unheard = write_much(server, inbox, conversation)
        assert unheard - usual < DEAF_READERS * 110 * 40_000 / 2  # full queues would be twice that, if each had a copy
        assert browser.post("me too", conversation_id=conversation)["seq"] == 2 * BIG_MESSAGES + 2
        wait_until(lambda: f'pingback_sockets_ended_total{{code="{SLOW_READER}"}} {DEAF_READERS}.0' in metrics(server))
    with visitor.connect(after={conversation: {"seq": 2 * BIG_MESSAGES}}) as browser:
        seqs = [frame["seq"] for frame in browser.seen if frame["type"] == "message"]
        assert seqs == [2 * BIG_MESSAGES + 1, 2 * BIG_MESSAGES + 2]
    assert "its reader was too slow" in server.output()


def write_much(server: Server, inbox: Peer, conversation: int) -> int:
    """12 MB to each reader, more than the buffers between two sockets take. The most memory the server then had."""
    for _ in range(BIG_MESSAGES):
        inbox.send("send", client_id=str(uuid4()), content="😀" * 10_000, conversation_id=conversation)
    memory = []
    for _ in range(BIG_MESSAGES):
        inbox.expect("ack")
        memory.append(server.memory())
    return max(memory)


def metrics(server: Server) -> str:
    return httpx.get(f"{server.url}/metrics", headers={"Authorization": "Bearer for the test"}).text


def test_a_page_that_was_drawn_for_somebody_else_gets_no_socket(server: Server, agent: SignedIn) -> None:
    with Peer(f"{server.ws_url}/ws/inbox/", origin=server.url, cookie=agent.cookie) as peer:
        peer.send("hello", agent=str(uuid4()), after={})
        assert peer.expect_close() == 4401


def test_signing_out_ends_the_sockets_of_that_session(server: Server) -> None:
    agent = demo_agent(server)
    with agent.connect() as inbox:
        with httpx.Client(base_url=server.url, headers={"Cookie": agent.cookie}) as client:
            page = client.get("/inbox/")
            token = page.cookies["csrftoken"]
            cookie = f"{agent.cookie}; csrftoken={token}"
            client.post("/sign-out/", headers={"Cookie": cookie, "X-CSRFToken": token, "Referer": server.url})
        assert inbox.expect_close() == 4000
    with Peer(f"{server.ws_url}/ws/inbox/", origin=server.url, cookie=agent.cookie) as peer:
        peer.send("hello")
        assert peer.expect_close() == 4401


def test_a_reader_that_never_reads_is_cut(make_server: MakeServer) -> None:
    """Its socket would stay open for ever: closing waits for it to take what it was sent."""
    server = make_server({"SOCKET_QUEUE_FRAMES": "110", "SOCKET_FRAMES_PER_SECOND": "100000"})
    visitor, agent = new_visitor(server), demo_agent(server)
    conversation = visitor.write_first()["conversation_id"]
    with (
        small_buffer(server) as line,
        connect(f"{server.ws_url}/ws/visitor/", sock=line, max_queue=1, ping_interval=None) as deaf,
        agent.connect() as inbox,
    ):
        deaf.send(json.dumps({"type": "hello", "widget": visitor.widget_id, "token": visitor.token}))
        inbox.post("Hi", conversation_id=conversation)
        before = server.open_files("socket")
        for _ in range(BIG_MESSAGES):
            inbox.send("send", client_id=str(uuid4()), content="😀" * 10_000, conversation_id=conversation)
        for _ in range(BIG_MESSAGES):
            inbox.expect("ack")
        wait_until(lambda: server.open_files("socket") < before)
        deaf.close_timeout = 0.1


def test_a_bearer_token_opens_the_inbox_of_its_business(server: Server, visitor: Visitor) -> None:
    person = new_person(server)
    with person.connect() as peer:
        assert peer.expect_close() == 4403
        assert peer.seen[-1]["code"] == "BUSINESS_REQUIRED"
    business = person.call("POST", "auth/business/create", {"name": "Bell"}).json()["id"]
    with person.connect() as peer:
        peer.expect("ready")
        visitor.write_first("not for you")
        Visitor(server, business).write_first("for you")
        assert peer.expect("message")["content"] == "for you"


def test_a_token_that_is_revoked_ends_its_sockets_soon(make_server: MakeServer) -> None:
    owner = new_owner(make_server({"SOCKET_CHECK_SECONDS": "1"}))
    with owner.connect() as peer:
        peer.expect("ready")
        owner.call("POST", "auth/logout").raise_for_status()
        assert peer.expect_close() == 4401


def test_a_session_that_ended_elsewhere_ends_its_sockets_soon(make_server: MakeServer) -> None:
    server = make_server({"SOCKET_CHECK_SECONDS": "1"})
    with demo_agent(server).connect() as inbox:
        server.site.manage("shell", "--no-imports", "-c", NEW_PASSWORD)
        assert inbox.expect_close() == 4401


NEW_PASSWORD = """
from auth_signing.models import User
user = User.objects.get(email="agent@demo.example")
user.set_password("another one")
user.save()
"""
