"""Two agents and a visitor at once: all three screens say the same, on one process and on two."""

import re

from playwright.sync_api import expect

from tests.desk import Desk
from tests.pages import Pages
from tests.server import Server
from tests.widget import Widget

RESOLVED = "This conversation is resolved"


def agree(pages: Pages, shop: Server, desk_of_adam: Server, desk_of_olivia: Server, question: str) -> None:
    widget = Widget(pages(390, 844), shop).visit().open()
    adam, olivia = Desk(pages(), desk_of_adam), Desk(pages(), desk_of_olivia, "owner")
    desks = (adam, olivia)
    widget.write(question)
    for desk in desks:
        desk.open(question)
    expect(widget.log).to_contain_text("Seen")

    widget.composer.press_sequentially("One more")
    for desk in desks:
        expect(desk.page.get_by_role("main")).to_contain_text("is typing")
    widget.write("One more thing")
    for desk in desks:
        expect(desk.texts).to_have_text([question, "One more thing"])
        expect(desk.page.get_by_role("main").get_by_text("is typing")).to_be_hidden()

    adam.composer.press_sequentially("It ")
    expect(widget.dialog).to_contain_text("is typing")
    adam.write("It is oak.")
    expect(widget.rows).to_have_text([question, "One more thing", "It is oak."])
    expect(olivia.texts).to_have_text([question, "One more thing", "It is oak."])
    for desk in desks:  # the visitor looks at it
        expect(desk.page.locator(".bubble-state").last).to_have_text("Seen")
        expect(desk.row("It is oak.")).not_to_have_class(re.compile("row-unread"))

    adam.assignee.select_option(label="Adam Agent (you)")
    expect(olivia.assignee.locator("option:checked")).to_have_text("Adam Agent")
    olivia.go("Unassigned")
    expect(olivia.row("It is oak.")).to_have_count(0)
    olivia.go("Open")
    olivia.open("It is oak.")

    olivia.page.get_by_role("button", name="Resolve").click()
    for desk in desks:
        expect(desk.page.locator(".status")).to_have_text("Resolved")
        expect(desk.row("It is oak.")).to_have_count(0)
    expect(widget.dialog).to_contain_text(RESOLVED)
    adam.page.get_by_role("button", name="Reopen").click()
    for desk in desks:
        expect(desk.page.locator(".status")).to_have_text("Open")
        expect(desk.row("It is oak.")).to_be_visible()
    expect(widget.dialog).not_to_contain_text(RESOLVED)

    olivia.page.get_by_role("button", name="Resolve").click()
    expect(adam.page.locator(".status")).to_have_text("Resolved")
    widget.write("Walnut, please")  # opens it again
    for desk in desks:
        expect(desk.page.locator(".status")).to_have_text("Open")
        expect(desk.row("Walnut, please")).to_be_visible()
        expect(desk.texts).to_have_text([question, "One more thing", "It is oak.", "Walnut, please"])
    expect(widget.rows).to_have_text([question, "One more thing", "It is oak.", "Walnut, please"])
    assert pages.console_errors == []


def test_on_one_process(page_factory: Pages, server: Server) -> None:
    agree(page_factory, server, server, server, "Oak or walnut?")


def test_on_two_processes(page_factory: Pages, two_servers: tuple[Server, Server]) -> None:
    here, there = two_servers
    agree(page_factory, here, here, there, "Walnut or oak?")
