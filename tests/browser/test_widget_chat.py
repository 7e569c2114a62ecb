"""The chat itself: conversations, marks, typing, unread, and a very long history."""

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.conftest import MakeServer
from tests.pages import Pages
from tests.server import Server
from tests.widget import Widget

LONG_HISTORY = """
conversation = Conversation.objects.get(pk={id})
now = timezone.now()
def entry(number):
    mine = number % 3
    return Message(
        conversation=conversation, seq=number, rev=number, content="m%d " % number + "long " * (number * 7 % 60),
        sender=Sender.CUSTOMER if mine else Sender.AGENT, contact_id=conversation.contact_id if mine else None,
        author_name="Visitor" if mine else "Ada Bell", created_at=now - timedelta(minutes=7 * (5000 - number)),
    )
Message.objects.bulk_create([entry(number) for number in range(2, 5001)], batch_size=500)
Conversation.objects.filter(pk=conversation.pk).update(
    last_seq=5000, rev=5000, agent_read_seq=5000, visitor_read_seq=5000, visitor_delivered_seq=5000)
"""


@pytest.fixture
def widget(page_factory: Pages, server: Server) -> Widget:
    return Widget(page_factory(), server)


def test_marks_say_how_far_a_message_got(widget: Widget) -> None:
    widget.visit().open()
    conversation = widget.say("Hello")
    row = widget.log.locator(".row", has_text="Hello")
    expect(row).to_contain_text("Sent")
    with widget.agent() as agent:
        agent.send("read", conversation_id=conversation, seq=1)
        expect(row).to_contain_text("Seen")
        agent.post("An answer", conversation_id=conversation)
        expect(widget.log).to_contain_text("An answer")
        read = agent.expect("read")
        while read["sender_type"] != "customer":
            read = agent.expect("read")
        assert read["seq"] == 2


def test_an_answer_that_nobody_looks_at_is_delivered_and_not_read(widget: Widget) -> None:
    widget.visit().open()
    conversation = widget.say("Hello")
    widget.button("Close chat").click()
    expect(widget.badge).to_be_hidden()
    with widget.agent() as agent:
        agent.post("An answer", conversation_id=conversation)
        assert agent.expect("delivered")["seq"] == 2
    expect(widget.badge).to_have_text("1")
    expect(widget.launcher).to_have_accessible_name(re.compile("1 unread"))
    widget.page.reload()
    expect(widget.badge).to_have_text("1")  # asked by HTTP: no socket, no chat yet
    widget.open()
    expect(widget.log).to_contain_text("An answer")
    expect(widget.log).to_contain_text("New")
    expect(widget.badge).to_be_hidden()


def test_typing_is_shown_on_both_sides(widget: Widget) -> None:
    widget.visit().open()
    conversation = widget.say("Hello")
    with widget.agent() as agent:
        agent.send("typing", conversation_id=conversation, is_typing=True)
        expect(widget.log).to_contain_text("Adam Agent is typing")
        agent.post("Done", conversation_id=conversation)
        expect(widget.log).not_to_contain_text("is typing")
        widget.composer.press_sequentially("So")
        assert agent.expect("typing")["is_typing"] is True
        widget.composer.fill("")
        assert agent.expect("typing")["is_typing"] is False


def test_several_conversations_each_with_its_own_draft(widget: Widget) -> None:
    widget.visit().open()
    first = widget.say("First question")
    widget.composer.fill("draft of the first")
    widget.button("All conversations").click()
    widget.button("New conversation").click()
    expect(widget.composer).to_have_value("")
    second = widget.say("Second question")
    assert second != first
    expect(widget.rows).to_have_text(["Second question"])
    widget.button("All conversations").click()
    items = widget.dialog.get_by_role("listitem")
    expect(items).to_have_text([re.compile("Second question"), re.compile("First question")])
    with widget.agent() as agent:
        agent.post("About the first", conversation_id=first)
    expect(items.first).to_contain_text("About the first")
    expect(items.first).to_contain_text("1 new")
    items.first.get_by_role("button").click()
    expect(widget.rows).to_have_text(["First question", "About the first"])
    expect(widget.composer).to_have_value("draft of the first")
    widget.page.reload()
    widget.open()
    expect(widget.composer).to_have_value("draft of the first")


