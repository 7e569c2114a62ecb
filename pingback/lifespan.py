"""What happens when the server starts and stops."""

from typing import Any

from conversations.realtime.runtime import runtime


async def lifespan(scope: dict[str, Any], receive: Any, send: Any) -> None:
    await receive()  # lifespan.startup
    try:
        await runtime.start()
    except Exception as error:
        await send({"type": "lifespan.startup.failed", "message": str(error)})
        return
    await send({"type": "lifespan.startup.complete"})
    await receive()  # lifespan.shutdown
    await runtime.stop()
    await send({"type": "lifespan.shutdown.complete"})
