"""Every way to place the script gives one launcher that works, and what pages do to themselves does not take it away.

The pages are made here and served on `shop.localhost`; the widget comes from 127.0.0.1, another origin.
"""

from functools import partial
from typing import Protocol

import pytest
from playwright.sync_api import Page, expect

from tests.clients import new_owner, wait_until
from tests.pages import Pages
from tests.server import Server
from tests.shop import OnePage, html
from tests.widget import Widget

pytestmark = pytest.mark.page_only

SETTING = '<script>window.PingBackWidgetId = "{id}"</script>'
SNIPPET = SETTING + '<script src="{host}/widget.js" async></script>'
PIPEBACK = '<script>window.PIPEBACK_ID = "{business}"; $pipeback = {}</script><script src="{host}/l.js" async></script>'
ON_THE_TAG = '<script src="{host}/widget.js" data-widget-id="{id}" async></script>'
LATER = "addEventListener('load', () => setTimeout(inject, 300));"
INJECT = """
const inject = () => new Promise((onload) => {
  window.PingBackWidgetId = "{id}";
  document.head.append(Object.assign(document.createElement("script"), { src: "{host}/widget.js", onload }));
});
"""


def script(code: str) -> str:
    return f"<script>{INJECT}{code}</script>"


PLACEMENTS = {
    "in head": html(head=SNIPPET),
    "in head, not async": html(head=SETTING + '<script src="{host}/widget.js"></script>'),
    "at the end of body": html(body=SNIPPET),
    "id on the tag": html(head=ON_THE_TAG),
    "the snippet of Pipeback": html(head=PIPEBACK),
    "both snippets": html(head=PIPEBACK + SNIPPET),
    "the same snippet twice": html(head=SNIPPET, body=SNIPPET),
    "injected before load": html(head=script("inject()")),
    "injected after load": html(head=script(LATER)),
    "injected twice": html(head=script("inject();" + LATER)),
    "base elsewhere": html(head='<base href="https://elsewhere.example/deep/">' + SNIPPET),
    "in quirks mode": html(body=SNIPPET, doctype=""),
}

CHANGES = {
    "the script runs again": f"async () => {{ {INJECT} await inject() }}",
    "body is replaced": "() => document.body.replaceWith(document.createElement('body'))",
    "body is emptied": "() => { document.body.innerHTML = '' }",
    "the widget is removed": "() => document.querySelector('pingback-widget').remove()",
    "everything is replaced": """() => document.documentElement.replaceChildren(
        document.head.cloneNode(true), document.body.cloneNode(true))""",
    "the route changes": """() => {
        history.pushState(null, "", "/lamps");
        document.querySelector("h1").textContent = "Lamps";
    }""",
    "Turbo visits a page": """async () => {
        const answer = await fetch("/next");
        const { body } = new DOMParser().parseFromString(await answer.text(), "text/html");
        document.body.replaceWith(body);
        history.pushState({}, "", "/next");
        for (const old of body.querySelectorAll("script")) {
            const script = document.createElement("script");
            for (const { name, value } of old.attributes) script.setAttribute(name, value);
            script.textContent = old.textContent;
            const loaded = script.src && new Promise((done) => { script.onload = done });
            old.replaceWith(script);
            await loaded;
        }
    }""",
}

HOSTILE_STYLES = {
    "hide everything": "body *, html > :not(head, body), div, button, svg { display: none !important }",
    "own all buttons": "button { all: revert !important; position: static !important; width: 3px !important }",
    "shrink all text": "html, * { font-size: 2px !important; line-height: 0 !important }",
    "inherit the worst": "html { visibility: hidden; pointer-events: none; text-transform: uppercase }",
    "transform body": "body { transform: scale(1); filter: blur(0); overflow: hidden; height: 3000px }",
    "lay out html": "html { display: grid; grid-template-columns: 1fr 1fr; gap: 50px; padding: 80px }",
}


class Visit(Protocol):
    def __call__(self, page_html: str, *, widget_id: str = "", host: str = "shop.localhost") -> Widget: ...


