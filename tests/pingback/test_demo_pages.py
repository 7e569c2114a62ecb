"""The demo shop's pages, as the server sends them. How they behave: `tests/browser`."""

import re

import pytest
from django.core.management import call_command
from django.test import Client

from pingback import demo

HOST = "http://127.0.0.1:8000"
PAGES = [
    "/demo/",
    "/demo/app/",
    "/demo/app/basket/",
    "/demo/strict/",
    "/demo/strict/?dynamic",
    "/demo/tags/",
    "/demo/rtl/",
]
SNIPPET = '<script>window.PingBackWidgetId = "{}"</script><script src="{}/widget.js" async></script>'
ADDRESS = re.compile(r'(?:src|href)="([^"]+)"')


@pytest.fixture
def widget_id(db: None) -> str:
    call_command("demo")
    widget = demo.demo_widget()
    assert widget
    return str(widget.pk)


@pytest.mark.parametrize("page", PAGES)
def test_there_is_no_demo_before_it_was_made(client: Client, db: None, page: str) -> None:
    assert client.get(page).status_code == 404


@pytest.mark.parametrize("page", PAGES)
def test_each_page_carries_the_widget_and_nothing_else_from_other_hosts(
    client: Client, widget_id: str, page: str
) -> None:
    html = client.get(page).text
    assert {address for address in ADDRESS.findall(html) if not re.match(r"/\w|#", address)} == {f"{HOST}/widget.js"}
    assert ("strict" in page) or SNIPPET.format(widget_id, HOST) in html


def test_the_app_answers_each_of_its_routes_and_no_other(client: Client, widget_id: str) -> None:
    routes = re.findall('data-path="([^"]+)"', client.get("/demo/app/").text)
    assert len(routes) == 4
    assert {client.get(route).status_code for route in routes} == {200}
    assert client.get("/demo/app/nowhere/").status_code == 404


@pytest.mark.parametrize(("query", "scripts"), [("", HOST), ("?dynamic", "'strict-dynamic'")])
def test_the_strict_page_allows_the_widget_alone(client: Client, widget_id: str, query: str, scripts: str) -> None:
    first, second = client.get(f"/demo/strict/{query}"), client.get(f"/demo/strict/{query}")
    nonces = [re.findall(r'nonce="([\w-]+)"', answer.text)[0] for answer in (first, second)]
    assert nonces[0] != nonces[1]
    policy = dict(part.split(" ", 1) for part in first.headers["Content-Security-Policy"].split("; "))
    assert policy == {
        "default-src": "'none'",
        "script-src": f"'nonce-{nonces[0]}' {scripts}",
        "connect-src": f"{HOST} ws://127.0.0.1:8000",
        "style-src": "'self'",
        "img-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
        "require-trusted-types-for": "'script'",
        "trusted-types": "'none'",
    }
    assert first.headers["Cross-Origin-Embedder-Policy"] == "require-corp"
    assert first.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert f'data-widget-id="{widget_id}"' in first.text
    assert re.findall(r"<script(?![^>]*src=)", first.text) == []
