"""What one web process runs beside its requests: Hub, writer, marks, heartbeats and, with Redis, the bus."""

import asyncio
import logging

from channels.layers import get_channel_layer
from django.conf import settings

from conversations.realtime.bus import Bus
from conversations.realtime.hub import hub
from conversations.realtime.marks import MarkCollector
from conversations.realtime.presence import PresenceBeat
from conversations.realtime.process_lock import ProcessLock
from conversations.realtime.writer import MessageWriter

logger = logging.getLogger(__name__)


class Runtime:
    writer: MessageWriter
    marks: MarkCollector
    presence: PresenceBeat

    def __init__(self) -> None:
        self._started = False
        self._lock: ProcessLock | None = None
        self._bus: Bus | None = None

    async def start(self) -> None:
        """Called by the lifespan; by the first socket where the server has none (runserver)."""
        if self._started:
            return
        if not settings.REDIS_URL:
            self._lock = ProcessLock(settings.DATA_DIR)
            self._lock.take()
        self._started = True
        hub.attach(asyncio.get_running_loop())
        self.writer = MessageWriter(queue_size=settings.WRITER_QUEUE)
        self.writer.start()
        self.marks = MarkCollector()
        self.presence = PresenceBeat()
        self.presence.start()
        layer = get_channel_layer() if settings.REDIS_URL else None
        if layer is not None:
            self._bus = Bus(hub=hub, layer=layer, queue_size=settings.BUS_QUEUE)
            self._bus.start()

    async def stop(self) -> None:
        """Finish what was acknowledged or taken, then let go."""
        if not self._started:
            return
        self._started = False
        await self.writer.stop()
        await self.marks.stop()
        await self.presence.stop()
        if self._bus:
            await self._bus.stop()
        hub.attach(None)
        if self._lock:
            self._lock.release()


runtime = Runtime()
