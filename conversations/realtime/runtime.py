"""What one web process runs beside its requests: Hub, writer, marks, heartbeats and, with Redis, the bus."""

import asyncio
import logging

from channels.layers import get_channel_layer
from django.conf import settings

from conversations.realtime.bus import Bus
from conversations.realtime.hub import hub
from conversations.realtime.marks import MarkCollector
from conversations.realtime.metrics import QUEUE
from conversations.realtime.presence import PresenceBeat
from conversations.realtime.process_lock import ProcessLock
from conversations.realtime.writer import MessageWriter

logger = logging.getLogger(__name__)


class Runtime:
    writer: MessageWriter
    marks: MarkCollector
    presence: PresenceBeat

    def __init__(self) -> None:
        self.is_started = False
        self.bus: Bus | None = None
        self._lock: ProcessLock | None = None

    async def start(self) -> None:
        """Called by the lifespan; by the first socket where the server has none (runserver)."""
        if self.is_started:
            return
        if not settings.REDIS_URL:
            self._lock = ProcessLock(settings.DATA_DIR)
            self._lock.take()
        self.is_started = True
        hub.attach(asyncio.get_running_loop())
        self.writer = MessageWriter(queue_size=settings.WRITER_QUEUE)
        self.writer.start()
        QUEUE.labels("writer").set_function(self.writer.waiting)
        self.marks = MarkCollector()
        self.presence = PresenceBeat()
        self.presence.start()
        layer = get_channel_layer() if settings.REDIS_URL else None
        if layer is not None:
            self.bus = Bus(hub=hub, layer=layer, queue_size=settings.BUS_QUEUE)
            self.bus.start()
            QUEUE.labels("bus").set_function(self.bus.waiting)

    async def stop(self) -> None:
        """Finish what was acknowledged or taken, then let go."""
        if not self.is_started:
            return
        self.is_started = False
        await self.writer.stop()
        await self.marks.stop()
        await self.presence.stop()
        if self.bus:
            await self.bus.stop()
        hub.attach(None)
        if self._lock:
            self._lock.release()


runtime = Runtime()
