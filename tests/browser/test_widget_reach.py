"""For everybody: assistive technology, the keyboard alone, phones, right-to-left, high contrast, and hostile texts."""

import json
import re
from typing import Any, Literal

import pytest
from playwright.sync_api import Page, WebSocketRoute, expect

from tests.axe import faults
from tests.pages import NOTE_SHIFTS, Pages
from tests.server import Server
from tests.widget import Widget

pytestmark = pytest.mark.page_only

SOCKETS = re.compile("/ws/visitor/")
WIDGET_GONE = 4404
AFTER_INPUT_MS = 600  # the browser holds what moves within 500 ms of a click or a key for its consequence
FOCUSED = """() => {
  let focused = document.activeElement;
  while (focused?.shadowRoot?.activeElement) focused = focused.shadowRoot.activeElement;
  return focused.ariaLabel || focused.textContent || focused.className || focused.tagName;
}"""

OUTLINE = """() => {
  let focused = document.activeElement;
  while (focused?.shadowRoot?.activeElement) focused = focused.shadowRoot.activeElement;
  return getComputedStyle(focused).outlineStyle;
}"""


@pytest.fixture
def widget(page_factory: Pages, server: Server) -> Widget:
    return Widget(page_factory(), server)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_any_state(page_factory: Pages, server: Server, scheme: Literal["light", "dark"]) -> None:
    widget = Widget(page_factory(1280, 800, scheme, reduced_motion="reduce"), server)
    page = widget.page
    refusing = False

    def watch(line: WebSocketRoute) -> None:
        there = line.connect_to_server()

        def pass_on(text: str | bytes) -> None:
            found = re.search(r'"client_id":"([^"]+)"', str(text))
            if refusing and found:
                line.send(f'{{"type":"error","code":"INTERNAL_ERROR","detail":"x","client_id":"{found[1]}"}}')
            else:
                there.send(text)

        line.on_message(pass_on)

    page.route_web_socket(SOCKETS, watch)
    seen: dict[str, list[Any]] = {}
    widget.visit()
    seen["launcher"] = faults(page)
    widget.open()
    seen["welcome"] = faults(page)
    conversation = widget.say("Hello, see https://example.com/")
    with widget.agent() as agent:
        agent.post("An answer: https://example.com/", conversation_id=conversation)
        agent.send("typing", conversation_id=conversation, is_typing=True)
        expect(widget.log).to_contain_text("is typing")
        seen["conversation"] = faults(page)
        widget.composer.fill("x" * 10_001)
        widget.composer.press("Enter")
        seen["too long"] = faults(page)
        widget.composer.fill("")
        widget.button("All conversations").click()
        agent.post("News", conversation_id=conversation)
        expect(widget.dialog).to_contain_text("1 new")
        seen["list"] = faults(page)
        widget.button("Close chat").click()
        seen["unread"] = faults(page)
    widget.open()
    widget.dialog.get_by_role("listitem").first.get_by_role("button").click()
    refusing = True
    widget.write("Refused")
    expect(widget.dialog).to_contain_text("Not sent")
    seen["not sent"] = faults(page)
    assert {state: found for state, found in seen.items() if found} == {}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_rarer_states(
    page_factory: Pages, server: Server, scheme: Literal["light", "dark"]
) -> None:
    widget = Widget(page_factory(1280, 800, scheme, reduced_motion="reduce"), server)
    page = widget.page
    logo = f"{server.url}/static/demo/mark.svg"
    fulfil_config(widget, show_help_prompt=True, initial_message="Which lamp may it be?", logo_url=logo)
    lines: list[WebSocketRoute] = []
    is_down = False

    def watch(line: WebSocketRoute) -> None:
        lines.append(line)
        if is_down:
            line.close()
        else:
            line.connect_to_server()

    page.route_web_socket(SOCKETS, watch)
    seen: dict[str, list[Any]] = {}
    widget.visit()
    expect(page.get_by_role("button", name="Dismiss")).to_be_visible()
    seen["help prompt"] = faults(page)
    widget.open()
    expect(widget.dialog.locator("img")).to_be_visible()
    seen["welcome with a logo and a greeting"] = faults(page)
    conversation = widget.say("Hello")
    widget.composer.fill("x" * 9_900)
    expect(widget.dialog).to_contain_text("9,900 / 10,000")
    seen["counter"] = faults(page)
    for status in ("closed", "resolved"):
        widget.orm(f"Conversation.objects.filter(pk={conversation}).update(status='{status}')")
        page.reload()
        widget.open()
        if status == "closed":  # then the list opens, else the conversation that goes on
            widget.dialog.get_by_role("listitem").get_by_role("button").click()
        expect(widget.dialog).to_contain_text(f"This conversation is {status}")
        seen[status] = faults(page)
    page.context.set_offline(True)
    expect(widget.dialog).to_contain_text("You are offline")
    seen["offline"] = faults(page)
    page.context.set_offline(False)
    expect(widget.dialog).not_to_contain_text("You are offline")
    is_down = True
    page.route("**/api/v1/**", lambda route: route.abort())
    lines[-1].close()
    widget.write("Into the void")
    expect(widget.dialog).to_contain_text("Reconnecting")
    seen["reconnecting"] = faults(page)
    is_down = False
    expect(widget.dialog).not_to_contain_text("Reconnecting")
    lines[-1].close(code=WIDGET_GONE)
    expect(widget.dialog).to_contain_text("Chat is not available here right now.")
    seen["stopped"] = faults(page)
    assert {state: found for state, found in seen.items() if found} == {}


