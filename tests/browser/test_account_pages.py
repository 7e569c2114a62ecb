"""Pages of one's account in a real browser."""

import re
from typing import Literal

import pytest
from playwright.sync_api import expect

from tests.axe import faults
from tests.clients import new_owner
from tests.desk import Desk
from tests.pages import Pages
from tests.server import Server


def test_a_colleague_joins_by_the_link_and_finds_the_team(page_factory: Pages, server: Server) -> None:
    new_owner(server).call("POST", "team/invite", {"email": "dora@example.com"}).raise_for_status()
    link = re.findall(r"http://\S+/join/\S+", server.output())[-1]
    page = page_factory(390, 844)
    page.goto(link)
    page.get_by_label("Your name").fill("Dora Drew")
    page.get_by_label("Password").fill("short")
    page.get_by_role("button", name="Join the team").click()
    expect(page.get_by_text("This password is too short.")).to_be_visible()
    page.get_by_label("Password").fill("correct horse")
    page.get_by_role("button", name="Join the team").click()
    expect(page).to_have_url(f"{server.url}/inbox/")
    expect(page.locator(".rail-business")).to_have_text("Bell & Co")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(page_factory: Pages, server: Server, scheme: Literal["light", "dark"]) -> None:
    desk = Desk(page_factory(1280, 800, scheme), server)
    desk.page.locator(".rail-person").click()
    expect(desk.page.get_by_role("heading", name="Change your password")).to_be_visible()
    seen = {"change": faults(desk.page, "html")}
    stranger = page_factory(390, 844, scheme)
    for path in ("sign-in/", "password/reset/", "password/reset/sent/", "password/reset/x/y/", "join/nonsense/"):
        stranger.goto(f"{server.url}/{path}")
        seen[path] = faults(stranger, "html")
    assert {path: found for path, found in seen.items() if found} == {}
