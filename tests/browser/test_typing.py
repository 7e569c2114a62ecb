"""Who is typing, in the inbox and from it. The visitor is a bare socket."""

import time

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.clients import Peer, Visitor, new_visitor
from tests.desk import Desk
from tests.pages import Pages
from tests.server import Server

RELAYED_AGAIN_AFTER = 1.1  # the server passes typing on once a second


@pytest.fixture
def visitor(server: Server) -> Visitor:
    return new_visitor(server)


def open_thread(page: Page, server: Server, visitor: Visitor, text: str) -> tuple[Desk, int]:
    """The visitor's conversation in the inbox, whose clock obeys `page.clock`, and its id."""
    conversation_id: int = visitor.write_first(text)["conversation_id"]
    page.clock.install()
    desk = Desk(page, server)
    desk.open(text)
    return desk, conversation_id


def notice(page: Page) -> Locator:
    return page.get_by_role("main").get_by_text("is typing")


def types(peer: Peer, conversation_id: int, *, is_typing: bool = True) -> None:
    peer.send("typing", conversation_id=conversation_id, is_typing=is_typing)


def place(bubble: Locator) -> tuple[float, float]:
    box = bubble.bounding_box()
    assert box
    return box["x"], box["y"]


def test_the_inbox_shows_that_the_visitor_types_and_moves_no_bubble(
    page_factory: Pages, server: Server, visitor: Visitor
) -> None:
    page = page_factory()
    _, conversation_id = open_thread(page, server, visitor, "Is the Heron in brass?")
    bubble = page.get_by_role("log").get_by_text("Is the Heron in brass?")
    before = place(bubble)
    expect(notice(page)).to_be_hidden()
    with visitor.connect() as peer:
        types(peer, conversation_id)
        expect(notice(page)).to_be_visible()
        name = page.get_by_role("main").get_by_role("heading").inner_text()
        expect(page.get_by_role("main").get_by_role("status")).to_have_text(f"{name} is typing")
        assert place(bubble) == before
        types(peer, conversation_id, is_typing=False)
        expect(notice(page)).to_be_hidden()
        assert place(bubble) == before
    assert page_factory.console_errors == []


def test_it_is_gone_after_six_seconds_or_with_the_message(
    page_factory: Pages, server: Server, visitor: Visitor
) -> None:
    page = page_factory()
    _, conversation_id = open_thread(page, server, visitor, "Is the Heron in copper?")
    with visitor.connect() as peer:
        types(peer, conversation_id)
        expect(notice(page)).to_be_visible()
        page.clock.fast_forward(4_000)
        expect(notice(page)).to_be_visible()
        page.clock.fast_forward(2_000)
        expect(notice(page)).to_be_hidden()

        time.sleep(RELAYED_AGAIN_AFTER)
        types(peer, conversation_id)
        expect(notice(page)).to_be_visible()
        peer.post("Or in steel?", conversation_id=conversation_id)
        expect(page.get_by_role("log")).to_contain_text("Or in steel?")
        expect(notice(page)).to_be_hidden(timeout=1_000)


def test_typing_in_another_conversation_is_not_shown(page_factory: Pages, server: Server, visitor: Visitor) -> None:
    page = page_factory()
    other = visitor.write_first("Is the Heron in glass?")["conversation_id"]
    desk, conversation_id = open_thread(page, server, new_visitor(server), "Is the Heron in wood?")
    with visitor.connect() as peer:
        types(peer, other)
        peer.post("Or in gold?", conversation_id=other)
        expect(desk.row("Or in gold?")).to_be_visible()  # so the typing has arrived, too
        expect(notice(page)).to_be_hidden()
    assert conversation_id != other


def test_the_visitor_hears_that_the_agent_types_and_that_it_is_over(
    page_factory: Pages, server: Server, visitor: Visitor
) -> None:
    page = page_factory()
    desk, conversation_id = open_thread(page, server, visitor, "Is the Heron in stone?")
    reply = desk.composer

    with visitor.connect() as peer:

        def hears(is_typing: bool) -> None:
            told = peer.expect("typing")
            assert (told["conversation_id"], told["is_typing"]) == (conversation_id, is_typing)
            assert (told["sender_type"], told["name"]) == ("agent", "Adam Agent")
            time.sleep(RELAYED_AGAIN_AFTER if is_typing else 0)

        reply.press_sequentially("It is")
        hears(True)
        reply.press_sequentially(" not")  # within three seconds nothing is said again
        page.clock.fast_forward(3_000)
        reply.press_sequentially(", but")
        hears(True)
        page.clock.fast_forward(5_000)
        hears(False)

        time.sleep(RELAYED_AGAIN_AFTER)
        reply.press_sequentially(" soon")
        hears(True)
        reply.fill("")
        hears(False)

        page.clock.fast_forward(3_000)
        time.sleep(RELAYED_AGAIN_AFTER)
        reply.press_sequentially("No")
        hears(True)
        reply.press("Enter")
        hears(False)
        said = [frame["is_typing"] for frame in peer.seen if frame["type"] == "typing"]
        assert said == [True, True, False, True, False, True, False]


def test_leaving_a_thread_ends_the_typing(page_factory: Pages, server: Server, visitor: Visitor) -> None:
    page = page_factory()
    new_visitor(server).write_first("Is the Heron in paper?")
    desk, _ = open_thread(page, server, visitor, "Is the Heron in cloth?")
    with visitor.connect() as peer:
        desk.composer.press_sequentially("It")
        assert peer.expect("typing")["is_typing"]
        desk.open("Is the Heron in paper?")
        assert not peer.expect("typing")["is_typing"]


def test_the_dots_rest_where_motion_is_not_wanted(page_factory: Pages, server: Server, visitor: Visitor) -> None:
    page = page_factory(reduced_motion="reduce")
    _, conversation_id = open_thread(page, server, visitor, "Is the Heron in cork?")
    with visitor.connect() as peer:
        types(peer, conversation_id)
        expect(notice(page)).to_be_visible()
        dot = page.locator(".typing-dots i").first
        expect(dot).to_have_css("animation-name", "none")
        page.emulate_media(reduced_motion="no-preference")
        expect(dot).to_have_css("animation-name", "typing-dot")
