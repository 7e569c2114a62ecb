"""The one door for HTTP, WebSockets and the server's own start and stop."""

import os
from typing import Any, cast

from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pingback.settings")
django_app = get_asgi_application()  # first: what follows needs the apps

from django.conf import settings  # noqa: E402
from django.urls import path  # noqa: E402
from servestatic import ServeStaticASGI  # noqa: E402

from conversations.realtime.inbox import inbox_socket  # noqa: E402
from conversations.realtime.visitor import visitor_socket  # noqa: E402
from pingback.edge import Edge  # noqa: E402
from pingback.lifespan import lifespan  # noqa: E402
from pingback.operations import Operations  # noqa: E402

HASHED_NAME = r"^.+\.[0-9a-f]{12}\.[^/]+$"


def allow_other_sites(headers: dict[str, str], path: str, url: str) -> None:
    """The widget's modules are imported by other people's pages."""
    headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    headers["X-Content-Type-Options"] = "nosniff"


static_files = ServeStaticASGI(
    None,  # what is not there is a 404
    root=settings.STATIC_ROOT,
    prefix=settings.STATIC_URL,
    immutable_file_test=HASHED_NAME,
    add_headers_function=allow_other_sites,
)

# Channels routes ASGI apps with Django's paths, whose types know only views.
sockets: list[Any] = [path("ws/visitor/", cast(Any, visitor_socket)), path("ws/inbox/", cast(Any, inbox_socket))]

application = Operations(
    Edge(
        ProtocolTypeRouter({"http": django_app, "websocket": URLRouter(sockets), "lifespan": lifespan}),
        static_files=static_files,
    )
)
