"""The inbox in a real browser: its lists, who looks after what, and what an agent's hands and eyes rely on."""

import re
import time
from collections.abc import Callable
from typing import Literal

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.axe import faults
from tests.clients import Visitor, demo_agent, new_visitor
from tests.conftest import MakeServer
from tests.desk import Desk
from tests.pages import Pages
from tests.server import Server
from tests.widget import Widget


@pytest.fixture
def desk(page_factory: Pages, server: Server) -> Desk:
    return Desk(page_factory(), server)


def writes(server: Server, content: str) -> Visitor:
    visitor = new_visitor(server)
    visitor.write_first(content)
    return visitor


def test_a_conversation_goes_from_list_to_list_as_it_is_taken_resolved_and_written_in(
    desk: Desk, server: Server
) -> None:
    visitor = writes(server, "Is oak in stock?")
    desk.go("Unassigned")
    desk.open("Is oak in stock?")
    desk.assignee.select_option(label="Adam Agent (you)")
    expect(desk.row("Is oak in stock?")).to_have_count(0)
    desk.go("Mine")
    desk.open("Is oak in stock?")
    desk.page.get_by_role("button", name="Resolve").click()
    expect(desk.row("Is oak in stock?")).to_have_count(0)
    desk.go("Resolved")
    desk.open("Is oak in stock?")
    with visitor.connect() as browser:
        browser.post("And ash?", conversation_id=browser.seen[0]["id"])
    expect(desk.row("Is oak in stock?")).to_have_count(0)
    desk.go("Mine")
    expect(desk.row("And ash?")).to_be_visible()


def test_two_agents_see_each_others_doing(page_factory: Pages, desk: Desk, server: Server) -> None:
    other = Desk(page_factory(), server, "owner")
    writes(server, "Whose am I?")
    for each in (desk, other):
        each.open("Whose am I?")
    desk.assignee.select_option(label="Adam Agent (you)")
    expect(other.assignee.locator("option:checked")).to_have_text("Adam Agent")
    other.assignee.select_option(label="Unassigned")
    expect(desk.assignee.locator("option:checked")).to_have_text("Unassigned")
    other.page.get_by_role("button", name="Resolve").click()
    expect(desk.page.locator(".status")).to_have_text("Resolved")
    desk.page.get_by_role("button", name="Reopen").click()
    expect(other.page.locator(".status")).to_have_text("Open")
    assert page_factory.console_errors == []


def test_back_and_forward_go_through_lists_and_threads(desk: Desk, server: Server) -> None:
    writes(server, "Back and forth")
    desk.open("Back and forth")
    desk.composer.fill("half a thought")
    desk.go("Unassigned")
    expect(desk.page).to_have_url(re.compile("/inbox/unassigned/$"))
    expect(desk.page.get_by_role("log")).to_have_count(0)
    desk.page.go_back()
    expect(desk.page.locator(".listing h2")).to_have_text("Open")
    expect(desk.composer).to_have_value("half a thought")
    desk.page.go_back()
    expect(desk.page.get_by_role("log")).to_have_count(0)
    desk.page.go_forward()
    expect(desk.composer).to_have_value("half a thought")


def test_rows_stay_under_a_moving_pointer(desk: Desk, server: Server) -> None:
    first = writes(server, "The first to write")
    writes(server, "The second to write")
    expect(desk.row("The second to write")).to_be_visible()
    box = desk.row("The second to write").bounding_box()
    assert box
    desk.page.mouse.move(box["x"] + 40, box["y"] + 20)
    desk.page.mouse.move(box["x"] + 60, box["y"] + 30)
    with first.connect() as browser:
        browser.post("First again", conversation_id=browser.seen[0]["id"])
    writes(server, "A third")
    expect(desk.row("First again")).to_be_visible()
    assert desk.row("The second to write").bounding_box() == box
    expect(desk.row("A third")).to_be_visible()  # once the pointer rests
    above = [desk.row(text).bounding_box() for text in ("A third", "First again", "The second to write")]
    tops = [place["y"] for place in above if place]
    assert tops == sorted(tops)


MANY_WAIT = """
from conversations.models import Conversation
one = Conversation.objects.latest("pk")
for _ in range(60):
    one.pk, one.continued_in = None, None
    one.save()
"""


