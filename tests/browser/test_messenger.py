"""What the page calls, and what it hears: both globals, every method, every callback."""

import json
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.pages import Pages
from tests.server import Server
from tests.shop import OnePage, html, snippet
from tests.widget import Widget

pytestmark = pytest.mark.page_only

LISTENS = """
    window.heard = [];
    const hear = (name) => (value) => heard.push(value === undefined ? name : [name, value]);
    const names = ["onLoaded", "onOpen", "onClose", "onShow", "onHide", "onUnread", "onIdentityError"];
    const callbacks = Object.fromEntries(names.map((name) => [name, hear(name)]));
"""
EVENTS = ["loaded", "open", "close", "show", "hide", "unread", "identityError"]


class Messenger:
    """A page of the demo's business that runs `code` before the script."""

    def __init__(self, page: Page, server: Server, site: OnePage) -> None:
        self.page, self.server, self.site = page, server, site

    def visit(self, code: str = "", *, until: str = "window.PingBack?.isReady()") -> Widget:
        self.site.html = html(body=snippet(self.server, self.server.demo()["business_id"], f"{LISTENS} {code}"))
        self.page.goto(f"http://shop.localhost:{self.site.server_port}/")
        self.page.wait_for_function(until)
        return Widget(self.page, self.server)

    def call(self, code: str) -> Any:
        return self.page.evaluate(code)

    def heard(self) -> list[Any]:
        found: list[Any] = self.call("heard.splice(0)")
        return found


@pytest.fixture
def messenger(page_factory: Pages, server: Server, site: OnePage) -> Messenger:
    return Messenger(page_factory(), server, site)


def test_every_callback_is_heard_once_and_every_method_does_what_it_says(messenger: Messenger) -> None:
    chat = messenger.visit("window.$pipeback = { callbacks }")
    assert messenger.heard() == ["onLoaded"]
    messenger.call("PingBack.open()")
    expect(chat.dialog).to_be_visible()
    messenger.call("PingBack.open()")
    assert messenger.heard() == ["onOpen"]
    messenger.call("PingBack.close()")
    expect(chat.dialog).to_be_hidden()
    messenger.call("PingBack.close()")
    assert messenger.heard() == ["onClose"]
    messenger.call("PingBack.hide()")
    expect(chat.launcher).to_be_hidden()
    messenger.call("PingBack.hide()")
    assert messenger.heard() == ["onHide"]
    messenger.call("PingBack.show()")
    expect(chat.launcher).to_be_visible()
    messenger.call("PingBack.show()")
    assert messenger.heard() == ["onShow"]
    messenger.call("PingBack.update({ user: { id: 'x', email: 'x@example.com', signature: 'forged' } })")
    assert messenger.heard() == [["onIdentityError", "IDENTITY_SIGNATURE_INVALID"]]
    conversation = chat.open().say("Hello")
    messenger.call("PingBack.close()")
    messenger.heard()
    with chat.agent() as agent:
        agent.post("An answer", conversation_id=conversation)
        messenger.page.wait_for_function("heard.length")
    assert messenger.heard() == [["onUnread", 1]]
    chat.open()
    messenger.page.wait_for_function("heard.length > 1")
    assert messenger.heard() == ["onOpen", ["onUnread", 0]]
    messenger.call("PingBack.destroy()")
    expect(chat.launcher).to_have_count(0)
    assert messenger.call("[PingBack.isReady(), Object.keys(localStorage).length]") == [False, 0]
    messenger.call("PingBack.start()")
    expect(chat.launcher).to_be_visible()
    messenger.page.wait_for_function("PingBack.isReady()")
    assert messenger.heard() == ["onClose", "onLoaded"]
    expect(chat.open().composer).to_be_visible()
    expect(chat.dialog).not_to_contain_text("An answer")


def test_listeners_can_be_taken_back(messenger: Messenger) -> None:
    chat = messenger.visit()
    messenger.call(f"window.stop = {json.dumps(EVENTS)}.map((name) => PingBack.on(name, hear(name)))")
    assert messenger.heard() == ["loaded"]
    messenger.call("PingBack.hide(); PingBack.show(); PingBack.open()")
    expect(chat.dialog).to_be_visible()
    messenger.call("stop.forEach((stop) => stop())")
    messenger.call("PingBack.close()")
    assert messenger.heard() == ["hide", "show", "open"]


