"""The shop of an imaginary customer, built in the ways customers build theirs.

Open it on `localhost`: the widget then comes from PUBLIC_URL on 127.0.0.1, another origin, as it would for a customer.
"""

import secrets
from dataclasses import dataclass
from typing import Any

from csp.decorators import csp_exempt
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from pingback import demo

APP_ROUTES = {"", "workshop", "delivery", "basket"}


@dataclass(frozen=True)
class StrictPolicy:
    """As strict as a page can be that carries the chat."""

    nonce: str
    is_dynamic: bool

    @property
    def scripts(self) -> str:
        return f"'nonce-{self.nonce}' " + ("'strict-dynamic'" if self.is_dynamic else settings.PUBLIC_URL)

    @property
    def connects(self) -> str:
        return f"{settings.PUBLIC_URL} {settings.PUBLIC_URL.replace('http', 'ws', 1)}"

    @property
    def headers(self) -> dict[str, str]:
        return {
            "Content-Security-Policy": (
                f"default-src 'none'; script-src {self.scripts}; connect-src {self.connects}; "
                "style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
                "require-trusted-types-for 'script'; trusted-types 'none'"
            ),
            "Cross-Origin-Embedder-Policy": "require-corp",
            "Cross-Origin-Opener-Policy": "same-origin",
        }


@csp_exempt()  # a customer's page, with the customer's policy: none
def shop(request: HttpRequest) -> HttpResponse:
    return _page(request, "shop")


@csp_exempt()
def app(request: HttpRequest, route: str = "") -> HttpResponse:
    if route not in APP_ROUTES:
        raise Http404
    return _page(request, "app")


@csp_exempt()  # it sets its own
def strict(request: HttpRequest) -> HttpResponse:
    policy = StrictPolicy(nonce=secrets.token_urlsafe(16), is_dynamic="dynamic" in request.GET)
    page = _page(request, "strict", policy=policy)
    for name, value in policy.headers.items():
        page[name] = value
    return page


@csp_exempt()
def tags(request: HttpRequest) -> HttpResponse:
    return _page(request, "tags")


@csp_exempt()
def rtl(request: HttpRequest) -> HttpResponse:
    return _page(request, "rtl")


def _page(request: HttpRequest, name: str, **context: Any) -> HttpResponse:
    widget = demo.demo_widget()
    if widget is None:
        raise Http404
    snippet = {"widget_id": widget.pk, "widget_origin": settings.PUBLIC_URL}
    return render(request, f"demo/{name}.html", {"here": name, **snippet, **context})
