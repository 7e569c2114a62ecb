"""Browser pages for tests, each with cookies and storage of its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Error, Page, sync_playwright

from tests.prepare import chromium_program

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]

# As an init script: gathers the page's layout shifts. `hadRecentInput`: within 500 ms of a click or a key.
NOTE_SHIFTS = """
globalThis.layoutShifts = [];
new PerformanceObserver((list) => {
  for (const { value, hadRecentInput } of list.getEntries()) layoutShifts.push({ value, hadRecentInput });
}).observe({ type: "layout-shift", buffered: true });
"""


@contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_program(), args=FLAGS)
        yield browser
        browser.close()


class Pages:
    """Call it for a page of a new visitor. `console_errors` gathers what any of them complained about:

    page = page_factory(390, 844, "dark")
    page.goto(server.url)
    assert page_factory.console_errors == []
    """

    def __init__(self, browser: Browser) -> None:
        self.browser = browser
        self.contexts: list[BrowserContext] = []
        self.console_errors: list[str] = []

    def __call__(
        self,
        width: int = 1280,
        height: int = 800,
        color_scheme: Literal["light", "dark", "no-preference"] = "light",
        **options: Any,
    ) -> Page:
        """`options` are those of Playwright's `browser.new_context`, such as `locale` or `reduced_motion`."""
        context = self.browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=color_scheme, **options
        )
        self.contexts.append(context)
        page = context.new_page()
        page.on("console", self.note_message)
        page.on("pageerror", self.note_error)
        return page

    def note_message(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.console_errors.append(f"{message.text} ({message.location.get('url', '')})")

    def note_error(self, error: Error) -> None:
        self.console_errors.append(str(error))

    def close(self) -> None:
        for context in self.contexts:
            context.close()
