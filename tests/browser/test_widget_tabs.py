"""One visitor in several tabs and visits: nobody's token, draft, badge or answer is lost between them."""

import re

import pytest
from playwright.sync_api import Route, WebSocketRoute, expect

from tests.clients import wait_until
from tests.pages import Pages
from tests.server import Server
from tests.widget import Widget

MY_CONVERSATIONS = re.compile("/visitor/conversations$")
SESSIONS = "from auth_signing.models import VisitorSession; print(VisitorSession.objects.count())"
EVERY_TOKEN_IS_OLD = """
from auth_signing.models import VisitorSession
for session in VisitorSession.objects.all():
    session.token_hash = f"{session.pk.hex}{session.pk.hex}"
    session.save()
"""


@pytest.fixture
def widget(page_factory: Pages, server: Server) -> Widget:
    return Widget(page_factory(), server)


def another_tab(widget: Widget) -> Widget:
    return Widget(widget.page.context.new_page(), widget.server)


def token(widget: Widget) -> str:
    found = re.search(r'"token":"([^"]+)"', str(widget.stored()["local"]))
    return found[1] if found else ""


def test_tabs_opened_before_the_first_message_are_one_visitor(widget: Widget) -> None:
    widget.visit().open()
    other = another_tab(widget).visit().open()
    before = int(widget.orm(SESSIONS))
    widget.say("from one tab")
    kept = token(widget)
    wait_until(lambda: other.button("All conversations").is_visible())
    other.say("from the other")
    assert token(other) == kept
    assert int(widget.orm(SESSIONS)) == before + 1
    other.page.reload()
    other.open().button("All conversations").click()
    expect(other.dialog.get_by_role("listitem")).to_have_count(2)


def test_two_tabs_whose_first_messages_race_lose_neither(widget: Widget) -> None:
    """Each was stored as another visitor's; the tab that hears of it later sends again, as the first one's."""
    held: list[tuple[WebSocketRoute, str | bytes]] = []
    is_holding = True

    def hold(line: WebSocketRoute) -> None:
        there = line.connect_to_server()
        line.on_message(there.send)
        there.on_message(
            lambda text: held.append((line, text)) if is_holding and '"ack"' in str(text) else line.send(text)
        )

    widget.visit().open()
    other = another_tab(widget)
    other.page.route_web_socket(re.compile("/ws/visitor/"), hold)
    other.visit().open()
    other.write("from the other")
    wait_until(lambda: bool(other.page.evaluate("true") and held))
    widget.say("from one tab")
    wait_until(lambda: bool(token(other)))
    is_holding = False
    for line, text in held:
        line.send(text)
    expect(other.log.locator(".row", has_text="from the other")).to_contain_text("Sent")
    expect(widget.log.locator(".row", has_text="from one tab")).to_contain_text("Sent")
    widget.page.reload()
    widget.open().button("All conversations").click()
    expect(widget.dialog.get_by_role("listitem")).to_have_text([re.compile("from the other|from one tab")] * 2)


def test_a_tab_that_failed_to_begin_is_the_visitor_of_the_tab_that_did(widget: Widget) -> None:
    refuse_what_is_wrong(widget)
    widget.visit().open().write("wrong")
    expect(widget.dialog).to_contain_text("Not sent")
    other = another_tab(widget).visit().open()
    other.say("from the other")
    kept = token(other)
    wait_until(lambda: widget.button("All conversations").is_visible())
    widget.say("from the first")
    assert token(widget) == kept


def test_a_refused_message_alone_keeps_no_line(widget: Widget) -> None:
    lines = refuse_what_is_wrong(widget)
    conversation = widget.visit().open().say("right")
    widget.write("wrong")
    expect(widget.dialog).to_contain_text("Not sent")
    widget.button("All conversations").click()
    widget.button("New conversation").click()
    expect(widget.dialog).not_to_contain_text("Not sent")  # it is the other one's
    widget.orm(f"Conversation.objects.filter(pk={conversation}).update(status='resolved', rev=99)")
    widget.page.reload()
    widget.launcher.hover()
    widget.page.locator("pingback-widget .panel").wait_for(state="attached")
    widget.page.wait_for_timeout(300)
    assert lines == []
    widget.open().button("All conversations").click()
    widget.dialog.get_by_role("listitem").get_by_role("button").click()
    expect(widget.dialog).to_contain_text("Not sent")


def refuse_what_is_wrong(widget: Widget) -> list[WebSocketRoute]:
    """The socket answers "wrong" with an error. Returns the lines that are open."""
    lines: list[WebSocketRoute] = []

    def refuse(line: WebSocketRoute) -> None:
        there = line.connect_to_server()
        lines.append(line)
        line.on_close(lambda *_: lines.remove(line))

        def pass_on(text: str | bytes) -> None:
            found = re.search(r'"client_id":"([^"]+)"', str(text))
            if found and "wrong" in str(text):
                line.send(f'{{"type":"error","code":"INTERNAL_ERROR","detail":"x","client_id":"{found[1]}"}}')
            else:
                there.send(text)

        line.on_message(pass_on)

    widget.page.route_web_socket(re.compile("/ws/visitor/"), refuse)
    return lines


