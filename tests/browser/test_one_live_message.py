"""A visitor on the demo shop and an agent in the inbox, in two real browsers."""

from playwright.sync_api import expect

from tests.desk import Desk
from tests.pages import Pages
from tests.server import Server
from tests.widget import Widget


def talk(pages: Pages, shop: Server, inbox: Server, question: str) -> None:
    desk = Desk(pages(), inbox)
    widget = Widget(pages(390, 844), shop).visit().open()

    widget.write(question)
    desk.open(question)
    desk.write("It left this morning.")
    expect(widget.log).to_contain_text("It left this morning.")
    expect(widget.log).to_contain_text("Adam Agent")

    desk.page.get_by_role("button", name="Resolve").click()
    expect(desk.row("It left this morning.")).to_have_count(0)

    widget.page.reload()
    widget.open()
    expect(widget.log).to_contain_text(question)
    widget.write("Thanks")
    expect(desk.page.get_by_role("log")).to_contain_text("Thanks")
    expect(desk.row("Thanks").first).to_be_visible()  # it is open again
    assert pages.console_errors == []


def test_a_message_and_its_answer_arrive_without_reload(page_factory: Pages, server: Server) -> None:
    talk(page_factory, server, server, "Where is my parcel?")


def test_the_same_on_two_processes(page_factory: Pages, two_servers: tuple[Server, Server]) -> None:
    shop, inbox = two_servers
    talk(page_factory, shop, inbox, "Where is my lamp?")


def test_markup_is_shown_as_text(page_factory: Pages, server: Server) -> None:
    desk = Desk(page_factory(), server)
    widget = Widget(page_factory(), server).visit().open()
    markup = "<img src=x onerror=alert(1)><script>alert(2)</script><b>bold</b>"
    widget.write(markup)
    expect(widget.log).to_contain_text(markup)
    desk.open(markup)
    desk.page.reload()
    expect(desk.page.get_by_role("log")).to_contain_text(markup)
    assert page_factory.console_errors == []


def test_nothing_typed_is_lost_while_the_server_restarts(page_factory: Pages, server: Server) -> None:
    widget = Widget(page_factory(), server).visit().open()
    widget.say("before")
    server.stop()
    widget.write("meanwhile")
    expect(widget.dialog).to_contain_text("Reconnecting")
    server.start()
    expect(widget.dialog).not_to_contain_text("Reconnecting", timeout=20_000)
    widget.page.reload()
    widget.open()
    expect(widget.log).to_contain_text("meanwhile")


def test_a_text_that_is_too_long_stays_and_the_complaint_goes_when_it_is_shortened(
    page_factory: Pages, server: Server
) -> None:
    widget = Widget(page_factory(), server).visit().open()
    widget.write("x" * 10_001)
    expect(widget.dialog).to_contain_text("at most 10,000 characters")
    assert len(widget.composer.input_value()) == 10_001
    widget.composer.fill("short")
    expect(widget.dialog).not_to_contain_text("at most 10,000 characters")