def jumps(page: Page) -> list[Any]:
    page.wait_for_timeout(200)  # the browser reports a shift after the frame in which it happened
    found: list[Any] = page.evaluate("layoutShifts.filter(({ hadRecentInput }) => !hadRecentInput)")
    return found


def test_nothing_jumps(widget: Widget) -> None:
    """Loading, opening, asking and being answered. What follows a key or a click at once may move, as everywhere."""
    widget.page.add_init_script(NOTE_SHIFTS)
    widget.visit().open()
    conversation = widget.say("Is it bright?")
    widget.page.wait_for_timeout(AFTER_INPUT_MS)
    with widget.agent() as agent:
        agent.send("typing", conversation_id=conversation, is_typing=True)
        expect(widget.log).to_contain_text("is typing")
        agent.post("Very. " * 40, conversation_id=conversation)
        expect(widget.log).to_contain_text("Very.")
        expect(widget.dialog.get_by_role("heading")).to_have_text("Adam Agent")
    assert jumps(widget.page) == []


def test_nothing_jumps_when_the_first_acknowledgement_is_late(widget: Widget) -> None:
    page = widget.page
    page.add_init_script(NOTE_SHIFTS)
    held: list[tuple[WebSocketRoute, str | bytes]] = []

    def hold(line: WebSocketRoute) -> None:
        there = line.connect_to_server()
        there.on_message(lambda text: held.append((line, text)) if '"ack"' in str(text) else line.send(text))

    page.route_web_socket(SOCKETS, hold)
    widget.visit().open()
    widget.write("Is it bright?")
    page.wait_for_timeout(AFTER_INPUT_MS)
    for line, text in held:
        line.send(text)
    expect(widget.log).to_contain_text("Sent")
    expect(widget.button("All conversations")).to_be_visible()
    assert jumps(page) == []


@pytest.mark.parametrize(
    ("primary", "secondary"),
    [("#FFFFFF", "#FFFFFF"), ("#FFFF00", "#FFFFFF"), ("#000000", "#111111"), ("#8A8A8A", "#EEEEEE")],
)
def test_hard_colours_stay_readable(page_factory: Pages, server: Server, primary: str, secondary: str) -> None:
    widget = Widget(page_factory(1280, 800, reduced_motion="reduce"), server)
    fulfil_config(widget, primary_color=primary, secondary_color=secondary, initial_message="Which lamp may it be?")
    widget.visit().open()
    widget.say("Hello")
    assert faults(widget.page) == []


def fulfil_config(widget: Widget, **fields: Any) -> None:
    """The demo's widget with another look, as its public config would say it."""
    demo = widget.server.demo()

    def answer(route: Any) -> None:
        answered = route.fetch()
        route.fulfill(response=answered, body=json.dumps(answered.json() | fields))

    widget.page.route(re.compile(f"/api/v1/widget/{demo['widget_id']}"), answer)


