"""What the visitor sees when something is in the way: said in words, and nothing typed is lost."""

import re

import pytest
from playwright.sync_api import Route, WebSocketRoute, expect

from tests.conftest import MakeServer
from tests.pages import Pages
from tests.server import Server
from tests.widget import Widget

BLOCKED_STORAGE = """
for (const name of ["localStorage", "sessionStorage"]) {
  Object.defineProperty(window, name, { get() { throw new DOMException("refused", "SecurityError"); } });
}
"""
FULL_STORAGE = "Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError'); };"
SOCKETS = re.compile("/ws/visitor/")


@pytest.fixture
def widget(page_factory: Pages, server: Server) -> Widget:
    return Widget(page_factory(), server)


def block_sockets(widget: Widget) -> None:
    def close(line: WebSocketRoute) -> None:
        line.close()

    widget.page.route_web_socket(SOCKETS, close)


def test_while_the_server_restarts_messages_wait_in_order(page_factory: Pages, make_server: MakeServer) -> None:
    server = make_server()
    widget = Widget(page_factory(), server).visit().open()
    widget.say("before")
    server.stop()
    for content in ("one", "two", "three"):
        widget.write(content)
    expect(widget.dialog).to_contain_text("Reconnecting. Your messages are kept.")
    expect(widget.log).to_contain_text("Sending")
    server.start()
    expect(widget.log.locator(".row", has_text="three")).to_contain_text("Sent", timeout=20_000)
    expect(widget.rows).to_have_text(["before", "one", "two", "three"])
    asked = "print(*Message.objects.order_by('seq').values_list('content', flat=True))"
    assert widget.orm(asked).split() == ["before", "one", "two", "three"]


def test_what_was_not_sent_goes_out_from_the_next_page(page_factory: Pages, make_server: MakeServer) -> None:
    server = make_server()
    page = page_factory()
    widget = Widget(page, server).visit().open()
    widget.say("before")
    page.context.set_offline(True)
    widget.write("in a tunnel")
    expect(widget.dialog).to_contain_text("You are offline. Your messages wait here.")
    widget.composer.fill("half a thou")
    page.evaluate("window.dispatchEvent(new Event('pagehide'))")
    page.context.set_offline(False)
    widget.visit()  # another page: nobody opens the chat there
    server_side = "print(Message.objects.filter(content='in a tunnel').count())"
    for _ in range(50):
        if int(widget.orm(server_side)):
            break
        page.wait_for_timeout(200)
    assert int(widget.orm(server_side)) == 1
    widget.open()
    expect(widget.log).to_contain_text("in a tunnel")
    expect(widget.composer).to_have_value("half a thou")


def test_offline_is_said_at_once_and_the_line_comes_back(widget: Widget) -> None:
    widget.visit().open()
    widget.say("before")
    widget.page.context.set_offline(True)
    expect(widget.dialog).to_contain_text("You are offline")
    widget.write("later")
    widget.page.context.set_offline(False)
    expect(widget.log.locator(".row", has_text="later")).to_contain_text("Sent", timeout=15_000)
    expect(widget.dialog).not_to_contain_text("offline")


def test_after_a_sleep_a_frozen_line_is_noticed(widget: Widget) -> None:
    """The socket looks open, but nothing comes through any more."""
    passing = True

    def freeze(line: WebSocketRoute) -> None:
        there = line.connect_to_server()
        line.on_message(lambda text: there.send(text) if passing else None)
        there.on_message(lambda text: line.send(text) if passing else None)

    widget.page.route_web_socket(SOCKETS, freeze)
    widget.visit().open()
    widget.say("before")
    passing = False
    widget.write("into the void")
    expect(widget.log).to_contain_text("Sending")
    widget.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    passing = True
    widget.page.evaluate("window.dispatchEvent(new Event('online'))")
    expect(widget.log.locator(".row", has_text="into the void")).to_contain_text("Sent", timeout=15_000)


def test_a_refused_message_stays_and_can_be_sent_again(widget: Widget) -> None:
    refusing = True

    def refuse(line: WebSocketRoute) -> None:
        there = line.connect_to_server()

        def pass_on(text: str | bytes) -> None:
            found = re.search(r'"client_id":"([^"]+)"', str(text))
            if refusing and found and "wrong" in str(text):
                line.send(f'{{"type":"error","code":"INTERNAL_ERROR","detail":"x","client_id":"{found[1]}"}}')
            else:
                there.send(text)

        line.on_message(pass_on)

    widget.page.route_web_socket(SOCKETS, refuse)
    widget.visit().open()
    widget.say("right")
    widget.write("wrong")
    expect(widget.dialog).to_contain_text("Not sent. Your message is still here.")
    widget.say("after it")
    refusing = False
    widget.button("Try again").click()
    expect(widget.log.locator(".row", has_text="wrong")).to_contain_text("Sent")
    expect(widget.rows).to_have_text(["right", "after it", "wrong"])
    expect(widget.dialog).not_to_contain_text("Not sent")


