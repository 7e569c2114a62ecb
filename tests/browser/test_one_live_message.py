"""A visitor on the demo shop and an agent in the inbox, in two real browsers."""

import re

from playwright.sync_api import Locator, Page, expect

from tests.pages import Pages
from tests.server import Server


def open_shop(page: Page, server: Server) -> None:
    server.demo()
    page.goto(f"http://localhost:{server.port}/demo/")  # the widget comes from 127.0.0.1: another origin
    page.get_by_role("button", name=re.compile("^Chat")).click()


def open_inbox(page: Page, server: Server) -> None:
    person = server.demo()["agent"]
    page.goto(f"{server.url}/")
    page.get_by_label("E-mail").fill(person["email"])
    page.get_by_label("Password").fill(person["password"])
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Open")).to_be_visible()


def rows(agent: Page) -> Locator:
    return agent.get_by_role("region", name="Conversations").get_by_role("listitem")


def talk(pages: Pages, shop: Server, desk: Server, question: str) -> None:
    visitor, agent = pages(390, 844), pages(1280, 800)
    open_inbox(agent, desk)
    open_shop(visitor, shop)

    composer = visitor.get_by_role("dialog").get_by_role("textbox")
    composer.fill(question)
    composer.press("Enter")
    rows(agent).filter(has_text=question).click()
    expect(agent.get_by_role("log")).to_contain_text(question)

    reply = agent.get_by_role("textbox")
    reply.fill("It left this morning.")
    reply.press("Enter")
    expect(visitor.get_by_role("log")).to_contain_text("It left this morning.")
    expect(visitor.get_by_role("log")).to_contain_text("Adam Agent")

    agent.get_by_role("button", name="Resolve").click()
    expect(rows(agent).filter(has_text=question)).to_have_count(0)

    visitor.reload()
    visitor.get_by_role("button", name=re.compile("^Chat")).click()
    expect(visitor.get_by_role("log")).to_contain_text(question)
    composer = visitor.get_by_role("dialog").get_by_role("textbox")
    composer.fill("Thanks")
    composer.press("Enter")
    expect(agent.get_by_role("log")).to_contain_text("Thanks")
    expect(rows(agent).filter(has_text="Thanks").first).to_be_visible()  # it is open again
    assert pages.console_errors == []


def test_a_message_and_its_answer_arrive_without_reload(page_factory: Pages, server: Server) -> None:
    talk(page_factory, server, server, "Where is my parcel?")


def test_the_same_on_two_processes(page_factory: Pages, two_servers: tuple[Server, Server]) -> None:
    shop, desk = two_servers
    talk(page_factory, shop, desk, "Where is my lamp?")


def test_markup_is_shown_as_text(page_factory: Pages, server: Server) -> None:
    visitor, agent = page_factory(), page_factory()
    open_inbox(agent, server)
    open_shop(visitor, server)
    markup = "<img src=x onerror=alert(1)><script>alert(2)</script><b>bold</b>"
    composer = visitor.get_by_role("dialog").get_by_role("textbox")
    composer.fill(markup)
    composer.press("Enter")
    expect(visitor.get_by_role("log")).to_contain_text(markup)
    row = rows(agent).filter(has_text="onerror")
    row.click()
    expect(agent.get_by_role("log")).to_contain_text(markup)
    agent.reload()
    expect(agent.get_by_role("log")).to_contain_text(markup)
    assert page_factory.console_errors == []


def test_nothing_typed_is_lost_while_the_server_restarts(page_factory: Pages, server: Server) -> None:
    visitor = page_factory()
    open_shop(visitor, server)
    composer = visitor.get_by_role("dialog").get_by_role("textbox")
    composer.fill("before")
    composer.press("Enter")
    expect(visitor.get_by_role("log")).to_contain_text("before")
    server.stop()
    composer.fill("meanwhile")
    composer.press("Enter")
    expect(visitor.get_by_role("dialog")).to_contain_text("Reconnecting")
    server.start()
    expect(visitor.get_by_role("dialog")).not_to_contain_text("Reconnecting", timeout=20_000)
    visitor.reload()
    visitor.get_by_role("button", name=re.compile("^Chat")).click()
    expect(visitor.get_by_role("log")).to_contain_text("meanwhile")


def test_a_text_that_is_too_long_stays_and_the_complaint_goes_when_it_is_shortened(
    page_factory: Pages, server: Server
) -> None:
    visitor = page_factory()
    open_shop(visitor, server)
    dialog = visitor.get_by_role("dialog")
    composer = dialog.get_by_role("textbox")
    composer.fill("x" * 10_001)
    composer.press("Enter")
    expect(dialog).to_contain_text("at most 10,000 characters")
    assert len(composer.input_value()) == 10_001
    composer.fill("short")
    expect(dialog).not_to_contain_text("at most 10,000 characters")