def test_a_reader_who_scrolled_up_is_left_alone_and_told(widget: Widget) -> None:
    widget.visit().open()
    for number in range(12):
        widget.write(f"line {number}\n" * 4)
    conversation = widget.say("the end")
    widget.log.evaluate("log => log.scrollTop = 100")
    chip = widget.button("New messages")
    with widget.agent() as agent:
        agent.post("An answer far below", conversation_id=conversation)
        expect(chip).to_be_visible()
        assert widget.log.evaluate("log => log.scrollTop") == 100
        assert agent.expect("delivered")["seq"]  # and not read
        chip.click()
        expect(widget.log.get_by_text("An answer far below")).to_be_in_viewport()
        expect(chip).to_be_hidden()
        while agent.expect("read")["sender_type"] != "customer":
            pass


def test_times_are_relative_and_exact_on_hover_and_days_are_named(widget: Widget) -> None:
    widget.visit().open()
    conversation = widget.say("long ago")
    widget.orm(f"Message.objects.filter(conversation={conversation}).update(created_at='2025-03-07T09:05:00Z')")
    widget.page.reload()
    widget.open()
    widget.say("today")
    days = widget.log.locator(".day")
    expect(days).to_have_text([re.compile("Friday.* 2025"), "Today"])
    times = widget.log.locator("time")
    expect(times.first).to_have_attribute("title", re.compile("March 7, 2025"))
    expect(times.last).to_have_text("now")


def test_a_counter_appears_near_the_end_and_too_much_is_not_sent(widget: Widget) -> None:
    widget.visit().open()
    counter = widget.dialog.locator(".count")
    widget.composer.fill("😀" * 9_000)
    expect(counter).to_be_hidden()
    widget.composer.fill("😀" * 9_990)  # counted as people count, not as UTF-16 does
    expect(counter).to_have_text("9,990 / 10,000")
    widget.composer.fill("x" * 10_001)
    expect(counter).to_have_text("10,001 / 10,000")
    widget.composer.press("Enter")
    expect(widget.dialog).to_contain_text("at most 10,000 characters")
    widget.composer.fill("😀" * 10_000)
    widget.composer.press("Enter")
    expect(widget.log).to_contain_text("Sent")


def test_the_composer_grows_to_five_lines_and_shift_enter_breaks(widget: Widget) -> None:
    widget.visit().open()
    one_line = height(widget)
    for number in range(9):
        widget.composer.press_sequentially(f"line {number}")
        widget.composer.press("Shift+Enter")
    assert one_line * 2 < height(widget) <= one_line + 4 * 24
    expect(widget.rows).to_have_count(0)


def height(widget: Widget) -> float:
    box = widget.composer.bounding_box()
    assert box
    return box["height"]


def test_five_thousand_messages_are_read_without_a_jump(widget: Widget) -> None:
    widget.visit().open()
    conversation = widget.say("first of all")
    widget.orm(LONG_HISTORY.format(id=conversation))
    widget.page.reload()
    widget.open()
    expect(widget.rows.last).to_contain_text("m5000")
    jumps = scroll_up(widget, steps=120)
    assert jumps == []
    oldest = int(widget.rows.first.inner_text()[1:5])
    assert oldest < 4800
    assert widget.rows.count() <= 150
    widget.say("and one more")
    expect(widget.rows.last).to_have_text("and one more")
    expect(widget.rows.last).to_be_in_viewport()
    assert widget.rows.count() <= 150


def scroll_up(widget: Widget, *, steps: int) -> list[Any]:
    """Scroll in steps of 300 px. Returns how far a row that stayed in sight moved beside that."""
    jumps: list[Any] = widget.log.evaluate(
        """async (log, steps) => {
          const jumps = [];
          const rows = () => [...log.querySelectorAll(".bubble")];
          const top = (row) => row.getBoundingClientRect().top - log.getBoundingClientRect().top;
          for (let step = 0; step < steps; step++) {
            const row = rows().find((row) => top(row) > 40);
            const before = top(row);
            const room = Math.min(300, log.scrollTop);
            log.scrollTop -= 300;
            for (let frame = 0; frame < 3; frame++) await new Promise(requestAnimationFrame);
            if (row.isConnected && Math.abs(top(row) - before - room) > 2) jumps.push([step, top(row) - before]);
          }
          return jumps;
        }""",
        steps,
    )
    return jumps


