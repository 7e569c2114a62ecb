"""Clients of the black box: sockets and signed-in agents, as integrators and browsers would be."""

import json
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, Self
from uuid import uuid4

import httpx
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from tests.server import Server

Frame = dict[str, Any]
PATIENCE_SECONDS = 10.0

ANOTHER_BUSINESS = """
import json
from tests.cast import PASSWORD, new_agent
from auth_signing.models import Business
from auth_signing.roles import Role
from widgets.models import Widget
business = Business.objects.create(name="Elsewhere")
widget = Widget.objects.create(business=business, is_default=True)
agent = new_agent(business, "Charlie", Role.OWNER)
print(json.dumps({"widget_id": str(widget.pk), "agent": {"email": agent.user.email, "password": PASSWORD}}))
"""


class Peer:
    """One socket. `send` and `expect` speak frames; `expect` skips frames of other types and keeps them in `seen`."""

    def __init__(self, url: str, *, origin: str = "", cookie: str = "") -> None:
        headers = {"Cookie": cookie} if cookie else {}
        self.stack = ExitStack()
        self.socket: ClientConnection = self.stack.enter_context(
            connect(
                url,
                origin=Origin(origin) if origin else None,
                additional_headers=headers,
                max_size=None,
                max_queue=None,
            )
        )
        self.seen: list[Frame] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stack.close()

    def send(self, type_: str, **fields: Any) -> None:
        self.socket.send(json.dumps({"type": type_, **fields}))

    def next(self, patience: float = PATIENCE_SECONDS) -> Frame:
        frame: Frame = json.loads(self.socket.recv(timeout=patience))
        self.seen.append(frame)
        return frame

    def expect(self, type_: str, patience: float = PATIENCE_SECONDS) -> Frame:
        end = time.monotonic() + patience
        while True:
            frame = self.next(max(0.01, end - time.monotonic()))
            if frame["type"] == type_:
                return frame

    def expect_close(self, patience: float = PATIENCE_SECONDS) -> int:
        """The close code; what came before it is in `seen`."""
        end = time.monotonic() + patience
        try:
            while True:
                self.next(max(0.01, end - time.monotonic()))
        except ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd else 1006

    def hello(self, **fields: Any) -> list[Frame]:
        """Say hello; what came before `ready`."""
        start = len(self.seen)
        self.send("hello", **fields)
        self.expect("ready")
        return self.seen[start:-1]

    def post(self, content: str, **fields: Any) -> Frame:
        """Send a message and return its ack."""
        client_id = str(fields.pop("client_id", uuid4()))
        self.send("send", client_id=client_id, content=content, **fields)
        while (ack := self.expect("ack"))["client_id"] != client_id:
            pass
        return ack


@dataclass
class Visitor:
    """Somebody with the demo's widget open, in one browser."""

    server: Server
    widget_id: str
    token: str | None = None

    def connect(self, server: Server | None = None, *, after: Frame | None = None, origin: str = "") -> Peer:
        peer = Peer(f"{(server or self.server).ws_url}/ws/visitor/", origin=origin)
        known = {"token": self.token} if self.token else {}
        peer.hello(widget=self.widget_id, after=after or {}, **known)
        return peer

    def write_first(self, content: str = "Hello") -> Frame:
        """Begin a conversation, keep the token, and return the ack."""
        with self.connect() as peer:
            ack = peer.post(content)
        self.token = ack["token"]
        return ack


@dataclass
class SignedIn:
    """An agent's browser with its session cookie."""

    server: Server
    cookie: str

    def connect(self, server: Server | None = None, *, after: Frame | None = None) -> Peer:
        server = server or self.server
        peer = Peer(f"{server.ws_url}/ws/inbox/", origin=server.url, cookie=self.cookie)
        peer.hello(after=after or {})
        return peer

    def post(self, path: str, **form: str) -> None:
        """Send a form of the inbox."""
        with httpx.Client(base_url=self.server.url, headers={"Cookie": self.cookie}) as client:
            token = client.get("/inbox/").raise_for_status().cookies["csrftoken"]
            cookie = f"{self.cookie}; csrftoken={token}"
            answer = client.post(
                path, data=form, headers={"X-CSRFToken": token, "Cookie": cookie, "HX-Request": "true"}
            )
            answer.raise_for_status()


def new_visitor(server: Server, widget_id: str = "") -> Visitor:
    return Visitor(server, widget_id or server.demo()["widget_id"])


def sign_in(server: Server, person: dict[str, str]) -> SignedIn:
    with httpx.Client(base_url=server.url) as client:
        client.get("/sign-in/")
        answer = client.post(
            "/sign-in/",
            data={"username": person["email"], "password": person["password"]},
            headers={"X-CSRFToken": client.cookies["csrftoken"], "Referer": server.url},
        )
        assert answer.status_code == 302, answer.text
        return SignedIn(server, f"sessionid={client.cookies['sessionid']}")


def demo_agent(server: Server) -> SignedIn:
    return sign_in(server, server.demo()["agent"])


def another_business(server: Server) -> dict[str, Any]:
    """A second tenant on the same server: its widget_id and its agent's sign-in."""
    made: dict[str, Any] = json.loads(server.site.manage("shell", "--no-imports", "-c", ANOTHER_BUSINESS))
    return made


def wait_until(true: Callable[[], bool], seconds: float = 15) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen in time"


@dataclass
class Person:
    """Somebody with a bearer token."""

    server: Server
    token: str

    def call(self, method: str, path: str, body: Any = None, *, server: Server | None = None) -> httpx.Response:
        """`path` under `/api/v1`."""
        headers = {"Authorization": f"Bearer {self.token}"}
        url = f"{(server or self.server).url}/api/v1/{path}"
        return httpx.request(method, url, json=body, headers=headers, timeout=60)

    def connect(self) -> Peer:
        """Without an Origin or a cookie: no browser."""
        peer = Peer(f"{self.server.ws_url}/ws/inbox/")
        peer.send("hello", token=self.token)
        return peer


def new_person(server: Server) -> Person:
    account = {"email": f"{uuid4()}@example.com", "full_name": "Ada Bell", "password": "correct horse"}
    answer = httpx.post(f"{server.url}/api/v1/auth/register", json=account)
    return Person(server, answer.json()["access_token"])


def new_owner(server: Server) -> Person:
    """Of a business of their own."""
    person = new_person(server)
    person.call("POST", "auth/business/create", {"name": "Bell & Co"}).raise_for_status()
    return person
