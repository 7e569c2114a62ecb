"""What a page of a customer downloads from our host: counted by the browser, weighed at the server."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
from playwright.sync_api import Locator, Page

from tests.downloads import download
from tests.pages import Pages
from tests.server import Server

DEMO_PAGES = {
    "shop": "/demo/",
    "single-page app": "/demo/app/",
    "strict CSP": "/demo/strict/",
    "tag manager": "/demo/tags/",
    "right-to-left": "/demo/rtl/",
}
QUIET_MS = 1000


@dataclass(frozen=True)
class Weight:
    """Bytes of bodies, as the server packs them; `seen` as the browser counted them."""

    requests: int
    sockets: int
    raw: int
    gzip: int
    brotli: int
    seen: int


class Meter:
    """Follows what one page asks of one origin, through the browser's own protocol."""

    def __init__(self, page: Page, origin: str) -> None:
        self.origin = origin
        self.requests: dict[str, tuple[str, str]] = {}
        self.sockets = 0
        self.headers: dict[str, int] = {}
        self.seen = 0
        cdp = page.context.new_cdp_session(page)
        cdp.on("Network.requestWillBeSent", self.note_request)
        cdp.on("Network.requestServedFromCache", self.forget_request)
        cdp.on("Network.responseReceived", self.note_headers)
        cdp.on("Network.loadingFinished", self.note_end)
        cdp.on("Network.webSocketCreated", self.note_socket)
        cdp.send("Network.enable")

    def note_request(self, event: dict[str, Any]) -> None:
        request = event["request"]
        if request["url"].startswith(self.origin):
            self.requests[event["requestId"]] = (request["method"], request["url"])

    def forget_request(self, event: dict[str, Any]) -> None:
        self.requests.pop(event["requestId"], None)

    def note_headers(self, event: dict[str, Any]) -> None:
        self.headers[event["requestId"]] = event["response"]["encodedDataLength"]
        if event["response"].get("fromDiskCache"):
            self.forget_request(event)

    def note_end(self, event: dict[str, Any]) -> None:
        if event["requestId"] in self.requests:
            self.seen += event["encodedDataLength"] - self.headers[event["requestId"]]

    def note_socket(self, event: dict[str, Any]) -> None:
        self.sockets += event["url"].startswith(self.origin.replace("http", "ws", 1))

    def weight(self) -> Weight:
        urls = [url for method, url in self.requests.values() if method == "GET"]
        raw, gzip, brotli = (sum(size(url, encoding) for url in urls) for encoding in ("identity", "gzip", "br"))
        return Weight(len(self.requests), self.sockets, raw, gzip, brotli, self.seen)


def size(url: str, encoding: str) -> int:
    answer = download(url, encoding)
    if answer.status != httpx.codes.OK:
        raise RuntimeError(f"the browser asked for {url}, but it answers {answer.status}")
    return len(answer.wire)


def weights(pages: Pages, server: Server) -> Iterator[tuple[str, Weight, Weight]]:
    """Of each demo page that exists: its name, the weight once it is loaded, and once the chat is opened."""
    for name, path in DEMO_PAGES.items():
        if httpx.get(server.url + path).status_code == httpx.codes.OK:
            page = pages()
            meter = Meter(page, server.url)
            page.goto(shop_address(server, path))
            launcher(page).wait_for()
            settle(page)
            loaded = meter.weight()
            launcher(page).click()
            composer(page).wait_for()
            settle(page)
            yield name, loaded, meter.weight()


def shop_address(server: Server, path: str = DEMO_PAGES["shop"]) -> str:
    """On `localhost`: the widget comes from 127.0.0.1, another origin."""
    return f"http://localhost:{server.port}{path}"


def launcher(page: Page) -> Locator:
    return page.get_by_role("button", name=re.compile("^(Chat|الدردشة)"))


def composer(page: Page) -> Locator:
    return page.get_by_role("dialog").get_by_role("textbox")


def settle(page: Page) -> None:
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(QUIET_MS)
