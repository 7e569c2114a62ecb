"""A visitor who does nothing costs nothing and leaves nothing, on each demo page, as the browser's own protocol tells.

The pages are opened side by side, on `localhost`; the widget comes from 127.0.0.1, another origin.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from tests.clients import wait_until
from tests.pages import Pages
from tests.server import Server

pytestmark = pytest.mark.page_only

PAGES = ["", "app/", "app/basket/", "strict/", "strict/?dynamic", "tags/", "rtl/"]
LAUNCHER = re.compile("^(Chat|الدردشة)")
IDLE = 2_000
COUNT_ROWS = """
import json
from auth_signing.models import Contact, VisitorSession
from conversations.models import Conversation
print(json.dumps({model.__name__: model.objects.count() for model in (Contact, VisitorSession, Conversation)}))
"""
TRACES = [
    "Network.webSocketCreated",
    "Network.webTransportCreated",
    "DOMStorage.domStorageItemAdded",
    "DOMStorage.domStorageItemUpdated",
    "Page.frameAttached",
]


class Record:
    """What a page asks of the widget's host, what traces it leaves, and what the console says."""

    def __init__(self, page: Page, server: Server) -> None:
        self.page = page
        self.widget_host = server.url
        self.page_host = f"http://localhost:{server.port}"
        self.requests: list[str] = []
        self.traces: list[str] = []
        self.complaints: list[str] = []
        page.on("console", self.note_console)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("worker", lambda worker: self.traces.append(f"worker {worker.url}"))
        self.cdp = page.context.new_cdp_session(page)
        self.cdp.on("Network.requestWillBeSent", self.note_request)
        self.cdp.on("Network.responseReceivedExtraInfo", self.note_headers)
        for event in TRACES:
            self.cdp.on(event, lambda details, event=event: self.traces.append(f"{event} {details}"))
        for domain in ("Network", "DOMStorage", "Page"):
            self.cdp.send(f"{domain}.enable")

    def note_console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(message.text)

    def note_request(self, event: Any) -> None:
        if event["request"]["url"].startswith(self.widget_host):
            self.requests.append(event["request"]["url"])

    def note_headers(self, event: Any) -> None:
        self.traces += [f"{name}: {value}" for name, value in event["headers"].items() if name.lower() == "set-cookie"]

    def kept(self) -> list[str]:
        """What lies in the browser now."""
        kept = [f"cookie {cookie['name']}" for cookie in self.page.context.cookies()]
        for is_local in (True, False):
            storage = {"securityOrigin": self.page_host, "isLocalStorage": is_local}
            items = self.cdp.send("DOMStorage.getDOMStorageItems", {"storageId": storage})["entries"]
            kept += [f"{'local' if is_local else 'session'}Storage {key}" for key, _ in items]
        origin = {"securityOrigin": self.page_host}
        kept += self.cdp.send("IndexedDB.requestDatabaseNames", origin)["databaseNames"]
        kept += [cache["cacheName"] for cache in self.cdp.send("CacheStorage.requestCacheNames", origin)["caches"]]
        for host in (self.page_host, self.widget_host):
            usage = self.cdp.send("Storage.getUsageAndQuota", {"origin": host})["usageBreakdown"]
            kept += [f"{host} {part['storageType']}" for part in usage if part["usage"]]  # service workers, too
        return kept

    def kept_for_good(self) -> list[str]:
        return [thing for thing in self.kept() if not thing.startswith("sessionStorage")]


@pytest.fixture(scope="module")
def pages(browser: Browser) -> Iterator[Pages]:
    pages = Pages(browser)
    yield pages
    pages.close()


@pytest.fixture(scope="module")
def rows_before(server: Server) -> dict[str, int]:
    server.demo()
    return count_rows(server)


@pytest.fixture(scope="module")
def records(pages: Pages, server: Server, rows_before: dict[str, int]) -> dict[str, Record]:
    records = {name: Record(pages(), server) for name in PAGES}
    for name, record in records.items():
        record.page.goto(f"{record.page_host}/demo/{name}")
    for record in records.values():
        expect(record.page.get_by_role("button", name=LAUNCHER)).to_be_visible()
        for place in (200, 500, 300):
            record.page.mouse.move(place, place, steps=5)
    record.page.wait_for_timeout(IDLE)  # they all do
    return records


def count_rows(server: Server) -> dict[str, int]:
    counts: dict[str, int] = json.loads(server.site.manage("shell", "--no-imports", "-c", COUNT_ROWS))
    return counts


@pytest.mark.parametrize("name", PAGES)
def test_the_page_asks_for_the_script_and_the_settings_alone(
    records: dict[str, Record], server: Server, name: str
) -> None:
    """An Arabic page also for the words, once for ever: the launcher has a name."""
    config = f"{server.url}/api/v1/widget/{server.demo()['widget_id']}"
    script, settings, *words = records[name].requests
    assert (script, settings) == (f"{server.url}/widget.js", config)
    assert [re.sub("[0-9a-f]{12}", "", url) for url in words] == (
        [f"{server.url}/static/js/locales/ar..json"] if name == "rtl/" else []
    )


@pytest.mark.parametrize("name", PAGES)
def test_the_page_leaves_nothing_and_opens_nothing(records: dict[str, Record], name: str) -> None:
    record = records[name]
    assert (record.traces, record.kept(), len(record.page.frames)) == ([], [], 1)


@pytest.mark.parametrize("name", PAGES)
def test_the_console_is_quiet(records: dict[str, Record], name: str) -> None:
    assert records[name].complaints == []


def test_the_visits_wrote_no_row(records: dict[str, Record], server: Server, rows_before: dict[str, int]) -> None:
    assert count_rows(server) == rows_before


def test_the_first_message_leaves_a_token_and_a_row_of_each(
    pages: Pages, server: Server, rows_before: dict[str, int]
) -> None:
    """And so the record is known to see such things."""
    record = Record(pages(), server)
    record.page.goto(f"{record.page_host}/demo/")
    record.page.get_by_role("button", name=LAUNCHER).click()
    composer = record.page.get_by_role("dialog").get_by_role("textbox")
    composer.fill("Is anybody there?")
    assert record.kept_for_good() == []
    composer.press("Enter")
    wait_until(lambda: record.kept_for_good() == [f"localStorage pingback:{server.demo()['widget_id']}"])
    assert [trace for trace in record.traces if trace.startswith("Network.webSocketCreated")]
    assert {model: count - rows_before[model] for model, count in count_rows(server).items()} == {
        "Contact": 1,
        "VisitorSession": 1,
        "Conversation": 1,
    }