def test_the_tab_says_how_many_conversations_wait(page_factory: Pages, make_server: MakeServer) -> None:
    server = make_server()
    writes(server, "One of many")
    server.site.manage("shell", "--no-imports", "-c", MANY_WAIT)  # more than the list shows at once
    desk = Desk(page_factory(), server)

    expect(desk.page).to_have_title(re.compile(r"^\(61\) "))
    writes(server, "Please count me")
    expect(desk.row("Please count me")).to_have_class(re.compile("row-unread"))
    expect(desk.page).to_have_title(re.compile(r"^\(62\) "))
    assert "circle" in str(desk.page.locator("link[rel='icon']").get_attribute("href"))
    desk.open("Please count me")
    expect(desk.row("Please count me")).not_to_have_class(re.compile("row-unread"))
    expect(desk.page).to_have_title(re.compile(r"^\(61\) "))
    assert desk.page.title().endswith("· PingBack")
    desk.go("Mine")  # what waits elsewhere is heard here, too
    expect(desk.page).to_have_title(re.compile(r"^\(61\) Mine"))
    writes(server, "Count me, too")
    expect(desk.page).to_have_title(re.compile(r"^\(62\) Mine"))
    expect(desk.page.locator("#listing-unassigned")).to_have_accessible_name("Unassigned 62 unread")
    expect(desk.page.locator("#listing-mine")).to_have_accessible_name("Mine")


def test_the_keyboard_alone_chooses_answers_and_returns(desk: Desk, server: Server) -> None:
    writes(server, "Older")
    writes(server, "Newer")
    expect(desk.row("Newer")).to_be_visible()
    desk.row("Newer").get_by_role("link").focus()
    keyboard = desk.page.keyboard
    keyboard.press("ArrowDown")
    keyboard.press("Enter")
    expect(desk.page.get_by_role("log")).to_contain_text("Older")
    expect(desk.composer).to_be_focused()
    keyboard.type("An answer")
    keyboard.press("Enter")
    expect(desk.page.get_by_role("log")).to_contain_text("An answer")
    keyboard.press("Escape")
    expect(desk.row("An answer").get_by_role("link")).to_be_focused()
    keyboard.press("Enter")  # it is open already
    expect(desk.composer).to_be_focused()
    desk.page.get_by_role("button", name="Resolve").focus()
    keyboard.press("Enter")
    expect(desk.page.locator(".status")).to_have_text("Resolved")
    expect(desk.composer).to_be_focused()


def test_a_draft_outlives_a_reload(desk: Desk, server: Server) -> None:
    writes(server, "Keep my draft")
    desk.open("Keep my draft")
    desk.composer.fill("half a thought")
    desk.page.reload()
    expect(desk.composer).to_have_value("half a thought")
    desk.composer.press("Enter")
    expect(desk.page.get_by_role("log")).to_contain_text("half a thought")
    desk.page.reload()
    expect(desk.composer).to_have_value("")


LONG_AGO = """
from datetime import timedelta
from django.utils import timezone
from conversations.models import Conversation, Message, Sender
conversation = Conversation.objects.latest("pk")
now = timezone.now()
Message.objects.bulk_create(
    Message(
        conversation=conversation, seq=number, rev=number, content=f"m{number}", sender=Sender.CUSTOMER,
        contact_id=conversation.contact_id, author_name="Visitor", created_at=now - timedelta(hours=400 - number),
    )
    for number in range(2, 351)
)
Conversation.objects.filter(pk=conversation.pk).update(
    last_seq=350, rev=350, visitor_read_seq=350, visitor_delivered_seq=350, last_customer_seq=350)
"""


def test_a_long_thread_is_read_back_to_its_beginning_without_a_jump(desk: Desk, server: Server) -> None:
    visitor = writes(server, "m1")
    server.site.manage("shell", "--no-imports", "-c", LONG_AGO)
    desk.page.reload()
    desk.row("m1").get_by_role("link").click()
    log = desk.page.get_by_role("log")
    rows = log.locator(".bubble")
    expect(rows).to_have_count(100)
    anchor = log.get_by_text("m251", exact=True)
    anchor.scroll_into_view_if_needed()
    expect(rows).to_have_count(200)
    expect(anchor).to_be_in_viewport()
    for _ in range(6):
        rows.first.scroll_into_view_if_needed()
        desk.page.wait_for_timeout(200)
    expect(rows).to_have_count(350)
    assert rows.all_inner_texts()[0].endswith("m1")
    days = log.locator(".day").all_inner_texts()
    assert len(days) == len(set(days)) > 10
    with visitor.connect() as browser:
        browser.post("and now", conversation_id=browser.seen[0]["id"])
        expect(rows.last).to_contain_text("and now")
        expect(log.locator(".day").last).to_have_text("Today")
        chip = desk.page.get_by_role("button", name="New messages")
        expect(chip).to_be_visible()
        chip.click()
        wait_in(desk.page, lambda: not chip.is_visible())
        assert browser.expect("read")["seq"] == 351  # when it came into view, not before