def test_a_callback_that_fails_hurts_nobody(messenger: Messenger) -> None:
    chat = messenger.visit("window.$pipeback = { callbacks: { onOpen() { throw new Error('theirs') } } }")
    chat.open().write("Hello all the same")
    expect(chat.log).to_contain_text("Sent")


def test_both_globals_are_one_object_and_calls_before_the_script_are_made_in_their_order(messenger: Messenger) -> None:
    chat = messenger.visit(
        "(window.$pipeback = window.$pipeback || []).push(['navigate', 'newMessage', 'First'], ['hide']);"
        "window.$pipeback.push(['navigate', 'newMessage', 'About my order']);"
    )
    expect(chat.composer).to_have_value("About my order")
    expect(chat.launcher).to_be_hidden()
    assert messenger.call("window.$pipeback === window.PingBack")
    messenger.call("(window.$pipeback = window.$pipeback || []).push(['show'])")
    expect(chat.launcher).to_be_visible()
    messenger.call("window.$pipeback.push(['dance'])")  # a line in the console


def test_a_page_that_is_told_to_wait_fetches_nothing_until_it_starts(messenger: Messenger) -> None:
    asked: list[str] = []
    messenger.page.on("request", lambda request: asked.append(request.url))
    chat = messenger.visit(
        "window.$pipeback = { boot: false, callbacks, user: { id: 'first' } }", until="window.PingBack"
    )
    messenger.page.wait_for_timeout(300)
    assert [url for url in asked if url.startswith(messenger.server.url)] == [f"{messenger.server.url}/l.js"]
    messenger.call("PingBack.update({ user: null, locale: 'de' }); PingBack.hide(); void PingBack.open()")
    messenger.call("PingBack.start()")
    messenger.page.wait_for_function("PingBack.isReady()")
    expect(chat.dialog.get_by_role("textbox", name="Nachricht")).to_be_visible()
    expect(chat.page.locator("pingback-widget .launcher")).to_be_hidden()
    assert messenger.heard() == ["onLoaded", "onOpen"]
    assert not [url for url in asked if "identify" in url]


def test_a_global_declared_by_var_still_gets_the_methods(messenger: Messenger) -> None:
    chat = messenger.visit("var $pipeback = { callbacks };")
    messenger.call("$pipeback.open()")
    expect(chat.dialog).to_be_visible()
    assert messenger.heard() == ["onLoaded", "onOpen"]


def test_it_goes_where_the_page_says(messenger: Messenger) -> None:
    warnings: list[str] = []
    messenger.page.on("console", lambda message: warnings.append(message.text))
    chat = messenger.visit()
    messenger.call("PingBack.navigate('home')")
    expect(chat.button("New conversation")).to_be_visible()
    messenger.call("PingBack.navigate('newMessage', 'Where is my lamp?')")
    expect(chat.composer).to_have_value("Where is my lamp?")
    expect(chat.composer).to_be_focused()
    messenger.call("PingBack.navigate('messages')")
    expect(chat.button("New conversation")).to_be_visible()
    messenger.call("PingBack.navigate('newMessage')")
    expect(chat.composer).to_have_value("Where is my lamp?")
    messenger.call("PingBack.navigate('news')")
    expect(chat.button("New conversation")).to_be_visible()
    assert any("news" in warning for warning in warnings)


def test_the_script_that_runs_again_after_destroy_starts_again(messenger: Messenger) -> None:
    chat = messenger.visit()
    messenger.call("PingBack.destroy()")
    expect(chat.launcher).to_have_count(0)
    again = f"{messenger.server.url}/l.js"
    messenger.call(f"document.head.append(Object.assign(document.createElement('script'), {{ src: '{again}' }}))")
    expect(chat.launcher).to_be_visible()
    expect(chat.open().composer).to_be_visible()


def test_junk_hurts_nobody(messenger: Messenger) -> None:
    chat = messenger.visit(
        "window.$pipeback = [null, 'open', { user: { id: 'x' } }, ['update', null], ['hide'], ['show']]"
    )
    messenger.call("$pipeback.push(null, 7, ['dance']); window.$pipeback = null; window.$pipeback = 'junk'")
    messenger.call("PingBack.open(); PingBack.close(); PingBack.open()")
    expect(chat.dialog).to_be_visible()
    messenger.call("PingBack.open(); PingBack.close()")
    expect(chat.dialog).to_be_hidden()
    for junk in ("'x'", "7", "Object.freeze({})", "() => {}"):
        messenger.visit(f"window.$pipeback = {junk}")
        expect(chat.launcher).to_be_visible()
