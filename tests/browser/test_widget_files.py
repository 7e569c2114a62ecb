"""Files in the widget: sent, shown, downloaded, refused, tried again."""

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from tests.axe import faults
from tests.browser.test_uploads import DROP
from tests.conversations.samples import MB, PNG, SVG
from tests.desk import Desk
from tests.pages import Pages
from tests.server import Server
from tests.widget import Widget


@pytest.fixture
def chat(page_factory: Pages, server: Server) -> Widget:
    """In a conversation: files need one."""
    return begun(Widget(page_factory(), server).visit().open())


def begun(chat: Widget) -> Widget:
    chat.write("I have a picture")
    expect(attach(chat)).to_be_visible()
    return chat


def attach(chat: Widget) -> Locator:
    return chat.dialog.get_by_role("button", name=re.compile("Attach files|إرفاق ملفات"))


def choose(chat: Widget, *files: tuple[str, bytes]) -> None:
    payloads: Any = [{"name": name, "mimeType": "x/y", "buffer": content} for name, content in files]
    chat.dialog.locator("input[type=file]").set_input_files(payloads)


def test_files_of_both_sides_are_shown_and_can_be_downloaded(chat: Widget, page_factory: Pages) -> None:
    choose(chat, ("chair.png", PNG), ("drawing.svg", SVG))
    expect(chat.log.get_by_role("img", name="chair.png")).to_have_js_property("naturalWidth", 1)
    svg = chat.log.get_by_role("link", name="drawing.svg")
    with chat.page.expect_download() as download:
        svg.click()
    assert download.value.suggested_filename == "drawing.svg"
    desk = Desk(page_factory(), chat.server)
    desk.page.goto(f"{chat.server.url}/inbox/{chat.newest_conversation()}/")
    desk.page.locator(".composer input[type=file]").set_input_files(
        {"name": "answer.png", "mimeType": "x/y", "buffer": PNG}
    )
    expect(chat.log.get_by_role("img", name="answer.png")).to_be_visible()
    assert faults(chat.page, "pingback-widget") == []
    chat.page.reload()
    chat.open()
    expect(chat.log.get_by_role("img")).to_have_count(2)
    expect(chat.log.locator(".bubble:visible")).to_have_text(["I have a picture"])
    assert page_factory.console_errors == []


def test_a_new_conversation_takes_words_first(page_factory: Pages, server: Server) -> None:
    chat = Widget(page_factory(), server).visit().open()
    expect(attach(chat)).to_have_count(0)
    begun(chat)
    chat.dialog.get_by_role("button", name="All conversations").click()
    chat.dialog.get_by_role("button", name="New conversation").click()
    expect(attach(chat)).to_be_hidden()


def test_files_are_dropped_and_pasted(chat: Widget) -> None:
    chat.dialog.evaluate(DROP, ["drop", "dropped.txt", "a"])
    chat.composer.evaluate(DROP, ["paste", "pasted.txt", "b"])
    expect(chat.log.get_by_role("link")).to_have_text(["dropped.txt", "pasted.txt"])


def test_what_is_too_large_is_said_and_what_failed_is_sent_once_when_tried_again(chat: Widget) -> None:
    uploads = chat.dialog.locator(".uploads li")
    choose(chat, ("large.bin", bytes(10 * MB + 1)))
    expect(uploads).to_contain_text("Not sent. The request body is too large.")
    uploads.get_by_role("button", name="Discard").click()
    expect(uploads).to_have_count(0)
    chat.page.route("**/upload", lambda route: (route.fetch(), route.abort()), times=1)  # stored, but not answered
    choose(chat, ("chair.png", PNG))
    uploads.get_by_role("button", name="Try again").click()
    expect(uploads).to_have_count(0)
    expect(chat.log.get_by_role("img", name="chair.png")).to_have_count(1)


@pytest.mark.parametrize("path", ["/demo/strict/", "/demo/rtl/"])
def test_on_pages_with_a_strict_policy_or_from_right_to_left(page_factory: Pages, server: Server, path: str) -> None:
    chat = begun(Widget(page_factory(390, 844, "dark"), server).visit(path).open())
    choose(chat, ("chair.png", PNG), ("x" * 120 + ".pdf", b"a"))
    expect(chat.log.get_by_role("link")).to_have_count(2)
    box = chat.log.get_by_role("link").last.bounding_box()
    assert box
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390
    with chat.page.expect_download():
        chat.log.get_by_role("link").last.click()
