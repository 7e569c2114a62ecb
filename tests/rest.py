"""Calls of the REST API inside the test's own process."""

import json
from typing import Any

from django.conf import settings
from django.test import Client

from auth_signing import limits


class Rest:
    """`rest("POST", "widget/create", {...})` is a status and what was answered, if anything."""

    def __init__(self, token: str = "") -> None:
        self.client = Client()
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}

    def __call__(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        data = "" if body is None else json.dumps(body)
        content_type = "application/octet-stream" if body is None else "application/json"
        answer = self.client.generic(method, f"/api/v1/{path}", data, content_type, headers=self.headers)
        return answer.status_code, answer.json() if answer.content else None


def forget_limits() -> None:
    """What was counted, as if its windows had passed."""
    limits.in_process.storage.reset()
    if settings.REDIS_URL:
        limits._shared().storage.reset()
