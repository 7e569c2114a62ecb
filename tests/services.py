"""Throw-away PostgreSQL and Redis servers on free ports of 127.0.0.1, in folders that vanish with them.

`with postgres() as database, redis() as bus:` gives their `.url`; `database.kill()` and `database.start()` keep port
and data.
"""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

DEBIAN_POSTGRES = Path("/usr/lib/postgresql")
START_SECONDS = 30
STOP_SECONDS = 30


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def postgres_program(name: str) -> str | None:
    """Debian keeps the server's programs out of PATH, in a folder per version."""
    newest_first = sorted(DEBIAN_POSTGRES.glob(f"*/bin/{name}"), key=lambda file: -int(file.parts[-3]))
    return str(newest_first[0]) if newest_first else shutil.which(name)


def redis_program() -> str | None:
    return shutil.which("redis-server")


class Service:
    """A server process in a temporary folder that may be stopped, killed and started again on the same port."""

    name: str
    stop_signal = signal.SIGTERM
    kill_signal = signal.SIGKILL

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix=f"pingback-{self.name}-"))
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        raise NotImplementedError

    def command(self) -> list[str]:
        raise NotImplementedError

    def is_ready(self) -> bool:
        raise NotImplementedError

    def start(self) -> None:
        with self.log_file().open("ab") as log:
            self.process = self.spawn(self.command(), log)
        deadline = time.monotonic() + START_SECONDS
        while not self.is_ready():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{self.name} did not start:\n{self.log_file().read_text(errors='replace')[-4000:]}")
            time.sleep(0.02)

    def stop(self) -> None:
        """Ask it to leave, its data written."""
        self.end(self.stop_signal)

    def kill(self) -> None:
        """End it as a crash would."""
        self.end(self.kill_signal)

    def remove(self) -> None:
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def end(self, how: signal.Signals) -> None:
        if self.process and self.process.poll() is None:
            self.process.send_signal(how)
            self.process.wait(STOP_SECONDS)
        self.process = None

    def spawn(self, command: list[str], log: IO[bytes], **options: Any) -> subprocess.Popen[bytes]:
        # A process group of its own: Ctrl-C ends the tests first, and they end the server.
        return subprocess.Popen(
            command, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log, process_group=0, **options
        )

    def log_file(self) -> Path:
        return self.folder / "log"


class Postgres(Service):
    name = "postgres"
    stop_signal = signal.SIGINT  # "fast": does not wait for clients to leave
    kill_signal = signal.SIGQUIT  # "immediate": ends every backend at once; the next start recovers from the log

    def __init__(self, *, durable: bool = False, max_connections: int = 200) -> None:
        super().__init__()
        self.user = "postgres" if os.geteuid() == 0 else None  # PostgreSQL refuses to run as root
        self.settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": "",
            "max_connections": str(max_connections),
            # Without fsync a commit still reaches the kernel, so it survives our kill() all the same.
            "fsync": "on" if durable else "off",
            "full_page_writes": "on" if durable else "off",
            "synchronous_commit": "on",
        }
        if self.user:
            shutil.chown(self.folder, self.user)
        try:
            self.make_cluster()
        except BaseException:
            self.remove()
            raise

    @property
    def url(self) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    def make_cluster(self) -> None:
        command = [self.program("initdb"), "--no-sync", "--auth=trust", "--username=postgres"]
        command += ["--encoding=UTF8", "--locale=C.UTF-8", f"--pgdata={self.folder / 'data'}"]
        with self.log_file().open("ab") as log:
            status = self.spawn(command, log).wait(120)
        if status:
            raise RuntimeError(f"initdb failed:\n{self.log_file().read_text(errors='replace')[-4000:]}")

    def command(self) -> list[str]:
        options = [part for name, value in self.settings.items() for part in ("-c", f"{name}={value}")]
        return [self.program("postgres"), "-D", str(self.folder / "data"), *options]

    def is_ready(self) -> bool:
        ask = [self.program("pg_isready"), "--quiet", "--host=127.0.0.1", f"--port={self.port}"]
        return subprocess.run(ask, check=False).returncode == 0

    def spawn(self, command: list[str], log: IO[bytes], **options: Any) -> subprocess.Popen[bytes]:
        if self.user:
            options |= {"user": self.user, "group": self.user, "extra_groups": []}
        return super().spawn(command, log, **options)

    def program(self, name: str) -> str:
        if not (found := postgres_program(name)):
            raise RuntimeError(f"PostgreSQL's {name} is not installed")
        return found


class Redis(Service):
    name = "redis"

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def command(self) -> list[str]:
        if not (program := redis_program()):
            raise RuntimeError("redis-server is not installed")
        return [program, "--bind", "127.0.0.1", "--port", str(self.port), "--save", "", "--appendonly", "no"]

    def is_ready(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(16).startswith(b"+PONG")
        except OSError:
            return False


@contextmanager
def postgres(*, durable: bool = False) -> Iterator[Postgres]:
    """A PostgreSQL server. `durable` writes as a real one must; tests do without."""
    service = Postgres(durable=durable)
    try:
        service.start()
        yield service
    finally:
        service.remove()


@contextmanager
def redis() -> Iterator[Redis]:
    service = Redis()
    try:
        service.start()
        yield service
    finally:
        service.remove()
