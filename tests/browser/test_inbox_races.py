"""The inbox while answers are late or lost, lines break, and frames overtake each other: it ends up right by itself."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, Route, WebSocketRoute, expect

from tests.browser.test_inbox import LONG_AGO, MANY_MORE, wait_in, writes
from tests.clients import Peer, Visitor
from tests.conftest import MakeServer
from tests.desk import Desk, sign_in
from tests.pages import Pages
from tests.server import Server

PATIENCE = 12_000  # ms: a list that could not be had is asked for again after five seconds


class Line:
    """The page's socket, between browser and server. Frames for which `holds_up` or `holds_down` is true stay here."""

    def __init__(self, page: Page) -> None:
        self.is_cut = False
        self.holds_up: Callable[[str], bool] = lambda frame: False
        self.holds_down: Callable[[str], bool] = lambda frame: False
        self.held: list[Callable[[], Any]] = []
        page.route_web_socket(re.compile("/ws/inbox/"), self.connect)

    def connect(self, browser: WebSocketRoute) -> None:
        self.browser = browser
        if self.is_cut:
            browser.close(code=1012)
            return
        server = browser.connect_to_server()
        browser.on_message(lambda frame: self.passes(str(frame), self.holds_up, server.send))
        server.on_message(lambda frame: self.passes(str(frame), self.holds_down, browser.send))

    def passes(self, frame: str, holds: Callable[[str], bool], send: Callable[[str], Any]) -> None:
        if holds(frame):
            self.held.append(lambda: send(frame))
        else:
            send(frame)

    def release(self) -> None:
        self.holds_up = self.holds_down = lambda frame: False
        for send in self.held:
            send()

    def cut(self) -> None:
        self.is_cut = True
        self.browser.close(code=1012)


def hold(page: Page, address: str) -> Callable[[], None]:
    """The first answer is made at once and comes when the returned function is called."""
    held: list[Callable[[], None]] = []

    def answer(route: Route) -> None:
        response = route.fetch()
        held.append(lambda: route.fulfill(response=response))

    def release() -> None:
        wait_in(page, lambda: bool(held))
        held.pop()()

    page.route(re.compile(address), answer, times=1)
    return release


def own_conversation(visitor: Peer) -> int:
    return int(visitor.seen[0]["id"])


@pytest.fixture
def desk(page_factory: Pages, server: Server) -> Desk:
    return Desk(page_factory(), server)


@pytest.fixture
def line_and_desk(page_factory: Pages, server: Server) -> tuple[Line, Desk]:
    page = page_factory()
    return Line(page), Desk(page, server)


def test_the_end_of_a_list_that_is_reached_offline_holds_up_nothing(
    page_factory: Pages, make_server: MakeServer
) -> None:
    server = make_server()
    writes(server, "The newest")
    server.site.manage("shell", "--no-imports", "-c", MANY_MORE)
    desk = Desk(page_factory(), server)
    desk.page.wait_for_load_state("networkidle")
    desk.page.context.set_offline(True)
    desk.page.get_by_text("Loading more").scroll_into_view_if_needed()
    desk.page.wait_for_timeout(500)
    desk.page.context.set_offline(False)
    expect(desk.page.locator(".row")).to_have_count(100, timeout=PATIENCE)
    writes(server, "After the tunnel")
    expect(desk.row("After the tunnel")).to_be_visible()


def test_a_message_that_comes_while_a_list_is_drawn_is_shown_in_it(desk: Desk, server: Server) -> None:
    desk.go("Mine")
    release = hold(desk.page, r"/inbox/$")
    lists = desk.page.get_by_role("navigation", name="Lists")
    lists.get_by_role("link", name="Open", exact=True).click(no_wait_after=True)
    desk.page.wait_for_timeout(500)
    writes(server, "Between drawing and showing")
    desk.page.wait_for_timeout(500)
    release()
    expect(desk.row("Between drawing and showing")).to_be_visible()