def test_a_rate_limit_is_said_in_words_and_passes(page_factory: Pages, make_server: MakeServer) -> None:
    widget = Widget(page_factory(), make_server({"LIMIT_VISITOR": "2/5second"})).visit().open()
    widget.say("one")
    for content in ("two", "three", "four"):
        widget.write(content)
    expect(widget.dialog).to_contain_text("Busy right now")
    expect(widget.log.locator(".row", has_text="four")).to_contain_text("Sent", timeout=20_000)
    expect(widget.rows).to_have_text(["one", "two", "three", "four"])
    expect(widget.dialog).not_to_contain_text("Many messages")


def test_after_a_closed_conversation_writing_starts_a_new_one(widget: Widget) -> None:
    widget.visit().open()
    closed = widget.say("first")
    widget.orm(f"Conversation.objects.filter(pk={closed}).update(status='closed')")
    widget.page.reload()
    widget.open()
    widget.dialog.get_by_role("listitem").filter(has_text="first").get_by_role("button").click()
    expect(widget.dialog).to_contain_text("This conversation is closed. Write to start a new one.")
    widget.write("second")
    expect(widget.rows).to_have_text(["second"])
    expect(widget.dialog).not_to_contain_text("This conversation is closed")
    widget.button("All conversations").click()
    expect(widget.dialog.get_by_role("listitem")).to_have_count(2)


def test_a_resolved_conversation_opens_again(widget: Widget) -> None:
    widget.visit().open()
    conversation = widget.say("first")
    with widget.agent():
        widget.orm(f"Conversation.objects.filter(pk={conversation}).update(status='resolved', rev=9)")
    widget.page.reload()
    widget.open()
    expect(widget.dialog).to_contain_text("This conversation is resolved")
    widget.say("again")
    expect(widget.dialog.locator(".ending")).to_have_text("")


def test_a_deleted_widget_says_so_and_keeps_the_text(page_factory: Pages, make_server: MakeServer) -> None:
    server = make_server()
    widget = Widget(page_factory(), server).visit().open()
    widget.say("before")
    widget.composer.fill("half a thought")
    widget.orm("from widgets.models import Widget; Widget.objects.update(deleted_at=timezone.now())")
    server.restart()
    expect(widget.dialog).to_contain_text(
        "Chat is not available here right now. Your text is still here.", timeout=15_000
    )
    expect(widget.composer).to_have_value("half a thought")
    expect(widget.composer).not_to_be_editable()


@pytest.mark.parametrize("fault", [BLOCKED_STORAGE, FULL_STORAGE], ids=["refused", "full"])
def test_where_nothing_is_kept_the_chat_works_and_says_so(page_factory: Pages, server: Server, fault: str) -> None:
    widget = Widget(page_factory(), server)
    widget.page.add_init_script(fault)
    widget.visit().open()
    widget.say("hello")
    expect(widget.dialog).to_contain_text("Your browser keeps nothing")
    widget.button("Close chat").click()
    widget.open()
    widget.say("still here")
    expect(widget.rows).to_have_text(["hello", "still here"])
    assert page_factory.console_errors == []


def test_where_sockets_are_blocked_it_goes_by_http(widget: Widget) -> None:
    block_sockets(widget)
    widget.visit().open()
    expect(widget.dialog).to_contain_text("Live answers are blocked here", timeout=15_000)
    conversation = widget.say("by post")
    widget.say("and more")
    with widget.agent() as agent:
        agent.post("by poll", conversation_id=conversation)
    expect(widget.log).to_contain_text("by poll", timeout=15_000)
    expect(widget.rows).to_have_text(["by post", "and more", "by poll"])
    read = f"print(Conversation.objects.get(pk={conversation}).visitor_read_seq)"
    for _ in range(50):
        if int(widget.orm(read)) == 3:
            break
        widget.page.wait_for_timeout(200)
    assert int(widget.orm(read)) == 3
    widget.page.reload()
    widget.open()
    expect(widget.rows).to_have_text(["by post", "and more", "by poll"], timeout=15_000)


