"""Somebody's site, on a host of its own, with our widget on its pages."""

from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.clients import Person, new_owner, wait_until
from tests.server import Server

LOGO = "<svg xmlns='http://www.w3.org/2000/svg' width='40' height='40'><circle cx='20' cy='20' r='20'/></svg>"


class OnePage(ThreadingHTTPServer):
    """A site that answers everything with the same page, but for its logo."""

    html = ""

    class RequestHandlerClass(BaseHTTPRequestHandler):
        server: "OnePage"

        def do_GET(self) -> None:
            is_logo = self.path == "/logo.svg"
            self.send_response(200)
            self.send_header("Content-Type", "image/svg+xml" if is_logo else "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write((LOGO if is_logo else self.server.html).encode())

        def log_message(self, *_: object) -> None:
            pass

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), self.RequestHandlerClass)


def html(*, head: str = "", body: str = "", doctype: str = "<!doctype html>") -> str:
    head, body = f"<title>Shop</title>{head}", f"<h1>Shop</h1><button>Buy</button>{body}"
    return f"{doctype}<html><head>{head}</head><body>{body}</body></html>"


def snippet(server: Server, business_id: str, code: str = "") -> str:
    """What a page pastes; `code` runs before the script."""
    return (
        f"<script>window.PIPEBACK_ID = '{business_id}'; {code}</script>"
        f'<script async src="{server.url}/l.js"></script>'
    )


@dataclass
class Customer:
    """A business of its own."""

    owner: Person
    business_id: str
    secret: str  # that signs who its visitors are

    def contacts(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.owner.call("GET", "contacts/").json()["results"]
        return found

    def contact(self, external_id: str) -> dict[str, Any]:
        """Once the server knows of them."""
        found: list[dict[str, Any]] = []

        def is_known() -> bool:
            found[:] = [person for person in self.contacts() if person["external_id"] == external_id]
            return bool(found)

        wait_until(is_known)
        return found[0]


def new_customer(server: Server) -> Customer:
    owner = new_owner(server)
    business_id = owner.call("GET", "auth/me").json()["business"]["id"]
    return Customer(owner, business_id, owner.call("POST", "identity/rotate").json()["secret"])
