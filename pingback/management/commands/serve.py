import socket
from typing import Any

import uvicorn
from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from pingback.line import Line


class Command(BaseCommand):
    help = "Run the web process: HTTP and sockets. Several of them need REDIS_URL."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)

    def handle(self, *args: Any, **options: Any) -> None:
        server = AnnouncingServer(
            uvicorn.Config(
                "pingback.asgi:application",
                host=options["host"],
                port=options["port"],
                loop="uvloop",
                http="httptools",
                ws=Line,
                lifespan="on",
                ws_per_message_deflate=False,  # 33 KB a socket
                ws_max_size=131_072,  # 10,000 emoji escaped as JSON are 120 KB
                proxy_headers=False,  # the edge decides whom to trust
                server_header=False,
                timeout_graceful_shutdown=3,
                access_log=False,
                log_config=None,
            )
        )
        server.run()
        if not server.started:
            raise SystemExit(3)


class AnnouncingServer(uvicorn.Server):
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            print(where_to_go(), flush=True)


def where_to_go() -> str:
    url = settings.PUBLIC_URL
    shop = f"  demo site  {url.replace('//127.0.0.1', '//localhost')}/demo/\n"
    return (
        f"\nPingBack is running.\n{shop}"
        f"  inbox      {url}/inbox/\n  admin      {url}/admin/\n  API docs   {url}/api/docs\n"
    )
