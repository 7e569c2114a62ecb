"""The widget in the visitor's language: of the page's settings, else of the page, else of the browser."""

import json
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.axe import faults
from tests.pages import Pages
from tests.server import Server
from tests.shop import OnePage, html, snippet
from tests.widget import Widget

pytestmark = pytest.mark.page_only

FILES = Path(__file__).parents[2] / "static" / "js" / "locales"
LOCALES = [file.stem for file in sorted(FILES.glob("*.json"))]


def words(locale: str) -> dict[str, str]:
    found: dict[str, str] = json.loads((FILES / f"{locale}.json").read_text())
    return found


def visit(page: Page, server: Server, site: OnePage, *, page_language: str = "", locale: str = "") -> Widget:
    settings = f"window.$pipeback = {{ locale: '{locale}' }};" if locale else ""
    site.html = html(body=snippet(server, server.demo()["business_id"], settings))
    if page_language:
        site.html = site.html.replace("<html>", f'<html lang="{page_language}">')
    page.goto(f"http://shop.localhost:{site.server_port}/")
    page.wait_for_function("window.PingBack?.isReady()")
    return Widget(page, server)


@pytest.mark.parametrize("locale", LOCALES)
def test_every_word_and_name_is_in_the_visitors_language(
    page_factory: Pages, server: Server, site: OnePage, locale: str
) -> None:
    page = page_factory(locale=locale)
    visit(page, server, site)
    said = words(locale)
    page.get_by_role("button", name=said["Chat"]).first.press("Enter")
    dialog = page.get_by_role("dialog")
    composer = dialog.get_by_role("textbox", name=said["Message"])
    composer.fill("Hola, olá, مرحبا")
    composer.press("Enter")
    expect(dialog.get_by_role("log", name=said["Messages"])).to_contain_text(said["Sent"])
    expect(dialog).to_contain_text(said["Today"])
    expect(dialog.get_by_role("button", name=said["Attach files"])).to_be_visible()
    assert faults(page) == []
    dialog.get_by_role("button", name=said["All conversations"]).press("Enter")
    expect(dialog).to_contain_text(said["You: %"].split("%")[0].strip())
    expect(dialog).to_contain_text(said["No answer yet"])
    expect(dialog.get_by_role("button", name=said["New conversation"])).to_be_visible()
    expect(dialog).to_have_attribute("dir", "rtl" if locale == "ar" else "ltr")
    for name in ("Sound", "Close chat", "Send"):
        expect(dialog.get_by_role("button", name=said[name], include_hidden=True)).to_have_count(1)
    assert faults(page) == []


@pytest.mark.parametrize(
    ("settings", "of_page", "of_browser", "expected"),
    [
        ("de-CH", "fr", "es", "de"),
        ("auto", "fr-CA", "es", "fr"),
        ("", "pt_PT", "es", "pt-BR"),
        ("", "nl", "es-MX", "es"),
        ("tlh", "", "fr", "fr"),
    ],
)
def test_the_settings_come_first_then_the_page_then_the_browser(
    page_factory: Pages, server: Server, site: OnePage, settings: str, of_page: str, of_browser: str, expected: str
) -> None:
    page = page_factory(locale=of_browser)
    chat = visit(page, server, site, page_language=of_page, locale=settings)
    chat.page.locator("pingback-widget .launcher").click()
    expect(chat.dialog.get_by_role("textbox", name=words(expected)["Message"])).to_be_visible()


def test_english_pages_load_no_words_and_lost_words_are_english(
    page_factory: Pages, server: Server, site: OnePage
) -> None:
    page = page_factory(locale="fr-FR")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    chat = visit(page, server, site, page_language="en")
    expect(chat.open().composer).to_have_accessible_name("Message")
    assert not [url for url in asked if "/locales/" in url]
    page.route("**/locales/**", lambda route: route.abort())
    chat = visit(page, server, site)
    expect(chat.open().composer).to_have_accessible_name("Message")