@pytest.fixture
def visit(page_factory: Pages, server: Server, site: OnePage) -> Visit:
    """Opens a page made of this HTML."""

    def visit(page_html: str, *, widget_id: str = "", host: str = "shop.localhost") -> Widget:
        site.html = filled_in(page_html, server, widget_id)
        page = page_factory()
        page.goto(f"http://{host}:{site.server_port}/")
        return Widget(page, server)

    return visit


def filled_in(text: str, server: Server, widget_id: str = "") -> str:
    demo = server.demo()
    values = {"{host}": server.url, "{id}": widget_id or demo["widget_id"], "{business}": demo["business_id"]}
    for name, value in values.items():
        text = text.replace(name, value)
    return text


def there_is_one(chat: Widget) -> None:
    expect(chat.launcher).to_have_count(1)
    expect(chat.page.locator("pingback-widget")).to_have_count(1)


@pytest.mark.parametrize("placement", PLACEMENTS)
def test_wherever_it_is_placed_there_is_one_chat_and_it_works(
    visit: Visit, page_factory: Pages, placement: str
) -> None:
    chat = visit(PLACEMENTS[placement]).open()
    chat.write("Hello from a page")
    expect(chat.log).to_contain_text("Hello from a page")
    expect(chat.log).to_contain_text("Sent")
    there_is_one(chat)
    chat.page.reload()
    expect(chat.open().log).to_contain_text("Hello from a page")
    there_is_one(chat)
    assert page_factory.console_errors == []


@pytest.mark.parametrize("change", CHANGES)
def test_the_open_chat_survives_what_the_page_does(
    visit: Visit, page_factory: Pages, server: Server, change: str
) -> None:
    chat = visit(html(body=SNIPPET)).open()
    chat.write("Before the change")
    expect(chat.log).to_contain_text("Sent")
    chat.composer.fill("Half a sente")
    chat.page.evaluate(filled_in(CHANGES[change], server))
    there_is_one(chat)
    expect(chat.log).to_contain_text("Before the change")
    expect(chat.composer).to_have_value("Half a sente")
    chat.write("After the change")
    expect(chat.log).to_contain_text("After the change")
    chat.composer.press("Escape")
    expect(chat.dialog).to_be_hidden()
    expect(chat.open().log).to_contain_text("After the change")
    assert page_factory.console_errors == []


@pytest.mark.parametrize("style", HOSTILE_STYLES)
def test_the_styles_of_the_page_do_not_reach_it(visit: Visit, style: str) -> None:
    chat = visit(html(head=f"<style>{HOSTILE_STYLES[style]}</style>", body=SNIPPET))
    expect(chat.launcher).to_be_visible()
    chat.page.evaluate("() => scrollTo(0, 500)")
    assert chat.launcher.bounding_box() == {"x": 1280 - 76, "y": 800 - 76, "width": 56, "height": 56}
    chat.open()
    expect(chat.composer).to_have_css("font-size", "16px")
    expect(chat.composer).to_have_css("text-transform", "none")
    window = chat.dialog.bounding_box()
    assert window
    assert window["width"] == 380
    chat.write("It is quiet in here")
    expect(chat.log).to_contain_text("It is quiet in here")


def test_on_a_site_that_is_not_allowed_it_stays_hidden_and_says_why(visit: Visit, server: Server) -> None:
    """Allowed are its domain, `www.`, subdomains, the other domains it names, and the maker's own machine."""
    owner = new_owner(server)
    fields = {"domain": "shop.localhost", "allowed_domains": ["ally.localhost"]}
    widget_id = owner.call("POST", "widget/create", fields).json()["id"]
    for host in ("shop.localhost", "www.shop.localhost", "a.b.shop.localhost", "ally.localhost", "localhost"):
        chat = visit(html(body=SNIPPET), widget_id=widget_id, host=host).open()
        chat.write(f"Hello from {host}")
        expect(chat.dialog).to_contain_text("Sent")
    for host in ("other.localhost", "myshop.localhost"):
        foreign = visit(html(body=SNIPPET), widget_id=widget_id, host=host)
        wait_until(partial(is_warned, foreign.page, f"not allowed on {host}"))
        expect(foreign.launcher).to_have_count(0)


