"""Visitors over REST, inside the test's own process."""

import json
from dataclasses import dataclass
from typing import Any

from django.test import Client

from auth_signing.models import Contact, VisitorSession
from conversations.models import Conversation
from tests.cast import Cast

START = "/api/v1/visitor/conversations"
SEED_COMPANY: dict[str, Any] = {  # of the seed's example, as it stands
    "id": "8f4618a2",
    "name": "Pipeback",
    "website": "pipeback.com",
    "created_at": 1234567891,
    "plan": "scale",
    "monthly_spend": 199,
    "industry": "software",
    "size": 100,
    "address": "15th avenue",
    "postal_code": "60160",
    "city": "Melrose Park",
    "state": "NY",
    "country": "US",
    "attributes": {"high_ticket": False, "is_gov": True},
}


class Api:
    def __init__(self, cast: Cast, client: Client) -> None:
        self.cast = cast
        self.client = client

    def post(self, path: str, body: Any, **headers: str) -> tuple[int, dict[str, Any]]:
        raw = body if isinstance(body, bytes) else json.dumps(body)
        answer = self.client.post(path, raw, content_type="application/json", headers=headers)
        return answer.status_code, answer.json()

    def start(self, token: str = "", **fields: Any) -> tuple[int, dict[str, Any]]:
        headers = {"Authorization": f"Visitor {token}"} if token else {}
        return self.post(START, {"widget_id": str(self.cast.widget.pk), "content": "Hello", **fields}, **headers)

    def reply(self, conversation_id: int, token: str, **fields: Any) -> tuple[int, dict[str, Any]]:
        path = f"{START}/{conversation_id}/messages"
        return self.post(path, {"content": "More", **fields}, Authorization=f"Visitor {token}")


@dataclass
class Browser:
    """One browser, with the token it was given last."""

    cast: Cast
    token: str = ""
    mark: str = ""

    def call(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        headers = {"Authorization": f"Visitor {self.token}"} if self.token else {}
        answer = Client().generic(method, f"/api/v1/visitor/{path}", *json_of(body), headers=headers)
        return answer.status_code, answer.json() if answer.content else None

    def identify(self, **user: Any) -> tuple[int, Any]:
        status, answer = self.call("POST", "identify", {"widget_id": str(self.cast.widget.pk), "user": user})
        if status == 200:
            self.token, self.mark = answer["token"], answer["mark"]
        return status, answer

    def write(self, content: str, **said: str) -> Conversation:
        body = {"widget_id": str(self.cast.widget.pk), "content": content, **said}
        status, answer = self.call("POST", "conversations", body)
        assert status == 201
        self.token = answer.get("token", self.token)
        return Conversation.objects.get(pk=answer["conversation_id"])

    def sees(self) -> list[int]:
        return [conversation["id"] for conversation in self.call("GET", "conversations")[1]["results"]]

    @property
    def contact(self) -> Contact:
        return VisitorSession.objects.select_related("contact").latest("created_at").contact


def json_of(body: Any) -> tuple[Any, str]:
    return ("", "application/octet-stream") if body is None else (json.dumps(body), "application/json")
