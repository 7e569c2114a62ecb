"""Files in the inbox: chosen, dropped and pasted; shown, refused, tried again."""

import re
from uuid import uuid4

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.clients import Visitor, new_visitor
from tests.conversations.samples import MB, PNG, SVG
from tests.desk import Desk
from tests.pages import Pages
from tests.server import Server

DROP = """
(element, [kind, name, text]) => {
  const data = new DataTransfer();
  data.items.add(new File([text], name, { type: "text/plain" }));
  const event = kind === "paste"
    ? new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true })
    : new DragEvent(kind, { dataTransfer: data, bubbles: true, cancelable: true });
  element.dispatchEvent(event);
}
"""


@pytest.fixture
def visitor(server: Server) -> Visitor:
    return new_visitor(server)


@pytest.fixture
def desk(page_factory: Pages, server: Server, visitor: Visitor) -> Desk:
    question = f"A picture, please {uuid4().hex}"
    visitor.write_first(question)
    desk = Desk(page_factory(), server)
    desk.open(question)
    return desk


def choose(page: Page, *files: tuple[str, bytes]) -> None:
    payloads = [{"name": name, "mimeType": "application/octet-stream", "buffer": content} for name, content in files]
    page.locator(".composer input[type=file]").set_input_files(payloads)  # type: ignore[arg-type]


def files_of(page: Page) -> Locator:
    return page.locator(".bubble-file")


def test_an_image_is_shown_and_other_files_can_be_downloaded(desk: Desk, visitor: Visitor) -> None:
    with visitor.connect() as browser:
        choose(desk.page, ("chair.png", PNG), ("drawing.svg", SVG))
        assert [browser.expect("message")["attachments"][0]["name"] for _ in range(2)] == ["chair.png", "drawing.svg"]
    for _ in ("at once", "after a reload"):
        expect(files_of(desk.page)).to_have_count(2)
        expect(desk.page.get_by_role("img", name="chair.png")).to_be_visible()
        expect(desk.page.get_by_role("img", name="chair.png")).to_have_js_property("naturalWidth", 1)
        expect(files_of(desk.page).last).to_contain_text("drawing.svg")
        expect(desk.page.locator(".bubble-text:visible")).to_have_text([re.compile("A picture, please")])
        desk.page.reload()
    with desk.page.expect_download() as download:
        files_of(desk.page).last.get_by_role("link").click()
    assert download.value.suggested_filename == "drawing.svg"


def test_files_are_dropped_and_pasted(desk: Desk) -> None:
    thread = desk.page.locator(".conversation")
    thread.evaluate(DROP, ["dragover", "a.txt", "a"])
    expect(thread).to_have_class(re.compile("drops"))
    thread.evaluate(DROP, ["drop", "dropped.txt", "a"])
    expect(thread).not_to_have_class(re.compile("drops"))
    desk.composer.evaluate(DROP, ["paste", "pasted.txt", "b"])
    expect(files_of(desk.page)).to_contain_text(["dropped.txt", "pasted.txt"])
    expect(desk.page.locator(".upload")).to_have_count(0)


def test_what_is_too_large_is_said_and_can_be_discarded(desk: Desk) -> None:
    choose(desk.page, ("large.bin", bytes(10 * MB + 1)))
    upload = desk.page.locator(".upload")
    expect(upload).to_contain_text("Not sent. The request body is too large.")
    upload.get_by_role("button", name="Discard").click()
    expect(upload).to_have_count(0)
    expect(files_of(desk.page)).to_have_count(0)


def test_what_could_not_be_sent_is_sent_once_when_it_is_tried_again(desk: Desk) -> None:
    desk.page.route("**/upload/", lambda route: (route.fetch(), route.abort()), times=1)  # stored, but not answered
    choose(desk.page, ("chair.png", PNG))
    upload = desk.page.locator(".upload")
    expect(upload).to_contain_text("The server can't be reached.")
    upload.get_by_role("button", name="Try again").click()
    expect(upload).to_have_count(0)
    expect(files_of(desk.page)).to_have_count(1)


def test_a_long_and_a_right_to_left_name_break_nothing(page_factory: Pages, server: Server, visitor: Visitor) -> None:
    visitor.write_first("Send it to my phone")
    desk = Desk(page_factory(390, 844, "dark"), server)
    desk.open("Send it to my phone")
    choose(desk.page, ("x" * 200 + ".pdf", b"a"), ("صورة الطاولة.pdf", b"b"))
    expect(files_of(desk.page)).to_have_count(2)
    assert desk.page.evaluate("document.documentElement.scrollWidth") == 390