def test_a_list_that_could_not_be_fetched_is_fetched_later(line_and_desk: tuple[Line, Desk], server: Server) -> None:
    line, desk = line_and_desk
    desk.page.wait_for_timeout(1_500)
    line.cut()
    writes(server, "Missed by a broken line")
    desk.page.route(re.compile("/inbox/list/"), lambda route: route.fulfill(status=503), times=1)
    line.is_cut = False
    expect(desk.row("Missed by a broken line")).to_be_visible(timeout=PATIENCE)
    expect(desk.page.locator(".toast")).to_have_count(0)


def test_a_late_answer_does_not_put_an_old_head_back(desk: Desk, server: Server) -> None:
    visitor = writes(server, "Resolve me")
    desk.open("Resolve me")
    release = hold(desk.page, r"/resolve/$")
    desk.page.get_by_role("button", name="Resolve").click(no_wait_after=True)
    expect(desk.page.locator(".status")).to_have_text("Resolved")
    with visitor.connect() as browser:
        browser.post("But wait", conversation_id=own_conversation(browser))
    expect(desk.page.locator(".status")).to_have_text("Open")
    with desk.page.expect_response(re.compile("/resolve/$")):
        release()
    desk.page.wait_for_timeout(300)
    expect(desk.page.locator(".status")).to_have_text("Open")
    expect(desk.page.get_by_role("button", name="Undo")).to_have_count(0)


def test_what_was_read_into_a_dying_line_is_read_again(line_and_desk: tuple[Line, Desk], server: Server) -> None:
    line, desk = line_and_desk
    visitor = writes(server, "Please read me")
    line.holds_up = lambda frame: '"read"' in frame
    desk.open("Please read me")
    wait_in(desk.page, lambda: bool(line.held))
    line.holds_up = lambda frame: False
    line.browser.close(code=1012)
    wait_in(desk.page, lambda: seen_by_agents(visitor) == 1)


def seen_by_agents(visitor: Visitor) -> int:
    with visitor.connect() as browser:
        return int(browser.seen[0]["agent_read_seq"])


def test_a_row_does_not_go_back_in_time(line_and_desk: tuple[Line, Desk], page_factory: Pages, server: Server) -> None:
    line, desk = line_and_desk
    other = Desk(page_factory(), server, "owner")
    visitor = writes(server, "Which oil?")
    expect(desk.row("Which oil?")).to_be_visible()
    desk.page.wait_for_timeout(1_500)
    line.holds_down = lambda frame: '"message"' in frame and "For oak" in frame
    with visitor.connect() as browser:
        browser.post("For oak", conversation_id=own_conversation(browser))
    other.open("For oak")
    other.write("Linseed")
    expect(desk.row("Linseed")).to_be_visible()
    line.release()
    desk.page.wait_for_timeout(500)
    expect(desk.row("Linseed")).to_be_visible()
    expect(desk.row("Linseed")).not_to_have_class(re.compile("row-unread"))


def test_a_thread_that_is_drawn_while_the_hello_is_out_misses_nothing(
    line_and_desk: tuple[Line, Desk], server: Server
) -> None:
    line, desk = line_and_desk
    visitor = writes(server, "Drawn too early")
    expect(desk.row("Drawn too early")).to_be_visible()
    line.holds_up = lambda frame: '"hello"' in frame
    line.browser.close(code=1012)
    wait_in(desk.page, lambda: bool(line.held))
    desk.open("Drawn too early")
    with visitor.connect() as browser:
        browser.post("Lost?", conversation_id=own_conversation(browser))
    line.release()
    expect(desk.texts).to_have_text(["Drawn too early", "Lost?"])


def test_an_unsent_answer_outlives_the_end_of_the_session(desk: Desk, server: Server) -> None:
    page = desk.page
    page.on("dialog", lambda dialog: dialog.accept())
    writes(server, "Do not lose the answer")
    desk.open("Do not lose the answer")
    page.context.set_offline(True)
    desk.write("An important answer")
    page.context.clear_cookies(name="sessionid")
    page.context.set_offline(False)
    expect(page.locator("#connection")).to_contain_text("What you wrote is still here", timeout=PATIENCE)
    page.get_by_role("link", name="Sign in").click()
    sign_in(page, server.demo()["agent"])
    expect(desk.texts).to_have_text(["Do not lose the answer", "An important answer"])
    expect(page.locator(".bubble-state").last).to_have_text("Sent")
    page.reload()
    expect(desk.texts).to_have_text(["Do not lose the answer", "An important answer"])


