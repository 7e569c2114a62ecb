"""The widget in a real browser: what a visitor sees of it, on the demo shop, from another origin than the widget's."""

import json
import re
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Locator, Page

from tests.clients import Peer, demo_agent
from tests.server import Server

PREPARE = """
import json, sys
from datetime import timedelta
from django.utils import timezone
from conversations.models import Conversation, Message, Sender
"""


@dataclass
class Widget:
    """A page with the demo's widget on it. `server` is the widget's; the page itself comes from `localhost`."""

    page: Page
    server: Server

    def visit(self, path: str = "/demo/") -> "Widget":
        self.server.demo()
        self.page.goto(f"http://localhost:{self.server.port}{path}")
        self.launcher.wait_for()
        return self

    def open(self) -> "Widget":
        self.launcher.click()
        self.dialog.wait_for()
        return self

    @property
    def launcher(self) -> Locator:
        return self.page.get_by_role("button", name=re.compile(r"^(Chat\b|الدردشة)"))

    @property
    def dialog(self) -> Locator:
        return self.page.get_by_role("dialog")

    @property
    def composer(self) -> Locator:
        return self.dialog.get_by_role("textbox")

    @property
    def log(self) -> Locator:
        return self.dialog.get_by_role("log")

    @property
    def rows(self) -> Locator:
        """The messages that are drawn, without separators."""
        return self.log.locator(".bubble")

    @property
    def badge(self) -> Locator:
        return self.page.locator("pingback-widget .launcher b")

    def button(self, name: str) -> Locator:
        return self.dialog.get_by_role("button", name=name)

    def write(self, content: str) -> None:
        self.composer.fill(content)
        self.composer.press("Enter")

    def say(self, content: str) -> int:
        """Write a message, wait until it is stored, and return the conversation's id."""
        self.write(content)
        self.log.locator(".row", has_text=content).filter(has_text=re.compile("Sent|Seen|أرسلت|شوهدت")).last.wait_for()
        return self.newest_conversation()

    def newest_conversation(self) -> int:
        return int(self.orm("print(Conversation.objects.latest('pk').pk)"))

    def orm(self, code: str) -> str:
        """Change or ask the server's data, as no visitor could."""
        return self.server.site.manage("shell", "--no-imports", "-c", PREPARE + code)

    def agent(self) -> Peer:
        """An open inbox of the demo's agent."""
        return demo_agent(self.server).connect()

    def stored(self) -> dict[str, Any]:
        """What the browser keeps for this page's origin."""
        kept: dict[str, Any] = json.loads(
            self.page.evaluate("JSON.stringify({local: {...localStorage}, session: {...sessionStorage}})")
        )
        return kept