def test_sockets_that_stop_working_are_replaced_by_http(widget: Widget) -> None:
    lines: list[WebSocketRoute] = []
    blocked = False

    def pass_on(line: WebSocketRoute) -> None:
        if blocked:
            line.close()
        else:
            line.connect_to_server()
            lines.append(line)

    widget.page.route_web_socket(SOCKETS, pass_on)
    http_module = re.compile(r"/static/js/widget/http\.")
    widget.page.route(http_module, lambda route: route.abort())
    widget.visit().open()
    widget.say("by socket")
    blocked = True
    lines[0].close()
    expect(widget.dialog).to_contain_text("Reconnecting", timeout=15_000)
    widget.write("in between")
    widget.page.wait_for_timeout(3_000)  # asked for the module, in vain
    widget.page.unroute(http_module)
    expect(widget.dialog).to_contain_text("Live answers are blocked here", timeout=30_000)
    widget.say("by post")
    expect(widget.rows).to_have_text(["by socket", "in between", "by post"])


def test_a_socket_that_opened_before_the_first_post_learns_who_is_there(widget: Widget) -> None:
    """It said hello as a newcomer, and became ready after the message had gone by HTTP."""
    is_blocked = is_holding = True
    held: list[tuple[WebSocketRoute, str | bytes]] = []

    def hold(line: WebSocketRoute) -> None:
        if is_blocked:
            line.close()
            return
        there = line.connect_to_server()
        line.on_message(there.send)
        there.on_message(lambda text: held.append((line, text)) if is_holding else line.send(text))

    widget.page.route_web_socket(SOCKETS, hold)
    widget.visit().open()
    expect(widget.dialog).to_contain_text("Live answers are blocked here", timeout=15_000)
    is_blocked = False
    widget.page.evaluate("dispatchEvent(new Event('online'))")
    while not held:
        widget.page.wait_for_timeout(50)
    conversation = widget.say("by post")
    is_holding = False
    for line, text in held:
        line.send(text)
    expect(widget.dialog).not_to_contain_text("Live answers are blocked here")
    with widget.agent() as agent:
        agent.post("by socket", conversation_id=conversation)
    expect(widget.log).to_contain_text("by socket")
    assert widget.say("and more") == conversation


def test_over_http_an_ended_token_starts_afresh_and_loses_nothing(widget: Widget) -> None:
    block_sockets(widget)
    widget.visit().open()
    expect(widget.dialog).to_contain_text("Live answers are blocked here", timeout=15_000)
    widget.say("before")
    widget.orm(
        "from auth_signing.models import VisitorSession\n"
        "for session in VisitorSession.objects.all():\n"
        "    session.token_hash = f'{session.pk.hex}{session.pk.hex}'; session.save()"
    )
    widget.write("one")
    widget.write("two")
    expect(widget.log.locator(".row", has_text="two")).to_contain_text("Sent", timeout=15_000)
    expect(widget.rows).to_have_text(["one", "two"])
    expect(widget.composer).to_be_editable()


def test_a_poll_that_comes_too_late_with_an_ended_token_stops_nothing(widget: Widget) -> None:
    block_sockets(widget)
    widget.visit().open()
    expect(widget.dialog).to_contain_text("Live answers are blocked here", timeout=15_000)
    widget.say("before")
    held: list[Route] = []
    is_holding = True
    calls = re.compile("/visitor/conversations")
    widget.page.route(calls, lambda route: held.append(route) if is_holding else route.continue_())
    while not held:
        widget.page.wait_for_timeout(100)
    widget.write("one")
    widget.page.wait_for_timeout(300)
    assert len(held) == 2
    is_holding = False
    for route in held:
        refusal = {"code": "INVALID_TOKEN", "detail": "x"}
        route.fulfill(status=401, json=refusal, headers={"Access-Control-Allow-Origin": "*"})
    expect(widget.log.locator(".row", has_text="one")).to_contain_text("Sent", timeout=15_000)
    expect(widget.composer).to_be_editable()


def test_messages_that_are_gone_are_not_asked_for_again_and_again(widget: Widget) -> None:
    conversation = widget.visit().open().say("one")
    widget.say("two")
    widget.orm(f"Message.objects.filter(conversation_id={conversation}, seq=1).delete()")
    asked: list[str] = []
    widget.page.on("request", lambda request: asked.append(request.url) if "messages?" in request.url else None)
    widget.page.reload()
    widget.open()
    expect(widget.log).to_contain_text("Earlier messages could not be loaded")
    widget.page.wait_for_timeout(500)
    assert len(asked) < 5


