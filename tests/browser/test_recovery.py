"""Away and back: whoever was offline, asleep or frozen sees everything, in order, within 2 s of coming back."""

import re
import time

from playwright.sync_api import expect

from tests.clients import new_visitor
from tests.conftest import MakeServer
from tests.desk import Desk
from tests.pages import Pages
from tests.widget import Widget

AWAY_SECONDS = 30
SOON = 2_000  # ms


def test_agent_and_visitor_are_offline_for_30_seconds_while_the_other_writes(
    page_factory: Pages, make_server: MakeServer
) -> None:
    """Two pairs at once: of the first one the agent is away, of the second one the visitor."""
    server = make_server()
    first, second = (Widget(page_factory(), server).visit().open() for _ in range(2))
    for widget, text in ((first, "Agent, stay here"), (second, "I will be away")):
        widget.say(text)
    away, here = Desk(page_factory(), server), Desk(page_factory(), server, "owner")
    away.open("Agent, stay here")
    here.open("I will be away")
    for page in (away.page, second.page):
        page.context.set_offline(True)
    since = time.monotonic()
    for number in range(5):
        first.say(f"Are you there? {number}")
        here.write(f"Look at this {number}")
        away.write(f"Written offline {number}")
        second.write(f"In a tunnel {number}")
    expect(away.page.locator("#connection")).to_contain_text("You are offline")
    expect(second.dialog).to_contain_text("You are offline")
    away.page.wait_for_timeout(1_000 * max(0, AWAY_SECONDS - (time.monotonic() - since)))
    here.write("Last word")
    first.say("Last question")

    for page in (away.page, second.page):
        page.context.set_offline(False)
    questions = [f"Are you there? {number}" for number in range(5)]
    written_offline = [f"Written offline {number}" for number in range(5)]
    expect(away.texts).to_have_text(["Agent, stay here", *questions, "Last question", *written_offline], timeout=SOON)
    looks = [f"Look at this {number}" for number in range(5)]
    tunnel = [f"In a tunnel {number}" for number in range(5)]
    expect(second.rows).to_have_text(["I will be away", *looks, "Last word", *tunnel], timeout=SOON)
    expect(first.rows).to_have_text(["Agent, stay here", *questions, "Last question", *written_offline], timeout=SOON)
    expect(here.texts).to_have_text(["I will be away", *looks, "Last word", *tunnel], timeout=SOON)
    expect(away.row("In a tunnel 4")).to_be_visible(timeout=SOON)
    expect(away.page.locator("#connection")).to_be_hidden()


def test_an_inbox_that_was_frozen_while_200_changes_happened_is_right_on_waking(
    page_factory: Pages, make_server: MakeServer
) -> None:
    server = make_server()
    visitors = [new_visitor(server) for _ in range(10)]
    conversations = [
        visitor.write_first(f"visitor {number} begins")["conversation_id"] for number, visitor in enumerate(visitors)
    ]
    desk, other = Desk(page_factory(), server), Desk(page_factory(), server, "owner")
    desk.open("visitor 0 begins")
    debugger = desk.page.context.new_cdp_session(desk.page)
    debugger.send("Debugger.enable")
    debugger.send("Debugger.pause")  # at the next thing its scripts would do; what comes in waits
    for number, (visitor, conversation) in enumerate(zip(visitors, conversations, strict=True)):
        with visitor.connect() as browser:
            for count in range(20):
                browser.post(f"visitor {number}: {count}", conversation_id=conversation)
    for number in (3, 5):
        other.open(f"visitor {number}: 19")
        other.page.get_by_role("button", name="Resolve").click()
        expect(other.page.locator(".status")).to_have_text("Resolved")
    assert "visitor 0: 19" not in debugger.send("DOMSnapshot.captureSnapshot", {"computedStyles": []})["strings"]
    debugger.send("Debugger.resume")
    since = time.monotonic()
    expect(desk.texts).to_have_text(["visitor 0 begins", *[f"visitor 0: {count}" for count in range(20)]], timeout=SOON)
    left = [9, 8, 7, 6, 4, 2, 1, 0]
    expect(desk.page.locator(".row-text")).to_have_text([f"visitor {number}: 19" for number in left], timeout=SOON)
    expect(desk.page).to_have_title(re.compile(r"^\(7\) "), timeout=SOON)
    assert time.monotonic() - since < 2.5
