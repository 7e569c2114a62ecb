"""The demo shop's pages at work, with the widget from another origin and the console free of errors."""

import re

import pytest
from playwright.sync_api import expect

from tests.pages import Pages
from tests.server import Server
from tests.widget import Widget

pytestmark = pytest.mark.page_only

PAGES = ["/demo/", "/demo/app/", "/demo/strict/", "/demo/strict/?dynamic", "/demo/tags/", "/demo/rtl/"]


@pytest.mark.parametrize("path", PAGES)
def test_the_chat_works_on_it(page_factory: Pages, server: Server, path: str) -> None:
    chat = Widget(page_factory(), server).visit(path).open()
    chat.write("Does it dim?")
    expect(chat.log).to_contain_text("Does it dim?")
    expect(chat.log).to_contain_text(re.compile("Sent|أرسلت"))
    assert page_factory.console_errors == []


@pytest.mark.parametrize("path", [*PAGES, "/demo/app/basket/"])
@pytest.mark.parametrize("width", [320, 390, 1280])
def test_it_fits(page_factory: Pages, server: Server, path: str, width: int) -> None:
    page = Widget(page_factory(width, 800), server).visit(path).page
    assert page.evaluate("document.documentElement.scrollWidth") == width


def test_the_app_is_walked_through_with_the_chat_open(page_factory: Pages, server: Server) -> None:
    chat = Widget(page_factory(1280, 960), server).visit("/demo/app/").open()  # high enough to show the links
    chat.write("Before the walk")
    expect(chat.log).to_contain_text("Sent")
    page = chat.page
    walk = {"Workshop": "workshop/", "Basket": "basket/", "Delivery": "delivery/", "Lamps": ""}
    for link, path in walk.items():
        page.get_by_role("navigation", name="Shop").get_by_role("link", name=link).click()
        expect(page).to_have_url(re.compile(f"/demo/app/{path}$"))
        expect(page.get_by_role("main").get_by_role("heading", level=1, name=link)).to_be_visible()
        expect(chat.log).to_contain_text("Before the walk")
    for heading in ("Delivery", "Basket", "Workshop"):
        page.go_back()
        expect(page.get_by_role("main").get_by_role("heading", level=1, name=heading)).to_be_visible()
    page.go_forward()
    expect(page).to_have_title(re.compile("Basket"))
    expect(chat.log).to_contain_text("Before the walk")
    chat.write("After the walk")
    expect(chat.log).to_contain_text("After the walk")
    expect(page.locator("pingback-widget")).to_have_count(1)
    assert page_factory.console_errors == []


def test_the_tag_manager_may_fire_twice(page_factory: Pages, server: Server) -> None:
    chat = Widget(page_factory(), server).visit("/demo/tags/").open()
    with chat.page.expect_request_finished(lambda request: request.url == f"{server.url}/widget.js"):
        chat.page.mouse.move(300, 300)
        chat.page.mouse.wheel(0, 400)
    expect(chat.page.locator("#fired li")).to_have_count(2)
    expect(chat.page.locator("pingback-widget")).to_have_count(1)
    expect(chat.dialog).to_be_visible()
    assert page_factory.console_errors == []
