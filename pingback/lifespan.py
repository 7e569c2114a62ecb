"""What happens when the server starts and stops."""

import gc
from typing import Any

from conversations.realtime.runtime import runtime


async def lifespan(scope: dict[str, Any], receive: Any, send: Any) -> None:
    await receive()  # lifespan.startup
    try:
        await runtime.start()
    except Exception as error:
        await send({"type": "lifespan.startup.failed", "message": str(error)})
        return
    gc.freeze()  # what was imported stays: the collector need not walk it again and again
    gc.set_threshold(20_000, 20, 50)
    await send({"type": "lifespan.startup.complete"})
    await receive()  # lifespan.shutdown
    await runtime.stop()
    await send({"type": "lifespan.shutdown.complete"})
