"""Without Redis one web process serves everything: a second one would never hear what the first one delivers."""

import fcntl
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured


class ProcessLock:
    """An flock on the data folder, let go by the system when the process ends, however it ends."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file = (folder / "web.lock").open("a")

    def take(self) -> None:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ImproperlyConfigured(
                f"Another web process already serves {self._folder}. Without REDIS_URL only one may: set REDIS_URL "
                "(and DATABASE_URL) to run several, or PINGBACK_DATA_DIR to run a second, separate one."
            ) from None

    def release(self) -> None:
        self._file.close()
