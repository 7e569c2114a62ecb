"""The server's end of a WebSocket."""

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

CUT_SECONDS = 2.0  # after our side has ended


class Line(WebSocketsSansIOProtocol):
    """Cuts the connection of a client that does not read: closing alone waits for it to take what it was sent."""

    async def run_asgi(self) -> None:
        await super().run_asgi()
        self.loop.call_later(CUT_SECONDS, self.transport.abort)