def test_earlier_messages_that_cannot_be_loaded_are_tried_again(widget: Widget) -> None:
    widget.visit().open()
    conversation = widget.say("first of all")
    widget.orm(LONG_HISTORY.format(id=conversation).replace("5000", "80").replace("5001", "81"))
    widget.page.reload()
    pages = re.compile(r"/messages\?after=")
    widget.page.route(pages, lambda route: route.abort())
    widget.open()
    expect(widget.rows.last).to_contain_text("m80")
    widget.log.evaluate("log => log.scrollTop = 0")
    expect(widget.log).to_contain_text("Earlier messages could not be loaded")
    widget.page.unroute(pages)
    widget.button("Try again").click()
    expect(widget.rows.first).to_contain_text("first of all")


def test_two_tabs_of_one_browser_show_the_same(widget: Widget) -> None:
    widget.visit().open()
    widget.say("from one tab")
    other = Widget(widget.page.context.new_page(), widget.server).visit().open()
    expect(other.log).to_contain_text("from one tab")
    other.say("from the other")
    expect(widget.log).to_contain_text("from the other")


def test_sound_is_off_until_it_is_switched_on_and_stays_so(widget: Widget) -> None:
    widget.visit().open()
    conversation = widget.say("Hello")
    widget.page.evaluate(
        "window.made = 0; window.AudioContext = class extends AudioContext { constructor() { super(); made++; } }; 0"
    )
    sound = widget.button("Sound")
    expect(sound).to_have_attribute("aria-pressed", "false")
    with widget.agent() as agent:
        widget.button("Close chat").click()
        agent.post("quiet", conversation_id=conversation)
        expect(widget.badge).to_have_text("1")
        assert widget.page.evaluate("made") == 0
        widget.open()
        sound.click()
        sounds(widget, 1)  # a sample of it
        widget.say("loud now")
        widget.button("Close chat").click()
        agent.post("loud", conversation_id=conversation)
        expect(widget.badge).to_have_text("1")
        sounds(widget, 2)
    widget.page.reload()
    widget.open()
    expect(sound).to_have_attribute("aria-pressed", "true")


def sounds(widget: Widget, number: int) -> None:
    for _ in range(50):
        if widget.page.evaluate("made") == number:
            return
        widget.page.wait_for_timeout(100)
    pytest.fail(f"there were {widget.page.evaluate('made')} sounds")


def test_greeting_help_prompt_and_online_dot(page_factory: Pages, make_server: MakeServer) -> None:
    server = make_server()
    widget = Widget(page_factory(), server)
    server.demo()
    widget.orm(
        "from widgets.models import Widget\n"
        "Widget.objects.update(initial_message='Which lamp may it be?', show_help_prompt=True)"
    )
    with widget.agent() as agent:
        agent.send("ping")
        widget.page.wait_for_timeout(1500)  # the heartbeat is stored
        widget.visit()
    prompt = widget.page.get_by_role("button", name="Which lamp may it be?")
    expect(prompt).to_be_visible()
    expect(widget.launcher).to_have_accessible_name("Chat, online now")
    widget.page.get_by_role("button", name="Dismiss").click()
    expect(prompt).to_be_hidden()
    assert widget.stored() == {"local": {}, "session": {}}
    widget.page.reload()
    prompt.click()
    expect(widget.dialog).to_contain_text("Online now")
    expect(widget.rows).to_have_text(["Which lamp may it be?"])
    widget.say("The tall one")
    expect(widget.rows).to_have_text(["Which lamp may it be?", "The tall one"])
    widget.page.reload()
    widget.launcher.wait_for()
    expect(prompt).to_be_hidden()  # who has written needs no prompt