def test_what_was_too_long_is_not_said_of_another_conversation(widget: Widget) -> None:
    widget.visit().open().say("one")
    widget.button("All conversations").click()
    widget.button("New conversation").click()
    widget.composer.fill("x" * 10_001)
    widget.composer.press("Enter")
    expect(widget.dialog).to_contain_text("at most 10,000 characters")
    widget.button("All conversations").click()
    widget.dialog.get_by_role("listitem").get_by_role("button").click()
    expect(widget.log).to_contain_text("one")
    expect(widget.dialog).not_to_contain_text("at most 10,000 characters")


def test_without_web_audio_there_is_no_sound_and_no_fault(widget: Widget, page_factory: Pages) -> None:
    widget.page.add_init_script("delete window.AudioContext")
    widget.visit().open().say("Hello")
    widget.button("Sound").click()
    expect(widget.button("Sound")).to_have_attribute("aria-pressed", "true")
    widget.page.wait_for_timeout(300)
    assert page_factory.console_errors == []


def test_over_http_a_visitor_finds_the_conversations(widget: Widget) -> None:
    widget.visit().open().say("Hello")
    block_sockets(widget)
    widget.page.route(re.compile("/visitor/conversations$"), lambda route: route.abort(), times=1)
    widget.page.reload()
    widget.open()
    expect(widget.log).to_contain_text("Hello", timeout=15_000)
    widget.button("All conversations").click()
    expect(widget.dialog.get_by_role("listitem")).to_have_text([re.compile("No answer yet.*You: Hello")])


def test_a_deleted_widget_is_noticed_over_http(page_factory: Pages, make_server: MakeServer) -> None:
    widget = Widget(page_factory(), make_server())
    block_sockets(widget)
    widget.visit().open()
    expect(widget.dialog).to_contain_text("Live answers are blocked here", timeout=15_000)
    widget.say("before")
    widget.composer.fill("half a thought")
    widget.orm("from widgets.models import Widget; Widget.objects.update(deleted_at=timezone.now())")
    expect(widget.dialog).to_contain_text("Chat is not available here right now", timeout=20_000)
    expect(widget.composer).to_have_value("half a thought")


def test_where_the_list_cannot_be_loaded_the_visitor_goes_on_writing(widget: Widget, page_factory: Pages) -> None:
    widget.visit().open().say("Hello")
    list_module = re.compile(r"/static/js/widget/home\.")
    widget.page.route(list_module, lambda route: route.abort())
    with widget.page.expect_event("requestfailed"):
        widget.button("All conversations").click()
    expect(widget.composer).to_be_visible()
    widget.say("still here")
    expect(widget.rows).to_have_text(["Hello", "still here"])
    widget.page.unroute(list_module)
    widget.button("All conversations").click()
    expect(widget.dialog.get_by_role("listitem")).to_have_count(1)
    assert [error for error in page_factory.console_errors if "ERR_FAILED" not in error] == []


def test_half_an_emoji_is_replaced_and_the_chat_goes_on(widget: Widget) -> None:
    widget.visit().open()
    widget.composer.evaluate("composer => { composer.value = 'cut \\ud83d' }")
    widget.composer.press("Enter")
    expect(widget.log.locator(".row", has_text="cut \ufffd")).to_contain_text("Sent")
    widget.say("and more")


def test_a_key_of_an_input_method_sends_nothing(widget: Widget) -> None:
    widget.visit().open()
    widget.composer.fill("にほん")
    press = "(target, key) => target.dispatchEvent(new KeyboardEvent('keydown', {key, keyCode: 229, bubbles: true}))"
    for key in ("Enter", "Escape"):
        widget.composer.evaluate(press, key)
    expect(widget.composer).to_have_value("にほん")
    expect(widget.dialog).to_be_visible()


def test_a_token_that_is_not_valid_any_more_starts_afresh(widget: Widget) -> None:
    widget.visit().open()
    widget.say("old")
    forge = "localStorage.setItem(key, JSON.stringify({token: 'vt_forged'}))"
    widget.page.evaluate(f"for (const key of Object.keys(localStorage)) {forge}")
    widget.page.reload()
    widget.open()
    widget.say("new")
    expect(widget.rows).to_have_text(["new"])
    assert "forged" not in str(widget.stored())


def test_a_chat_that_cannot_be_loaded_says_so_and_loads_later(widget: Widget) -> None:
    broken = re.compile(r"/static/js/widget/chat\.")
    widget.page.route(broken, lambda route: route.abort())
    widget.visit()
    widget.launcher.click()
    expect(widget.page.get_by_text("The chat can't be reached. Try again.")).to_be_visible()
    widget.page.unroute(broken)
    widget.launcher.click()
    expect(widget.dialog).to_be_visible()
