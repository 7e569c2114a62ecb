"""Files in the inbox: chosen, dropped and pasted; shown, refused, tried again."""

import re
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from playwright.sync_api import Dialog, Locator, Page, WebSocketRoute, expect

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
  return element.dispatchEvent(event);
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
    thread = desk.page.locator("#thread")
    bubble = desk.texts.first
    bubble.evaluate(DROP, ["dragover", "a.txt", "a"])
    expect(thread).to_have_class(re.compile("drops"))
    bubble.evaluate(DROP, ["drop", "dropped.txt", "a"])
    expect(thread).not_to_have_class(re.compile("drops"))
    desk.composer.evaluate(DROP, ["paste", "pasted.txt", "b"])
    expect(files_of(desk.page)).to_contain_text(["dropped.txt", "pasted.txt"])
    expect(desk.page.locator(".upload")).to_have_count(0)


def test_a_file_beside_the_thread_is_not_opened_by_the_browser(desk: Desk) -> None:
    for place in (".list", ".rail"):
        for kind in ("dragover", "drop"):
            assert desk.page.locator(place).evaluate(DROP, [kind, "a.txt", "a"]) is False
    expect(desk.page.locator(".drops")).to_have_count(0)
    desk.page.get_by_role("button", name="Resolve").click()
    expect(desk.page.locator(".upload")).to_have_count(0)


def test_a_picture_of_the_thread_is_not_sent_again(desk: Desk) -> None:
    choose(desk.page, ("chair.png", PNG))
    expect(files_of(desk.page)).to_have_count(1)
    drag = "(image, kind) => image.dispatchEvent(new DragEvent(kind, { bubbles: true }))"
    picture = desk.page.get_by_role("img", name="chair.png")
    picture.evaluate(drag, "dragstart")
    desk.composer.evaluate(DROP, ["drop", "chair.png", "a"])
    picture.evaluate(drag, "dragend")
    desk.composer.evaluate(DROP, ["drop", "other.txt", "a"])
    expect(files_of(desk.page).last).to_contain_text("other.txt")
    expect(files_of(desk.page)).to_have_count(2)


def test_of_pasted_cells_the_text_is_taken(desk: Desk) -> None:
    cells = """
    (box) => {
      const data = new DataTransfer();
      data.items.add(new File(["x"], "cells.png", { type: "image/png" }));
      data.setData("text/plain", "1 2");
      data.setData("text/html", "<table><tr><td>1<td>2</table>");
      return box.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
    }
    """
    assert desk.composer.evaluate(cells) is True  # the browser puts it in
    expect(desk.page.locator(".upload")).to_have_count(0)


def test_what_is_too_large_is_said_and_can_be_discarded(desk: Desk) -> None:
    choose(desk.page, ("large.bin", bytes(10 * MB + 1)))
    upload = desk.page.locator(".upload")
    expect(upload).to_contain_text("Not sent. The request body is too large.")
    upload.get_by_role("button", name="Discard").click()
    expect(upload).to_have_count(0)
    expect(files_of(desk.page)).to_have_count(0)


def test_what_could_not_be_sent_is_sent_once_when_it_is_tried_again(desk: Desk) -> None:
    desk.page.route("**/upload/", lambda route: route.abort(), times=1)
    choose(desk.page, ("chair.png", PNG))
    upload = desk.page.locator(".upload")
    expect(upload).to_contain_text("The server can't be reached.")
    upload.get_by_role("button", name="Try again").click()
    expect(desk.composer).to_be_focused()
    expect(upload).to_have_count(0)
    expect(files_of(desk.page)).to_have_count(1)


def test_what_was_stored_but_not_answered_is_there_once(desk: Desk) -> None:
    desk.page.route("**/upload/", lambda route: (route.fetch(), route.abort()), times=1)
    choose(desk.page, ("chair.png", PNG))
    expect(files_of(desk.page)).to_have_count(1)
    expect(desk.page.locator(".upload")).to_have_count(0)
    expect(desk.page.locator(".toast")).to_have_count(0)


def test_a_busy_server_is_asked_again(desk: Desk) -> None:
    busy = {"status": 503, "json": {"code": "BUSY", "detail": "Too much is waiting."}, "headers": {"Retry-After": "1"}}
    desk.page.route("**/upload/", lambda route: route.fulfill(**busy), times=2)
    choose(desk.page, ("chair.png", PNG))
    expect(files_of(desk.page)).to_have_count(1)


def test_files_go_on_while_another_thread_is_read(desk: Desk, server: Server) -> None:
    """Also what failed waits there; the page asks before it is left."""
    other = f"Another one {uuid4().hex}"
    new_visitor(server).write_first(other)
    outcomes = iter(["abort"])  # not `times=1`: the next file follows at once, while the route is taken away
    desk.page.route("**/upload/", lambda route: getattr(route, next(outcomes, "continue_"))())
    choose(desk.page, ("lost.png", PNG), ("chair.png", PNG))
    expect(files_of(desk.page)).to_have_count(1)
    first = str(desk.page.url)
    desk.open(other)
    expect(desk.page.locator(".upload")).to_have_count(0)
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    desk.page.once("dialog", stay)
    desk.page.close(run_before_unload=True)
    desk.page.wait_for_timeout(500)
    assert asked == ["beforeunload"]
    desk.page.locator(f'.row-link[href="{urlsplit(first).path}"]').click()
    expect(desk.page.locator(".upload")).to_contain_text("lost.png")
    desk.page.locator(".upload").get_by_role("button", name="Discard").click()
    expect(desk.composer).to_be_focused()
    expect(desk.page.locator(".upload")).to_have_count(0)


def test_a_file_is_said_to_be_sent_until_its_message_comes(
    page_factory: Pages, server: Server, visitor: Visitor
) -> None:
    held = []

    def relay(socket: WebSocketRoute) -> None:
        """Holds back the files."""
        upstream = socket.connect_to_server()
        upstream.on_message(lambda frame: held.append(frame) if "chair.png" in str(frame) else socket.send(frame))

    page = page_factory()
    page.route_web_socket("**/ws/inbox/", relay)
    visitor.write_first("Is it held back?")
    desk = Desk(page, server)
    desk.open("Is it held back?")
    choose(page, ("chair.png", PNG))
    expect(page.locator(".upload")).to_contain_text(re.compile("chair.png *Sent"))
    expect(files_of(page)).to_have_count(0)
    page.reload()
    expect(files_of(page)).to_have_count(1)
    expect(page.locator(".upload")).to_have_count(0)


def test_a_long_and_a_right_to_left_name_break_nothing(page_factory: Pages, server: Server, visitor: Visitor) -> None:
    visitor.write_first("Send it to my phone")
    desk = Desk(page_factory(390, 844, "dark"), server)
    desk.open("Send it to my phone")
    choose(desk.page, ("x" * 200 + ".pdf", b"a"), ("صورة الطاولة.pdf", b"b"))
    expect(files_of(desk.page)).to_have_count(2)
    assert desk.page.evaluate("document.documentElement.scrollWidth") == 390