def test_the_whole_chat_by_keyboard_alone(widget: Widget) -> None:
    widget.visit()
    page, press = widget.page, widget.page.keyboard.press
    shortcuts = "window.fired = 0; addEventListener('keydown', (event) => event.key === 'n' && fired++)"
    page.evaluate(shortcuts)
    widget.launcher.focus()
    press("Enter")
    expect(widget.composer).to_be_focused()
    page.keyboard.type("none of the page's shortcuts")
    press("Shift+Enter")
    page.keyboard.type("second line")
    press("Enter")
    expect(widget.rows).to_have_text(["none of the page's shortcuts\nsecond line"])
    expect(widget.log).to_contain_text("Sent")  # the way back appears with the acknowledgement
    assert page.evaluate("fired") == 0
    press("Escape")
    expect(widget.dialog).to_be_hidden()
    expect(widget.launcher).to_be_focused()
    press("Space")
    expect(widget.composer).to_be_focused()
    press("Shift+Tab")
    expect(widget.log).to_be_focused()
    walk = []
    for _ in range(3):
        press("Shift+Tab")
        walk.append(page.evaluate(FOCUSED))
    assert walk == ["Close chat", "Sound", "All conversations"]
    assert page.evaluate(OUTLINE) != "none"
    press("Enter")
    expect(widget.button("New conversation")).to_be_visible()
    for _ in range(6):
        press("Tab")
        if "New conversation" in page.evaluate(FOCUSED):
            break
    press("Enter")
    expect(widget.composer).to_be_focused()
    page.keyboard.type("another one")
    press("Enter")
    expect(widget.rows).to_have_text(["another one"])


def test_an_input_method_may_use_enter(widget: Widget) -> None:
    widget.visit().open()
    widget.composer.fill("にほん")
    widget.composer.dispatch_event("keydown", {"key": "Enter", "isComposing": True, "bubbles": True})
    expect(widget.composer).to_have_value("にほん")
    expect(widget.rows).to_have_count(0)


def test_answers_are_announced_once_and_old_ones_never(widget: Widget) -> None:
    widget.visit().open()
    conversation = widget.say("Hello")
    announcer = widget.page.locator("pingback-widget .announcer")
    with widget.agent() as agent:
        agent.post("The first answer", conversation_id=conversation)
        expect(announcer).to_have_text("Adam Agent: The first answer")
    widget.page.reload()
    widget.open()
    expect(widget.log).to_contain_text("The first answer")
    expect(announcer).to_be_empty()
    expect(widget.dialog).to_have_accessible_name("Hi there!")
    expect(widget.launcher).to_have_attribute("aria-expanded", "true")


@pytest.mark.parametrize(("width", "height"), [(390, 844), (320, 568), (844, 390), (640, 400)])
def test_on_a_small_screen_it_takes_the_whole_of_it(
    page_factory: Pages, server: Server, width: int, height: int
) -> None:
    widget = Widget(page_factory(width, height), server).visit().open()
    widget.say("Hello " * 40 + "w" * 300)
    box = widget.dialog.bounding_box()
    assert box == {"x": 0, "y": 0, "width": width, "height": height}
    assert widget.page.evaluate("document.documentElement.scrollWidth") == width
    assert widget.log.evaluate("log => log.scrollWidth <= log.clientWidth")
    expect(widget.dialog).to_have_attribute("aria-modal", "true")
    assert float(widget.composer.evaluate("box => parseFloat(getComputedStyle(box).fontSize)")) >= 16
    for button in widget.dialog.get_by_role("button").all():
        if button.is_visible():
            size = button.bounding_box()
            assert size
            assert min(size["width"], size["height"]) >= 40
    for key in ["Tab"] * 12 + ["Shift+Tab"] * 12:  # to the browser's own controls perhaps, but never behind it
        widget.page.keyboard.press(key)
        assert widget.page.evaluate("document.activeElement.tagName") in {"PINGBACK-WIDGET", "BODY"}
    widget.button("Close chat").click()
    expect(widget.dialog).to_be_hidden()
    assert widget.page.evaluate("document.body.inert") is False


def test_a_phones_keyboard_shrinks_it(page_factory: Pages, server: Server) -> None:
    widget = Widget(page_factory(390, 844, has_touch=True, is_mobile=True), server).visit().open()
    widget.page.evaluate(
        "Object.defineProperty(visualViewport, 'height', { value: 500 });"
        "visualViewport.dispatchEvent(new Event('resize'))"
    )
    box = widget.dialog.bounding_box()
    assert box
    assert round(box["height"]) == 500


def test_right_to_left_is_mirrored(page_factory: Pages, server: Server) -> None:
    widget = Widget(page_factory(), server).visit("/demo/rtl/")
    launcher = widget.launcher.bounding_box()
    assert launcher
    assert launcher["x"] == 20
    widget.open()
    widget.say("هل تشحنون إلى الرياض؟")
    bubble, log = widget.rows.first.bounding_box(), widget.log.bounding_box()
    assert bubble
    assert log
    assert bubble["x"] - log["x"] < 20  # ours stand at the end side: the left
    expect(widget.dialog).to_have_attribute("dir", "rtl")
    back = widget.button("كل المحادثات").locator("svg")
    assert back.evaluate("icon => getComputedStyle(icon).transform") == "matrix(-1, 0, 0, 1, 0, 0)"


