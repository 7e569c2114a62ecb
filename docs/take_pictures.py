"""Takes the pictures in `docs/images/`: `.venv/bin/python -m docs.take_pictures`."""

import base64
import json
import re
import tempfile
from pathlib import Path

from playwright.sync_api import Page

from tests.pages import Pages, chromium
from tests.server import Server, Sites
from tests.signed import SETTINGS, Backend

IMAGES = Path(__file__).parent / "images"
TALKS = [
    ("Priya Raman", "Hi, does the Heron lamp come in brass?"),
    ("Jonas", "My parcel says delivered, but it is not here."),
    ("سارة العتيبي", "مرحبا، هل تشحنون إلى الرياض؟"),
]
ANSWER = "It does: brass arrives on Tuesday. Shall I set one aside for you? 😊"


def take(pages: Pages, server: Server) -> None:
    visitors = [talk(pages, server, text) for _, text in TALKS]
    rename(server)
    inbox = sign_in(pages(1280, 800), server)
    inbox.get_by_role("region", name="Conversations").get_by_role("listitem").filter(has_text="Heron").click()
    inbox.get_by_role("textbox").fill(ANSWER)
    inbox.get_by_role("textbox").press("Enter")
    shop = visitors[0]
    shop.get_by_role("log").get_by_text("set one aside").wait_for()
    shoot(shop, "widget-desktop-light")
    shoot(inbox, "inbox-desktop-light")
    for page, name in ((shop, "widget"), (inbox, "inbox")):
        page.emulate_media(color_scheme="dark")
        shoot(page, f"{name}-desktop-dark")
        page.set_viewport_size({"width": 390, "height": 844})
        shoot(page, f"{name}-phone-dark")
        page.emulate_media(color_scheme="light")
        shoot(page, f"{name}-phone-light")
    shop.get_by_role("button", name="All conversations").click()
    shoot(shop, "widget-list-phone-light")
    shoot(talk(pages, server, "هل تشحنون إلى الرياض؟", path="/demo/rtl/"), "widget-rtl-desktop-light")
    welcome = pages(390, 844, "dark")
    welcome.goto(f"http://localhost:{server.port}/demo/")
    welcome.get_by_role("button", name=re.compile("^Chat")).click()
    welcome.get_by_role("dialog").get_by_role("textbox").wait_for()
    shoot(welcome, "widget-welcome-phone-dark")
    closed = pages(1280, 800)
    closed.goto(f"http://localhost:{server.port}/demo/")
    closed.get_by_role("button", name=re.compile("^Chat")).wait_for()
    shoot(closed, "shop-desktop-light")
    sign = pages(1280, 800)
    sign.goto(f"{server.url}/sign-in/")
    shoot(sign, "sign-in-desktop-light")
    overview(pages, server)
    launchers(pages, server)


def launchers(pages: Pages, server: Server) -> None:
    """Each icon on each shape, as the backend sets them."""
    backend = Backend(server, server.demo()["public_key"], server.demo()["private_key"])
    page = pages(1280, 800)
    shots = {}
    for row, (shape, colour) in enumerate([("circle", "#7650ff"), ("rounded", "#0a7d4f"), ("square", "#1a73e8")]):
        for column, icon in enumerate(["receptionist", "send-1", "send-2", "send-3"]):
            settings = {"background_shape": shape, "primary_color": colour, "chat_icon": icon}
            backend("PATCH", SETTINGS, json.dumps(settings).encode())
            page.goto(f"http://localhost:{server.port}/demo/")
            button = page.get_by_role("button", name=re.compile("^Chat"))
            button.wait_for()
            box = button.bounding_box() or {"x": 0, "y": 0, "width": 0, "height": 0}
            around = {"x": box["x"] - 16, "y": box["y"] - 16, "width": 88, "height": 88}
            shots[row, column] = base64.b64encode(page.screenshot(clip=around)).decode()  # type: ignore[arg-type]
    sheet = pages(480, 360)
    pictures = "".join(f"<img src='data:image/png;base64,{shots[place]}'>" for place in sorted(shots))
    style = "body{margin:0;display:grid;grid-template-columns:repeat(4,120px);place-items:center;height:360px}"
    sheet.set_content(f"<style>{style}</style>{pictures}")
    shoot(sheet, "launchers")


def talk(pages: Pages, server: Server, text: str, *, path: str = "/demo/") -> Page:
    page = pages(1280, 800)
    page.goto(f"http://localhost:{server.port}{path}")
    page.get_by_role("button", name=re.compile("^Chat")).click()
    page.get_by_role("dialog").get_by_role("textbox").fill(text)
    page.get_by_role("dialog").get_by_role("textbox").press("Enter")
    page.get_by_role("log").get_by_text(text).wait_for()
    page.wait_for_timeout(1200)
    return page


def rename(server: Server) -> None:
    """Visitors can't say their names yet."""
    names = {text: name for name, text in TALKS}
    server.site.manage(
        "shell",
        "--no-imports",
        "-c",
        "from conversations.models import Conversation, Message\n"
        f"for text, name in {names!r}.items():\n"
        "    Conversation.objects.filter(last_message_text=text).update(contact_name=name)\n"
        "    Message.objects.filter(content=text).update(author_name=name)\n",
    )


def sign_in(page: Page, server: Server) -> Page:
    page.goto(f"{server.url}/inbox/")
    page.get_by_label("E-mail").fill(server.demo()["agent"]["email"])
    page.get_by_label("Password").fill(server.demo()["agent"]["password"])
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="Open").wait_for()
    return page


def shoot(page: Page, name: str) -> None:
    page.wait_for_timeout(600)
    page.screenshot(path=IMAGES / f"{name}.png")


def overview(pages: Pages, server: Server) -> None:
    """The README's picture: the inbox and a visitor's phone."""
    page = pages(1480, 900)
    page.set_content(
        "<style>body{margin:0;height:900px;background:#ecebf3;position:relative;overflow:hidden}"
        "img{position:absolute;border-radius:12px;box-shadow:0 12px 40px #1d1d2433}</style>"
        f"<img style='left:40px;top:90px;width:1020px' src='{data_url('inbox-desktop-light')}'>"
        f"<img style='right:40px;top:60px;width:350px' src='{data_url('widget-phone-light')}'>"
    )
    shoot(page, "overview")


def data_url(name: str) -> str:
    return "data:image/png;base64," + base64.b64encode((IMAGES / f"{name}.png").read_bytes()).decode()


def main() -> None:
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="pingback-pictures-") as folder, chromium() as browser:
        sites = Sites(Path(folder), "", with_redis=False)
        server = Server(sites.new())
        server.demo()
        server.start()
        try:
            take(Pages(browser), server)
        finally:
            server.stop()
            sites.close()


if __name__ == "__main__":
    main()
