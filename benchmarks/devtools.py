"""Chromium over its own protocol, with no domain on but those asked for.

Playwright keeps the network domain on, and V8 then notes source positions at every fetch: that would be measured, too.
"""

import json
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

from tests.pages import FLAGS
from tests.prepare import chromium_program

START_SECONDS = ANSWER_SECONDS = 30


class DevTools:
    """One connection to a browser. `session` is a tab's, from `new_tab`; without it the browser itself is meant."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.ids = count(1)
        self.events: list[dict[str, Any]] = []

    def send(self, method: str, session: str | None = None, /, **params: Any) -> dict[str, Any]:
        message = {"id": next(self.ids), "method": method, "params": params}
        self.connection.send(json.dumps({**message, "sessionId": session} if session else message))
        while (answer := self.receive()).get("id") != message["id"]:
            self.events.append(answer)
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']['message']}")
        return dict(answer["result"])

    def receive(self) -> dict[str, Any]:
        return dict(json.loads(self.connection.recv(timeout=ANSWER_SECONDS)))

    def until(self, method: str) -> list[dict[str, Any]]:
        """All events since the last call, the first of this name included."""
        while not any(event["method"] == method for event in self.events):
            self.events.append(self.receive())
        events, self.events = self.events, []
        return events

    @contextmanager
    def new_tab(self) -> Iterator[str]:
        """A tab of a new visitor: nothing stored, nothing cached."""
        context = self.send("Target.createBrowserContext")["browserContextId"]
        tab = self.send("Target.createTarget", url="about:blank", browserContextId=context)["targetId"]
        yield self.send("Target.attachToTarget", targetId=tab, flatten=True)["sessionId"]
        self.send("Target.disposeBrowserContext", browserContextId=context)

    def evaluate(self, session: str, script: str) -> Any:
        return value_of(self.send("Runtime.evaluate", session, **evaluation_of(script)))


def evaluation_of(script: str) -> dict[str, Any]:
    """The parameters of `Runtime.evaluate`: a promise is awaited."""
    return {"expression": script, "awaitPromise": True, "returnByValue": True}


def value_of(said: dict[str, Any]) -> Any:
    if "exceptionDetails" in said:
        raise RuntimeError(said["result"].get("description", said["exceptionDetails"]["text"]))
    return said["result"].get("value")


@contextmanager
def devtools() -> Iterator[DevTools]:
    with tempfile.TemporaryDirectory(prefix="pingback-chromium-", ignore_cleanup_errors=True) as folder:
        command = [str(chromium_program()), *FLAGS, "--remote-debugging-port=0", f"--user-data-dir={folder}"]
        browser = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            with connect(address(Path(folder)), max_size=None) as connection:
                yield DevTools(connection)
        finally:
            browser.terminate()
            browser.wait()


def address(profile: Path) -> str:
    """Of the browser's socket: once it listens, it writes port and path into its profile."""
    deadline = time.monotonic() + START_SECONDS
    told = profile / "DevToolsActivePort"
    while not told.exists() or told.read_text().count("\n") < 1:
        if time.monotonic() > deadline:
            raise RuntimeError("Chromium did not start.")
        time.sleep(0.05)
    port, path = told.read_text().split()
    return f"ws://127.0.0.1:{port}{path}"
