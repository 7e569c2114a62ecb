"""A business's own backend: signs its calls and sends them byte by byte as it signed them."""

import json
import time
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPMessage
from typing import Any

from auth_signing.signing import sign
from tests.clients import Person
from tests.server import Server

SETTINGS = "/api/v1/web-chat-settings"


@dataclass
class Answer:
    status: int
    headers: HTTPMessage
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        return str(self.json["code"])


@dataclass
class Backend:
    server: Server
    public_key: str
    private_key: str
    headers: list[tuple[str, str]] = field(default_factory=list)  # more of them

    def __call__(self, method: str, target: str, body: bytes = b"", *, timestamp: str = "") -> Answer:
        timestamp = timestamp or str(int(time.time()))
        signature = sign(self.private_key, timestamp, method, target, body)
        return self.send(method, target, body, self.signed(timestamp, signature))

    def signed(self, timestamp: str, signature: str) -> list[tuple[str, str]]:
        return [("X-Public-Key", self.public_key), ("X-Timestamp", timestamp), ("X-Signature", signature)]

    def send(self, method: str, target: str, body: bytes, headers: list[tuple[str, str]]) -> Answer:
        line = HTTPConnection("127.0.0.1", self.server.port, timeout=30)
        line.putrequest(method, target, skip_accept_encoding=True)
        has_type = any(name == "Content-Type" for name, _ in self.headers)
        if body:
            line.putheader("Content-Length", str(len(body)))
            if not has_type:
                line.putheader("Content-Type", "application/json")
        for name, value in [*headers, *self.headers]:
            line.putheader(name, value)
        line.endheaders(body or None)
        response = line.getresponse()
        answer = Answer(response.status, response.headers, response.read())
        line.close()
        return answer


def new_backend(owner: Person, *, server: Server | None = None) -> Backend:
    """With a pair of its own."""
    pair = owner.call("POST", "signing-keys", {"name": "Our backend"}).json()
    return Backend(server or owner.server, pair["public_key"], pair["private_key"])