def test_a_page_acts_for_the_person_it_was_drawn_for_or_not_at_all(
    line_and_desk: tuple[Line, Desk], server: Server
) -> None:
    line, desk = line_and_desk
    writes(server, "Who answers?")
    desk.open("Who answers?")
    line.cut()
    desk.write("I am Adam")
    other = desk.page.context.new_page()
    other.goto(f"{server.url}/inbox/")
    other.get_by_role("button", name="Sign out").click()
    sign_in(other, server.demo()["owner"])
    expect(other.locator(".listing h2")).to_have_text("Open")
    line.is_cut = False
    desk.page.evaluate("dispatchEvent(new Event('online'))")
    expect(desk.page.locator("#connection")).to_contain_text("What you wrote is still here", timeout=PATIENCE)
    expect(desk.composer).to_be_hidden()
    expect(desk.texts.first).to_be_hidden()
    desk.page.locator(".resolve button").dispatch_event("click")
    desk.page.wait_for_timeout(500)
    expect(desk.page.locator(".status")).to_have_text("Open")
    other.locator(".row", has_text="Who answers?").get_by_role("link").click()
    expect(other.locator(".bubble-text")).to_have_text(["Who answers?"])


def test_a_message_that_was_refused_for_good_can_be_discarded(desk: Desk, server: Server) -> None:
    writes(server, "Too late")
    desk.open("Too late")
    server.site.manage("shell", "--no-imports", "-c", CLOSE_THE_NEWEST)
    desk.write("An answer to nobody")
    refused = desk.page.locator(".bubble[data-state='failed']")
    expect(refused).to_contain_text("Your message is still here")
    refused.get_by_role("button", name="Discard").click()
    expect(desk.texts).to_have_text(["Too late"])
    desk.page.reload()
    expect(desk.texts).to_have_text(["Too late"])


CLOSE_THE_NEWEST = """
from conversations.models import Conversation
Conversation.objects.filter(pk=Conversation.objects.latest("pk").pk).update(status="closed")
"""


def test_choosing_what_is_open_already_takes_back_the_choice_before(desk: Desk, server: Server) -> None:
    writes(server, "Stay with me")
    other = writes(server, "The other one")
    desk.open("Stay with me")
    with other.connect() as browser:
        release = hold(desk.page, f"/inbox/{own_conversation(browser)}/$")
    desk.row("The other one").get_by_role("link").click(no_wait_after=True)
    desk.row("Stay with me").get_by_role("link").click(no_wait_after=True)
    expect(desk.composer).to_be_focused()
    release()
    desk.page.wait_for_timeout(500)
    expect(desk.texts).to_have_text(["Stay with me"])


def test_a_conversation_that_could_not_be_opened_leaves_the_focus_on_its_row(desk: Desk, server: Server) -> None:
    writes(server, "Not now")
    desk.page.route(re.compile(r"/inbox/\d+/$"), lambda route: route.abort())
    desk.row("Not now").get_by_role("link").click()
    expect(desk.page.get_by_text("The server can't be reached.")).to_be_visible()
    expect(desk.row("Not now").get_by_role("link")).to_be_focused()


def test_earlier_messages_that_could_not_be_had_can_be_asked_for_again(desk: Desk, server: Server) -> None:
    writes(server, "m1")
    server.site.manage("shell", "--no-imports", "-c", LONG_AGO)
    desk.page.reload()
    desk.page.route("**/messages/?before=*", lambda route: route.abort(), times=1)
    desk.row("m1").first.get_by_role("link").click()
    older = desk.page.get_by_role("button", name="Load earlier messages")
    older.scroll_into_view_if_needed()
    expect(desk.page.get_by_text("The server can't be reached.")).to_be_visible()
    expect(desk.page.locator(".bubble")).to_have_count(100)
    older.click()
    expect(desk.page.locator(".bubble")).to_have_count(200)
    expect(desk.page.get_by_role("log")).not_to_have_attribute("aria-busy", "true")