def test_what_one_tab_keeps_the_other_does_not_undo(widget: Widget) -> None:
    widget.visit().open()
    other = another_tab(widget).visit().open()
    widget.say("from one tab")
    wait_until(lambda: other.button("All conversations").is_visible())
    widget.button("Sound").click()
    other.composer.fill("half a thought")
    other.page.evaluate("window.dispatchEvent(new Event('pagehide'))")
    widget.page.reload()
    expect(widget.open().button("Sound")).to_have_attribute("aria-pressed", "true")


def test_a_tab_with_an_old_token_takes_the_new_one_of_another_tab(widget: Widget) -> None:
    widget.visit().open()
    widget.say("long ago")
    other = another_tab(widget).visit().open()
    expect(other.log).to_contain_text("long ago")
    widget.orm(EVERY_TOKEN_IS_OLD)
    widget.page.reload()
    widget.open().say("new")
    kept = token(widget)
    other.page.evaluate("dispatchEvent(new Event('online'))")
    expect(other.log).not_to_contain_text("long ago")
    assert token(other) == kept


def test_what_is_being_written_survives_the_end_of_the_token(widget: Widget) -> None:
    widget.visit().open()
    widget.say("long ago")
    widget.composer.fill("half a thought")
    widget.orm(EVERY_TOKEN_IS_OLD)
    widget.page.evaluate("dispatchEvent(new Event('online'))")
    expect(widget.rows).to_have_count(0)
    expect(widget.composer).to_have_value("half a thought")
    widget.composer.press("Enter")
    expect(widget.log).to_contain_text("Sent")


def test_a_draft_waits_where_a_closed_conversation_goes_on(widget: Widget) -> None:
    widget.visit().open()
    closed = widget.say("first")
    widget.orm(f"Conversation.objects.filter(pk={closed}).update(status='closed')")
    widget.say("second")
    widget.composer.fill("a draft for the second")
    widget.button("All conversations").click()
    widget.dialog.get_by_role("listitem").filter(has_text="first").get_by_role("button").click()
    widget.write("third")
    expect(widget.rows).to_have_text(["second", "third"])
    expect(widget.composer).to_have_value("a draft for the second")


def test_hovering_before_the_unread_count_is_known_loses_nothing(widget: Widget) -> None:
    conversation = widget.visit().open().say("Hello")
    with widget.agent() as agent:
        widget.button("Close chat").click()
        agent.post("An answer", conversation_id=conversation)
    asked: list[Route] = []
    widget.page.route(MY_CONVERSATIONS, lambda route: asked.append(route))
    widget.page.reload()
    widget.launcher.hover()
    widget.page.locator("pingback-widget .panel").wait_for(state="attached")
    expect(widget.badge).to_be_hidden()
    asked[0].continue_()
    expect(widget.badge).to_have_text("1")
    widget.page.evaluate("dispatchEvent(new Event('online'))")
    expect(widget.launcher).to_have_accessible_name(re.compile("1 unread"))


def test_an_unread_count_that_cannot_be_asked_for_is_no_error(widget: Widget, page_factory: Pages) -> None:
    widget.visit().open().say("Hello")
    widget.page.route(MY_CONVERSATIONS, lambda route: route.fulfill(status=502, body="<h1>Bad gateway</h1>"))
    widget.page.reload()
    expect(widget.open().log).to_contain_text("Hello")
    assert [error for error in page_factory.console_errors if "502" not in error] == []


def test_a_closed_chat_keeps_its_line_only_while_an_answer_is_due(widget: Widget) -> None:
    lines: list[WebSocketRoute] = []

    def watch(line: WebSocketRoute) -> None:
        lines.append(line)
        line.connect_to_server()
        line.on_close(lambda *_: lines.remove(line))

    widget.page.route_web_socket(re.compile("/ws/visitor/"), watch)
    widget.page.clock.install()
    conversation = widget.visit().open().say("Hello")
    widget.button("Close chat").click()
    with widget.agent() as agent:
        agent.post("An answer", conversation_id=conversation)
        expect(widget.badge).to_have_text("1")
        agent.post("often comes in pieces", conversation_id=conversation)
        expect(widget.badge).to_have_text("2")
    assert len(lines) == 1
    widget.page.clock.fast_forward(61_000)
    wait_until(lambda: widget.page.evaluate("true") and not lines)
    expect(widget.open().log).to_contain_text("often comes in pieces")
