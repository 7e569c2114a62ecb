"""What a widget asks of people without a name before their first message."""

import pytest
from playwright.sync_api import Page, expect

from tests.axe import faults
from tests.clients import Person, new_owner
from tests.pages import Pages
from tests.server import Server
from tests.shop import OnePage, html, snippet
from tests.widget import Widget


class Asking:
    """A site whose widget asks."""

    def __init__(self, server: Server, site: OnePage, page: Page, **rules: str) -> None:
        self.owner: Person = new_owner(server)
        fields = {"domain": "shop.localhost", "ask_name": "off", "ask_email": "off", **rules}
        self.widget_id = self.owner.call("POST", "widget/create", fields).json()["id"]
        self.chat = Widget(page, server)
        self.site = site
        self.serve("")

    def serve(self, settings: str) -> None:
        self.site.html = html(body=snippet(self.chat.server, self.widget_id, settings))

    def visit(self) -> Widget:
        self.chat.page.goto(f"http://shop.localhost:{self.site.server_port}/")
        self.chat.launcher.wait_for()
        return self.chat.open()

    def contact(self) -> dict[str, str]:
        [found] = self.owner.call("GET", "contacts/").json()["results"]
        return {name: found[name] for name in ("name", "email", "type")}


def test_an_email_that_is_required_makes_a_lead_and_is_asked_once(
    server: Server, site: OnePage, page_factory: Pages
) -> None:
    page = page_factory()
    asking = Asking(server, site, page, ask_name="optional", ask_email="required")
    chat = asking.visit()
    email = chat.dialog.get_by_label("E-mail")
    expect(email).to_be_visible()
    assert faults(page) == []
    message = chat.dialog.get_by_role("textbox", name="Message")
    message.fill("Where is my lamp?")
    message.press("Enter")
    expect(chat.dialog).to_contain_text("Enter your e-mail address first.")
    expect(email).to_be_focused()
    email.fill("nobody at all")
    email.press("Enter")
    expect(chat.dialog).to_contain_text("This is not an e-mail address.")
    assert faults(page) == []
    chat.dialog.get_by_label("Name (optional)").fill("Olga Petrova")
    email.fill("olga@example.com")
    email.press("Enter")
    expect(message).to_be_focused()
    expect(message).to_have_value("Where is my lamp?")
    message.press("Enter")
    expect(chat.log).to_contain_text("Sent")
    expect(email).to_be_hidden()
    assert asking.contact() == {"name": "Olga Petrova", "email": "olga@example.com", "type": "lead"}
    chat.button("All conversations").click()
    chat.button("New conversation").click()
    expect(message).to_be_visible()
    expect(email).to_be_hidden()
    message.fill("And my shade?")
    message.press("Enter")
    expect(chat.log).to_contain_text("Sent")


def test_what_is_optional_may_stay_empty(server: Server, site: OnePage, page_factory: Pages) -> None:
    asking = Asking(server, site, page_factory(), ask_name="optional")
    chat = asking.visit()
    expect(chat.dialog.get_by_label("Name (optional)")).to_be_visible()
    message = chat.dialog.get_by_role("textbox", name="Message")
    message.fill("No name, please")
    message.press("Enter")
    expect(chat.log).to_contain_text("Sent")
    contact = asking.contact()
    assert (contact["email"], contact["type"]) == ("", "visitor")


def test_who_the_page_names_is_not_asked(server: Server, site: OnePage, page_factory: Pages) -> None:
    asking = Asking(server, site, page_factory(), ask_email="required")
    asking.serve("$pipeback = { user: { id: 'u1' } }")
    asking.chat.page.goto(f"http://shop.localhost:{site.server_port}/")
    asking.chat.page.wait_for_function("window.PingBack?.isReady()")
    chat = asking.chat.open()
    chat.write("It is me")
    expect(chat.log).to_contain_text("Sent")
    expect(chat.dialog.get_by_label("E-mail")).to_have_count(0)


def test_where_the_form_could_not_be_loaded_the_server_still_asks(
    server: Server, site: OnePage, page_factory: Pages
) -> None:
    asking = Asking(server, site, page_factory(), ask_email="required")
    asking.chat.page.route("**/prechat.*", lambda route: route.abort())
    chat = asking.visit()
    chat.write("Hello")
    expect(chat.dialog).to_contain_text("Enter your e-mail address first.")
    asking.chat.page.unroute_all()
    chat.button("Close chat").click()
    chat.open()
    chat.dialog.get_by_label("E-mail").fill("olga@example.com")
    chat.button("Try again").click()
    expect(chat.log).to_contain_text("Sent")
    assert asking.contact()["email"] == "olga@example.com"


@pytest.mark.parametrize("size", [(1280, 800), (390, 700)], ids=["desktop", "phone"])
def test_the_form_leaves_room_to_read_and_write(
    server: Server, site: OnePage, page_factory: Pages, size: tuple[int, int]
) -> None:
    page = page_factory(*size)
    chat = Asking(server, site, page, ask_name="required", ask_email="required").visit()
    for name in ("Name", "E-mail"):
        box = chat.dialog.get_by_label(name, exact=True).bounding_box()
        assert box
        assert box["height"] >= 44
    log = chat.log.bounding_box()
    assert log
    assert log["height"] > 150
