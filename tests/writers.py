"""Clients that do not give up, and the account of what they were promised."""

import json
import random
import time
from typing import Any
from uuid import uuid4

import httpx
from websockets.exceptions import WebSocketException

from tests.clients import Frame, Peer, SignedIn, Visitor
from tests.server import Server, Site

MOST_IN_HELLO = 20  # conversations, as docs/realtime.md says
TRY_AGAIN = {"BUSY", "STORE_UNAVAILABLE", "RATE_LIMITED", "INTERNAL_ERROR"}
STORED = """
import json
from conversations.models import Message
rows = Message.objects.filter(kind="message").order_by("conversation_id", "seq")
print(json.dumps(list(rows.values_list("conversation_id", "seq", "client_id", "content")), default=str))
"""

Threads = dict[int, dict[int, str]]
"""What stands in each conversation, by seq."""


def stored(site: Site) -> dict[int, dict[int, tuple[str, str]]]:
    """Of each conversation by seq, without a gap: client_id and content."""
    threads: dict[int, dict[int, tuple[str, str]]] = {}
    rows: list[tuple[int, int, str, str]] = json.loads(site.manage("shell", "--no-imports", "-c", STORED))
    for conversation, seq, client_id, content in rows:
        threads.setdefault(conversation, {})[seq] = (client_id, content)
    for thread in threads.values():
        assert list(thread) == list(range(1, len(thread) + 1))
    return threads


class Writer:
    """A browser that does not give up: comes back to any process, says what it has, and sends again what was not
    acknowledged, under the same client_id."""

    def __init__(self, who: Visitor | SignedIn, servers: list[Server], name: str) -> None:
        self.who = who
        self.servers = servers
        self.name = name
        self.peer: Peer | None = None
        self.seen: Threads = {}
        self.acknowledged: dict[str, Frame] = {}

    def connect(self) -> Peer:
        newest = sorted(self.seen)[-MOST_IN_HELLO:]
        after: Frame = {str(conversation): {"seq": max(self.seen[conversation])} for conversation in newest}
        peer = self.who.connect(random.choice(self.servers), after=after)
        for frame in peer.seen:
            self.note(frame)
        return peer

    def note(self, frame: Frame) -> None:
        if frame["type"] in {"message", "ack"} and frame["seq"]:
            self.seen.setdefault(frame["conversation_id"], {})[frame["seq"]] = frame["content"]

    def write(self, content: str, conversation_id: int | None = None) -> Frame:
        """Returns the acknowledged message."""
        client_id = str(uuid4())
        while client_id not in self.acknowledged:
            try:
                self.send(client_id, content, conversation_id)
            except (OSError, WebSocketException, TimeoutError, httpx.TransportError):
                self.leave()
            if client_id not in self.acknowledged:
                time.sleep(random.uniform(0.05, 0.4))
        return self.acknowledged[client_id]

    def send(self, client_id: str, content: str, conversation_id: int | None) -> None:
        """Try once."""
        self.peer = self.peer or self.connect()
        where = {"conversation_id": conversation_id} if conversation_id else {}
        self.peer.send("send", client_id=client_id, content=content, **where)
        while client_id not in self.acknowledged:
            frame = self.peer.next(patience=5)
            self.note(frame)
            if frame["type"] == "error" and frame["code"] in TRY_AGAIN:
                return
            assert frame["type"] != "error", frame
            if frame["type"] == "ack":
                self.keep(frame)

    def keep(self, acknowledged: Frame) -> None:
        self.acknowledged[acknowledged["client_id"]] = acknowledged
        if isinstance(self.who, Visitor):
            self.who.token = acknowledged.get("token", self.who.token)

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


class HttpWriter(Writer):
    """A visitor whose network lets no socket through."""

    who: Visitor

    def send(self, client_id: str, content: str, conversation_id: int | None) -> None:
        address = f"{random.choice(self.servers).url}/api/v1/visitor/conversations"
        body = {"client_id": client_id, "content": content}
        if conversation_id:
            address += f"/{conversation_id}/messages"
        else:
            body["widget_id"] = self.who.widget_id
        headers = {"Authorization": f"Visitor {self.who.token}"} if self.who.token else {}
        answer = httpx.post(address, json=body, headers=headers, timeout=10)
        said: dict[str, Any] = answer.json()
        if answer.is_success:
            self.note({**said, "type": "ack"})
            self.keep(said)
        else:
            assert said["code"] in TRY_AGAIN, said


def kept_promises(site: Site, writers: list[Writer]) -> Threads:
    """What is stored, having checked it: what was acknowledged is there once, where it was told, and nothing else is;
    nobody was shown anything else."""
    threads = stored(site)
    found = [
        (client_id, conversation, seq, content)
        for conversation, thread in threads.items()
        for seq, (client_id, content) in thread.items()
    ]
    promised = [
        (client_id, frame["conversation_id"], frame["seq"], frame["content"])
        for writer in writers
        for client_id, frame in writer.acknowledged.items()
    ]
    assert sorted(found) == sorted(promised)
    contents = {
        conversation: {seq: content for seq, (_, content) in thread.items()} for conversation, thread in threads.items()
    }
    for writer in writers:
        for conversation, seen in writer.seen.items():  # as it came, live
            assert seen.items() <= contents[conversation].items()
    return contents
