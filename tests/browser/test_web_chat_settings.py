"""What a business's backend changes of its widget is on the next page view, one thing at a time."""

import json

from playwright.sync_api import Page, expect

from tests.conftest import MakeServer
from tests.pages import Pages
from tests.signed import SETTINGS, Backend
from tests.widget import Widget

ICONS = ["receptionist", "send-1", "send-2", "send-3"]
RADIUS = {"circle": "50%", "rounded": "16px", "square": "4px"}


def looks(chat: Widget) -> dict[str, str]:
    script = """
    (button) => {
      const { backgroundColor, color, borderRadius } = getComputedStyle(button);
      const paths = [...button.querySelectorAll("path")].map((path) => path.getAttribute("d"));
      return { backgroundColor, color, borderRadius, icon: paths.join() };
    }
    """
    found: dict[str, str] = chat.launcher.evaluate(script)
    return found


def test_each_setting_is_on_the_next_page_view_and_the_others_stay(
    page_factory: Pages, make_server: MakeServer
) -> None:
    server = make_server()
    backend = Backend(server, server.demo()["public_key"], server.demo()["private_key"])
    chat = Widget(page_factory(), server).visit()
    expected = looks(chat)

    def after(**changes: object) -> dict[str, str]:
        assert backend("PATCH", SETTINGS, json.dumps(changes).encode()).status == 200
        chat.page.reload()
        chat.launcher.wait_for()
        return looks(chat)

    expected |= {"backgroundColor": "rgb(10, 125, 79)"}
    assert after(primary_color="#0a7d4f") == expected
    expected |= {"color": "rgb(255, 238, 204)"}
    assert after(secondary_color="#ffeecc") == expected
    for shape, radius in RADIUS.items():
        expected |= {"borderRadius": radius}
        assert after(background_shape=shape) == expected
    icons = set()
    for icon in ICONS:
        shown = after(chat_icon=icon)
        icons.add(shown.pop("icon"))
        assert shown == {name: value for name, value in expected.items() if name != "icon"}
    assert len(icons) == 4
    assert greeting(chat.page) == ""
    after(show_help_prompt=True)
    expect(chat.page.get_by_text("Questions? Chat with us.")).to_be_visible()
    after(initial_message="Hello — how may we help?")
    expect(chat.page.get_by_text("Hello — how may we help?")).to_be_visible()
    after(show_help_prompt=False)
    expect(chat.page.get_by_text("Hello — how may we help?")).to_have_count(0)
    chat.open()
    expect(chat.dialog).to_contain_text("Hello — how may we help?")
    chat.dialog.get_by_role("textbox").wait_for()
    after(initial_message=None)
    expect(chat.open().dialog).not_to_contain_text("Hello — how may we help?")


def greeting(page: Page) -> str:
    return " ".join(page.locator("pingback-widget .help").all_inner_texts())
