"""Somebody's site, on a host of its own, with our widget on its pages."""

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

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