def test_on_a_phone_every_list_is_in_reach(page_factory: Pages, server: Server) -> None:
    desk = Desk(page_factory(390, 844), server)
    demo_agent(server)
    writes(server, "From a phone")
    desk.go("Unassigned")
    desk.open("From a phone")
    expect(desk.assignee).to_be_visible()
    desk.page.get_by_role("link", name="Back to the list").click()
    expect(desk.row("From a phone").get_by_role("link")).to_be_focused()
    desk.open("From a phone")
    desk.composer.press("Escape")
    expect(desk.row("From a phone").get_by_role("link")).to_be_focused()
    assert desk.page.evaluate("document.documentElement.scrollWidth") == 390


def test_the_team_and_the_widgets_dot_follow_who_is_there(page_factory: Pages, make_server: MakeServer) -> None:
    server = make_server()
    widget = Widget(page_factory(), server).visit().open()
    expect(widget.dialog).to_contain_text("We are away")
    desk, owner = Desk(page_factory(), server), Desk(page_factory(), server, "owner")
    expect(widget.dialog).to_contain_text("Online now")
    expect(widget.launcher).to_have_accessible_name("Chat, online now")
    team = owner.page.get_by_role("region", name="Team").get_by_role("listitem")
    expect(team.filter(has_text="Adam Agent")).to_contain_text("Live")
    desk.page.get_by_role("combobox", name="Your status").select_option(label="Away")
    expect(team.filter(has_text="Adam Agent")).to_contain_text("Away")
    owner.page.get_by_role("combobox", name="Your status").select_option(label="Away")
    expect(widget.dialog).to_contain_text("We are away")
    expect(widget.launcher).to_have_accessible_name("Chat")
    desk.page.reload()
    expect(desk.page.get_by_role("combobox", name="Your status")).to_have_value("away")


MANY_MORE = """
from datetime import timedelta
from conversations.models import Conversation
one = Conversation.objects.latest("pk")
for number in range(120):
    one.pk, one.last_message_text = None, f"older {number}"
    one.last_message_at -= timedelta(days=1)
    one.save()
"""


def test_a_long_list_grows_as_one_scrolls_and_keeps_its_length(page_factory: Pages, make_server: MakeServer) -> None:
    server = make_server()
    writes(server, "The newest")
    server.site.manage("shell", "--no-imports", "-c", MANY_MORE)
    desk = Desk(page_factory(), server)
    rows = desk.page.locator(".row")
    desk.page.wait_for_load_state("networkidle")  # or rows that are scrolled to would be drawn anew
    expect(rows).to_have_count(50)
    desk.row("older 48").scroll_into_view_if_needed()
    expect(rows).to_have_count(100)
    expect(desk.row("older 48")).to_be_in_viewport()
    desk.page.get_by_text("Loading more").scroll_into_view_if_needed()
    expect(rows).to_have_count(121)
    expect(desk.page.get_by_text("Loading more")).to_have_count(0)
    before = top(desk.row("older 110"))
    writes(server, "Far above")
    expect(desk.row("Far above")).to_be_attached()
    desk.page.wait_for_timeout(1_500)  # the rows are fetched again, too
    assert abs(top(desk.row("older 110")) - before) < 2
    desk.row("older 119").get_by_role("link").click()
    expect(desk.page).to_have_url(re.compile(r"/inbox/\d+/$"))
    with desk.page.expect_response(re.compile(r"/inbox/list/\?rows=150$")):
        for offline in (True, False):
            desk.page.context.set_offline(offline)
    expect(rows).to_have_count(122)
    expect(desk.row("older 119")).to_be_in_viewport()
    desk.go("Resolved")
    desk.page.get_by_role("link", name="Open conversations").click()  # as there is nothing here
    expect(rows).to_have_count(50)