def test_undo_goes_once_somebody_else_has_reopened(desk: Desk, page_factory: Pages, server: Server) -> None:
    writes(server, "Who undoes it?")
    other = Desk(page_factory(), server, "owner")
    for each in (desk, other):
        each.open("Who undoes it?")
    desk.page.get_by_role("button", name="Resolve").click()
    expect(desk.page.get_by_role("button", name="Undo")).to_be_visible()
    other.page.get_by_role("button", name="Reopen").click()
    expect(desk.page.get_by_role("button", name="Undo")).to_have_count(0)


def test_who_stays_instead_of_signing_out_keeps_everything(line_and_desk: tuple[Line, Desk], server: Server) -> None:
    line, desk = line_and_desk
    writes(server, "Stay a while")
    desk.open("Stay a while")
    line.cut()
    desk.write("Not sent yet")
    desk.composer.fill("half a thought")
    desk.page.once("dialog", lambda dialog: dialog.dismiss())
    desk.page.get_by_role("button", name="Sign out").click(no_wait_after=True)
    desk.page.wait_for_timeout(500)
    desk.page.once("dialog", lambda dialog: dialog.accept())
    desk.page.reload()
    expect(desk.composer).to_have_value("half a thought")
    expect(desk.texts).to_have_text(["Stay a while", "Not sent yet"])


def test_the_focus_of_a_row_that_leaves_goes_to_its_neighbour(desk: Desk, page_factory: Pages, server: Server) -> None:
    writes(server, "I stay here")
    writes(server, "I am taken")
    desk.go("Unassigned")
    desk.row("I am taken").get_by_role("link").focus()
    other = Desk(page_factory(), server, "owner")
    other.open("I am taken")
    other.assignee.select_option(index=1)
    expect(desk.row("I am taken")).to_have_count(0)
    expect(desk.row("I stay here").get_by_role("link")).to_be_focused()


def test_rows_that_were_fetched_before_a_message_do_not_hide_it_when_the_pointer_rests(
    desk: Desk, server: Server
) -> None:
    visitor = writes(server, "Before the pointer")
    expect(desk.row("Before the pointer")).to_be_visible()
    desk.page.wait_for_timeout(1_500)  # what was fetched is drawn
    box = desk.row("Before the pointer").bounding_box()
    assert box
    release = hold(desk.page, r"/inbox/list/")
    writes(server, "Makes the rows be fetched")
    desk.page.wait_for_timeout(300)
    desk.page.mouse.move(box["x"] + 40, box["y"] + 20)
    desk.page.mouse.move(box["x"] + 60, box["y"] + 30)
    release()
    desk.page.wait_for_timeout(300)  # the answer waits for the pointer to rest
    with visitor.connect() as browser:
        browser.post("After the answer", conversation_id=own_conversation(browser))
    expect(desk.row("After the answer")).to_be_visible()
    desk.page.wait_for_timeout(4_000)
    expect(desk.row("After the answer")).to_be_visible()


def test_the_signed_out_cover_stays_when_the_line_drops(desk: Desk, server: Server) -> None:
    writes(server, "Not for the next one")
    desk.open("Not for the next one")
    other = desk.page.context.new_page()
    other.goto(f"{server.url}/inbox/")
    other.get_by_role("button", name="Sign out").click()
    expect(desk.page.get_by_role("link", name="Sign in")).to_be_visible(timeout=PATIENCE)
    desk.page.context.set_offline(True)
    desk.page.wait_for_timeout(1_500)
    expect(desk.page.get_by_role("link", name="Sign in")).to_be_visible()
    expect(desk.texts.first).to_be_hidden()
    expect(desk.page).to_have_title("PingBack")
    desk.page.context.set_offline(False)


def test_the_later_choice_of_a_thread_and_a_list_counts(desk: Desk, server: Server) -> None:
    visitor = writes(server, "Chosen first")
    with visitor.connect() as browser:
        release = hold(desk.page, f"/inbox/{own_conversation(browser)}/$")
    desk.row("Chosen first").get_by_role("link").click(no_wait_after=True)
    desk.go("Resolved")
    release()
    desk.page.wait_for_timeout(500)
    expect(desk.page.locator(".conversation")).to_have_count(0)
    assert desk.page.url.endswith("/inbox/resolved/")


