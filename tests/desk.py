"""The inbox in a real browser: what an agent sees and does."""

import re

from playwright.sync_api import Locator, Page, expect

from tests.server import Server


def sign_in(page: Page, person: dict[str, str]) -> None:
    page.get_by_label("E-mail").fill(person["email"])
    page.get_by_label("Password").fill(person["password"])
    page.get_by_role("button", name="Sign in").click()


# What htmx has just put in hears nothing for 20 ms: no hand is that quick, but a test is.
SETTLING = ".htmx-request, .htmx-swapping, .htmx-settling, .htmx-added"


class Desk:
    """An open inbox of one of the demo's people ("agent" or "owner")."""

    def __init__(self, page: Page, server: Server, who: str = "agent") -> None:
        self.page = page
        page.goto(f"{server.url}/")
        sign_in(page, server.demo()[who])
        expect(page.locator(".listing h2")).to_have_text("Open")
        expect(page.locator("#inbox")).to_have_attribute("data-connection", "ready")

    def go(self, listing: str) -> None:
        self.page.get_by_role("navigation", name="Lists").get_by_role("link", name=re.compile(f"^{listing}")).click()
        expect(self.page.locator(".listing h2")).to_have_text(listing)

    def row(self, text: str) -> Locator:
        return self.page.get_by_role("region", name="Conversations").get_by_role("listitem").filter(has_text=text)

    def open(self, text: str) -> None:
        self.row(text).get_by_role("link").click()
        expect(self.page.get_by_role("log")).to_contain_text(text)
        expect(self.page.locator(SETTLING)).to_have_count(0)

    def write(self, content: str) -> None:
        self.composer.fill(content)
        self.composer.press("Enter")

    @property
    def texts(self) -> Locator:
        """What was said in the open conversation."""
        return self.page.locator(".bubble-text")

    @property
    def composer(self) -> Locator:
        return self.page.get_by_role("textbox", name="Your reply")

    @property
    def assignee(self) -> Locator:
        return self.page.get_by_role("combobox", name="Assigned to")

    def focused(self) -> str:
        return str(self.page.evaluate("document.activeElement.id || document.activeElement.ariaLabel"))