def test_a_widget_of_the_api_looks_as_it_was_made_and_a_change_is_on_the_next_page_view(
    visit: Visit, server: Server, site: OnePage
) -> None:
    owner = new_owner(server)
    logo = f"http://shop.localhost:{site.server_port}/logo.svg"
    fields = {"domain": "shop.localhost", "welcome_heading": "Hi there!", "welcome_tagline": "Ask us — anything"}
    widget = owner.call("POST", "widget/create", {**fields, "primary_color": "#7650FF", "logo_url": logo}).json()
    snippet = owner.call("GET", f"widget/{widget['id']}/snippet").json()["snippet"]
    with owner.connect() as inbox:
        inbox.expect("ready")
        wait_until(lambda: owner.call("GET", f"widget/{widget['id']}").json()["online"])
        chat = visit(html(body=snippet))
        expect(chat.launcher).to_have_accessible_name("Chat, online now")
        chat.open()
        expect(chat.dialog).to_contain_text("Hi there!")
        expect(chat.dialog).to_contain_text("Ask us — anything")
        expect(chat.dialog.locator("img")).to_have_js_property("naturalWidth", 40)
        assert colour_of(chat) == "rgb(118, 80, 255)"
        changes = {"welcome_heading": "How can we help?", "primary_color": "#5B3FCC", "show_online_badge": False}
        owner.call("PUT", f"widget/update/{widget['id']}", changes).raise_for_status()
        chat.page.reload()
        expect(chat.launcher).to_have_accessible_name("Chat")
        assert colour_of(chat) == "rgb(91, 63, 204)"
        chat.open()
        expect(chat.dialog).to_contain_text("How can we help?")
        expect(chat.dialog).to_contain_text("Ask us — anything")


def colour_of(chat: Widget) -> str:
    return str(chat.launcher.evaluate("button => getComputedStyle(button).backgroundColor"))


def test_markup_with_the_scripts_name_brings_in_nobody_else(visit: Visit) -> None:
    named = '<img name="currentScript" src="https://evil.example/widget.js" data-widget-id="{id}">'
    chat = visit(html(body=named + SNIPPET.replace(" async", "")))
    wait_until(lambda: any("no widget id" in warning for warning in warnings(chat.page)))
    asked = chat.page.evaluate("performance.getEntriesByType('resource').map(({ name }) => name)")
    assert [url for url in asked if "evil.example" in url] == ["https://evil.example/widget.js"]  # the image itself


@pytest.mark.parametrize("markup", ["<img id=PingBack>", "<a id=PIPEBACK_ID href=x></a>", "<img id=PingBackWidgetId>"])
def test_markup_with_the_names_of_our_globals_is_no_setting(visit: Visit, markup: str, page_factory: Pages) -> None:
    chat = visit(html(body=markup + ON_THE_TAG)).open()
    chat.say("Hello")
    assert page_factory.console_errors == []


def test_a_browser_that_is_too_old_shows_no_launcher(visit: Visit, page_factory: Pages) -> None:
    old = "<script>delete Document.prototype.adoptedStyleSheets</script>"
    chat = visit(html(head=old, body=SNIPPET))
    wait_until(lambda: any("too old" in warning for warning in warnings(chat.page)))
    expect(chat.page.locator("pingback-widget")).to_have_count(0)
    assert page_factory.console_errors == []


def test_after_a_refused_config_the_script_may_run_again(visit: Visit, page_factory: Pages, server: Server) -> None:
    chat = visit(html())
    chat.page.route("**/api/v1/widget/*", lambda route: route.fulfill(status=503, json={"detail": "Busy."}), times=1)
    again = filled_in(f"async () => {{ {INJECT} await inject() }}", server)
    chat.page.evaluate(again)
    wait_until(lambda: any("Busy." in warning for warning in warnings(chat.page)))
    chat.page.evaluate(again)
    there_is_one(chat.open())


def warnings(page: Page) -> list[str]:
    return [message.text for message in page.console_messages() if message.type == "warning"]


def is_warned(page: Page, text: str) -> bool:
    return any(text in warning for warning in warnings(page))