def test_reduced_motion_and_high_contrast(page_factory: Pages, server: Server) -> None:
    widget = Widget(page_factory(reduced_motion="reduce", forced_colors="active"), server).visit().open()
    conversation = widget.say("Hello")
    with widget.agent() as agent:
        agent.send("typing", conversation_id=conversation, is_typing=True)
        expect(widget.log).to_contain_text("is typing")
        running = (
            """host => host.shadowRoot.getAnimations({subtree: true}).filter((a) => a.playState === "running").length"""
        )
        expect(widget.dialog).to_be_visible()
        assert widget.page.locator("pingback-widget").evaluate(running) == 0
    border = "button => getComputedStyle(button).borderStyle"
    assert widget.button("Send").evaluate(border) == "solid"


def test_markup_in_every_text_is_shown_as_text(page_factory: Pages, server: Server) -> None:
    widget = Widget(page_factory(), server)
    page = widget.page
    foreign: list[str] = []
    page.on(
        "request",
        lambda request: (
            None if "127.0.0.1" in request.url or "localhost" in request.url else foreign.append(request.url)
        ),
    )
    page.on("dialog", lambda dialog: foreign.append(dialog.message))
    markup = "<img src=x onerror=alert(1)><script>alert(2)</script><b>bold</b>"
    fulfil_config(
        widget,
        welcome_heading=f"H {markup}",
        welcome_tagline=f"T {markup}",
        initial_message=f"I {markup}",
        logo_url="javascript:alert(3)",
        show_help_prompt=True,
    )
    widget.visit()
    expect(page.get_by_role("button", name=f"I {markup}")).to_be_visible()
    widget.open()
    for text in (f"H {markup}", f"T {markup}", f"I {markup}"):
        expect(widget.dialog.get_by_text(text, exact=True).first).to_be_visible()
    conversation = widget.say(f"M {markup} javascript:alert(4) data:text/html,x http://example.com/")
    widget.orm(
        f"Message.objects.filter(conversation={conversation}).update("
        f"author_name='A ' + {markup!r}, sender=Sender.AGENT, contact=None)"
    )
    page.reload()
    widget.open()
    expect(widget.log).to_contain_text(f"A {markup}")
    expect(widget.log).to_contain_text(f"M {markup}")
    assert widget.dialog.locator("script, b, img").count() == 0
    links = widget.dialog.get_by_role("link")
    expect(links).to_have_count(1)
    expect(links).to_have_attribute("href", "http://example.com/")
    expect(links).to_have_attribute("rel", re.compile("noopener noreferrer"))
    expect(links).to_have_attribute("target", "_blank")
    assert foreign == []


def test_long_texts_leave_room_for_the_composer_and_the_dismiss_button(page_factory: Pages, server: Server) -> None:
    widget = Widget(page_factory(320, 300), server)
    long = {"welcome_heading": "W" * 100, "welcome_tagline": "t" * 200, "initial_message": "g" * 500}
    fulfil_config(widget, **long, show_help_prompt=True)
    widget.visit()
    dismiss = widget.page.get_by_role("button", name="Dismiss").bounding_box()
    assert dismiss
    assert dismiss["width"] >= 40
    assert 0 <= dismiss["x"] <= 320 - dismiss["width"]
    widget.open()
    composer = widget.composer.bounding_box()
    assert composer
    assert composer["y"] + composer["height"] <= 300


def test_english_words_read_rightly_from_right_to_left(page_factory: Pages, server: Server) -> None:
    page = page_factory()
    page.add_init_script("window.$pipeback = { locale: 'en' }")
    widget = Widget(page, server).visit("/demo/rtl/").open()
    conversation = widget.say("Hello")
    widget.button("All conversations").click()
    with widget.agent() as agent:
        agent.post("An answer", conversation_id=conversation)
    unread = widget.dialog.get_by_text("1 new", exact=True)
    expect(unread).to_be_visible()
    left_of = """(label) => [0, 2].map((at) => {
      const range = new Range();
      range.setStart(label.firstChild, at);
      range.setEnd(label.firstChild, at + 1);
      return range.getBoundingClientRect().left;
    })"""
    number, word = unread.evaluate(left_of)
    assert number < word