def top(row: Locator) -> float:
    box = row.bounding_box()
    assert box
    return box["y"]


def test_a_list_that_was_left_while_it_was_fetched_does_not_hold_up_the_next_one(
    page_factory: Pages, make_server: MakeServer
) -> None:
    server = make_server()
    visitor = writes(server, "The newest")
    server.site.manage("shell", "--no-imports", "-c", MANY_MORE)
    desk = Desk(page_factory(), server)
    held: list[Route] = []
    desk.page.route("**/inbox/list/*", lambda route: held.append(route))
    with visitor.connect() as browser:
        far_below: int = browser.seen[0]["id"]  # made last, and the list's last
        browser.post("From far below", conversation_id=far_below)
        wait_in(desk.page, lambda: bool(held))
        desk.go("Unassigned")
        held[0].continue_()
        browser.post("From even further", conversation_id=far_below + 5)
        expect(desk.row("From even further")).to_be_visible()


def wait_in(page: Page, true: Callable[[], bool]) -> None:
    """As the page's own events come only while one waits in it."""
    end = time.monotonic() + 15
    while not true():
        assert time.monotonic() < end, "it did not happen in time"
        page.wait_for_timeout(50)


def test_the_next_person_in_the_tab_does_not_find_the_last_ones_draft(desk: Desk, server: Server) -> None:
    writes(server, "Whose draft is it?")
    desk.open("Whose draft is it?")
    desk.composer.fill("not for your eyes")
    assert "not for your eyes" in desk.page.evaluate("JSON.stringify(sessionStorage)")
    desk.page.get_by_role("button", name="Sign out").click()
    expect(desk.page.get_by_role("button", name="Sign in")).to_be_visible()
    assert "not for your eyes" not in desk.page.evaluate("JSON.stringify(sessionStorage)")
    other = Desk(desk.page, server, "owner")
    other.open("Whose draft is it?")
    expect(other.composer).to_have_value("")


def test_addresses_in_messages_are_links_and_nothing_else_is(desk: Desk, server: Server) -> None:
    visitor = writes(server, "See https://a.example/x?y=1, javascript:alert(1) <b>bold</b>")
    desk.open("See https://a.example")
    with visitor.connect() as browser:
        browser.post("and www.b.example/z.", conversation_id=browser.seen[0]["id"])
    links = desk.page.get_by_role("log").get_by_role("link")
    expect(links).to_have_text(["https://a.example/x?y=1", "www.b.example/z"])
    assert [link.get_attribute("href") for link in links.all()] == [
        "https://a.example/x?y=1",
        "https://www.b.example/z",
    ]
    assert {link.get_attribute("rel") for link in links.all()} == {"noopener noreferrer nofollow"}
    expect(desk.page.get_by_role("log")).to_contain_text("javascript:alert(1) <b>bold</b>")


def test_a_conversation_that_is_opened_by_its_address_is_ready_to_be_answered(desk: Desk, server: Server) -> None:
    writes(server, "Answer me at once")
    desk.open("Answer me at once")
    desk.page.reload()
    expect(desk.composer).to_be_focused()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(page_factory: Pages, server: Server, scheme: Literal["light", "dark"]) -> None:
    page = page_factory(1280, 800, scheme, reduced_motion="reduce")
    page.goto(f"{server.url}/sign-in/")
    seen = {"sign-in": faults(page, "html")}
    writes(server, "An accessible question, see https://example.com/")
    desk = Desk(page, server)
    seen["list"] = faults(page, "html")
    desk.open("An accessible question")
    desk.composer.fill("An answer")
    desk.composer.press("Enter")
    expect(page.get_by_role("log")).to_contain_text("Sent")
    seen["thread"] = faults(page, "html")
    page.get_by_role("button", name="Resolve").click()
    expect(page.get_by_text("Conversation resolved.")).to_be_visible()
    seen["resolved"] = faults(page, "html")
    desk.go("Mine")
    seen["empty list"] = faults(page, "html")
    page.context.set_offline(True)
    expect(page.locator("#connection")).to_contain_text("You are offline")
    seen["offline"] = faults(page, "html")
    assert {state: found for state, found in seen.items() if found} == {}