def test_back_says_so_when_the_server_can_not_be_reached(desk: Desk, server: Server) -> None:
    writes(server, "Go back to me")
    writes(server, "Come from me")
    desk.open("Go back to me")
    desk.open("Come from me")
    desk.page.route(re.compile(r"/inbox/\d+/$"), lambda route: route.abort(), times=1)
    desk.page.go_back()
    expect(desk.page.get_by_text("The server can't be reached.")).to_be_visible()
    desk.page.go_forward()
    desk.page.go_back()
    expect(desk.texts).to_have_text(["Go back to me"])


@pytest.mark.parametrize("fault", ["refused", "offline"])
def test_a_choice_that_was_not_stored_is_not_shown(desk: Desk, server: Server, fault: str) -> None:
    writes(server, f"Not stored: {fault}")
    desk.open(f"Not stored: {fault}")
    answer = {"refused": lambda route: route.fulfill(status=403), "offline": lambda route: route.abort()}[fault]
    desk.page.route(re.compile("/(assign|presence)/$"), answer)
    desk.assignee.select_option(index=1)
    expect(desk.assignee).to_have_value("")
    own = desk.page.get_by_role("combobox", name="Your status")
    own.select_option("away")
    expect(own).to_have_value("live")
    expect(desk.page.locator(".toast")).to_be_visible()


def test_what_comes_under_what_is_being_read_is_unread_in_the_list(desk: Desk, server: Server) -> None:
    visitor = writes(server, "m1")
    server.site.manage("shell", "--no-imports", "-c", LONG_AGO)
    desk.page.reload()
    desk.row("m1").first.get_by_role("link").click()
    desk.page.get_by_role("log").evaluate("log => log.scrollTo(0, -1000)")
    with visitor.connect() as browser:
        browser.post("Did you see this?", conversation_id=own_conversation(browser))
    row = desk.row("Did you see this?")
    expect(row).to_have_class(re.compile("row-unread"))
    desk.page.get_by_role("button", name="New messages").click()
    expect(row).not_to_have_class(re.compile("row-unread"))


def test_a_mark_that_overtakes_a_message_counts(
    line_and_desk: tuple[Line, Desk], page_factory: Pages, server: Server
) -> None:
    line, desk = line_and_desk
    visitor = writes(server, "Read elsewhere")
    other = Desk(page_factory(), server, "owner")
    other.open("Read elsewhere")
    expect(desk.row("Read elsewhere")).not_to_have_class(re.compile("row-unread"))
    line.holds_down = lambda frame: '"message"' in frame and "And this" in frame
    with visitor.connect() as browser:
        browser.post("And this", conversation_id=own_conversation(browser))
    expect(other.texts.last).to_have_text("And this")
    desk.page.wait_for_timeout(1_500)
    line.release()
    desk.page.wait_for_timeout(500)
    expect(desk.row("And this")).not_to_have_class(re.compile("row-unread"))


def test_the_focus_stays_where_the_keyboard_was(desk: Desk, server: Server) -> None:
    """After older messages have come, and when one is signed out."""
    writes(server, "m1")
    server.site.manage("shell", "--no-imports", "-c", LONG_AGO)
    desk.page.reload()
    desk.page.route("**/messages/?before=*", lambda route: route.abort(), times=1)
    desk.row("m1").first.get_by_role("link").click()
    older = desk.page.get_by_role("button", name="Load earlier messages").first
    older.scroll_into_view_if_needed()
    expect(desk.page.get_by_text("The server can't be reached.")).to_be_visible()
    older.press("Enter")
    expect(desk.page.locator(".bubble")).to_have_count(200)
    expect(desk.page.get_by_role("log")).to_be_focused()
    desk.page.context.clear_cookies(name="sessionid")
    desk.page.get_by_role("button", name="Resolve").click()
    expect(desk.page.get_by_role("link", name="Sign in")).to_be_focused()
