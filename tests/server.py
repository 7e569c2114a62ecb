"""The product as a black box: real processes on data of their own.

A `Site` is what its server processes share: a folder, and on PostgreSQL a database and a Redis. A `Server` is one
process of `manage.py serve` on a site. They are made by the fixtures in `conftest.py`.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from functools import cached_property
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
from psycopg.sql import SQL, Composed, Identifier

from tests.isolation import ROOT, environment, setting_names
from tests.services import Postgres, Redis, free_port, postgres, redis

START_SECONDS = 30
STOP_SECONDS = 15
# The tests call from one address and quickly: only a test of a limit sets it to what it tests.
NO_LIMITS = {name: "1000000/minute" for name in setting_names() if name.startswith("LIMIT_")}


class Site:
    """The data that server processes share. Where `postgres` and `redis` are the site's own, tests may kill them."""

    def __init__(self, folder: Path, *, database_url: str, postgres: Postgres | None, redis: Redis | None) -> None:
        self.folder = folder
        self.database_url = database_url
        self.postgres = postgres
        self.redis = redis
        services = {"DATABASE_URL": database_url, "REDIS_URL": redis.url if redis else ""}
        self.env = environment(folder, **NO_LIMITS, **services)

    def manage(self, *arguments: str, env: Mapping[str, str] | None = None) -> str:
        """Run a management command, and return what it printed."""
        command = [sys.executable, "manage.py", *arguments]
        env = {**self.env, **(env or {})}
        done = subprocess.run(command, cwd=ROOT, env=env, check=False, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"manage.py {' '.join(arguments)} failed:\n{done.stdout}\n{done.stderr}")
        return done.stdout


class Sites:
    """Makes sites, each a copy of one that was migrated and had its static files collected at the first use."""

    def __init__(self, folder: Path, database_url: str, *, with_redis: bool) -> None:
        """`database_url`: of the PostgreSQL server for all sites, or "" for SQLite."""
        self.folder = folder
        self.database_url = database_url
        self.with_redis = with_redis
        self.numbers = count()
        self.stack = ExitStack()

    def new(self, *, own_postgres: bool = False) -> Site:
        """A fresh site. With `own_postgres` the test may kill its database server, too."""
        if own_postgres:
            own = self.stack.enter_context(postgres())
            site = self.make(own.url, own)
            site.manage("migrate", "--verbosity=0")
        elif self.database_url:
            site = self.make(self.new_database(template=urlsplit(self.template.database_url).path[1:]), None)
        else:
            site = self.make("", None)
            for file in self.template.folder.glob("*.sqlite3"):
                shutil.copy(file, site.folder)
        (site.folder / "static").symlink_to(self.template.folder / "static")
        return site

    @cached_property
    def template(self) -> Site:
        site = self.make(self.new_database() if self.database_url else "", None)
        site.manage("migrate", "--verbosity=0")
        site.manage("collectstatic", "--noinput", "--verbosity=0")
        return site

    def make(self, database_url: str, postgres: Postgres | None) -> Site:
        folder = self.folder / f"site{next(self.numbers)}"
        folder.mkdir(parents=True)
        # Not one Redis for all: its pub/sub knows no databases, and the sites would hear each other.
        bus = self.stack.enter_context(redis()) if self.with_redis else None
        return Site(folder, database_url=database_url, postgres=postgres, redis=bus)

    def new_database(self, template: str = "template1") -> str:
        name = f"site_{os.getpid()}_{next(self.numbers)}"
        create = SQL("CREATE DATABASE {} TEMPLATE {}").format(Identifier(name), Identifier(template))
        drop = SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name))
        self.on_the_server_for_all(create)
        self.stack.callback(self.on_the_server_for_all, drop)
        return urlsplit(self.database_url)._replace(path=f"/{name}").geturl()

    def on_the_server_for_all(self, statement: Composed) -> None:
        with psycopg.connect(self.database_url, autocommit=True) as connection:
            connection.execute(statement)

    def close(self) -> None:
        self.stack.close()


class Server:
    """One process of the product. `restart` keeps the port, as an update would."""

    running: "set[Server]" = set()

    def __init__(self, site: Site, env: Mapping[str, str] | None = None) -> None:
        self.site = site
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.ws_url = f"ws://127.0.0.1:{self.port}"
        self.env = {**site.env, "PUBLIC_URL": self.url, **(env or {})}
        self.log = site.folder / f"server-{self.port}.log"
        self.process: subprocess.Popen[bytes] | None = None
        self.demo_told: dict[str, Any] = {}

    def start(self) -> None:
        """Start it, and wait until it answers."""
        command = [sys.executable, "manage.py", "serve", "--host", "127.0.0.1", "--port", str(self.port)]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command, cwd=ROOT, env=self.env, stdin=subprocess.DEVNULL, stdout=log, stderr=log, process_group=0
            )
        Server.running.add(self)
        deadline = time.monotonic() + START_SECONDS
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise RuntimeError(f"the server did not start:\n{self.output()[-8000:]}")
            time.sleep(0.05)

    def stop(self) -> int:
        """Ask it to leave, as Ctrl-C or a service manager does. Returns its exit status."""
        return self.end(signal.SIGTERM)

    def kill(self) -> None:
        """End it without a goodbye: what was not stored is lost."""
        self.end(signal.SIGKILL)

    def restart(self) -> None:
        self.stop()
        self.start()

    def end(self, how: signal.Signals) -> int:
        Server.running.discard(self)
        if not self.process:
            return 0
        if self.process.poll() is None:
            os.killpg(self.process.pid, how)
        try:
            return self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            raise
        finally:
            self.process = None

    def answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/widget.js", timeout=5):
                return True
        except urllib.error.HTTPError as error:
            error.close()
            return True
        except OSError:
            return False

    def memory(self) -> int:
        """Resident bytes of the process."""
        if not self.process:
            return 0
        resident_pages = Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]
        return int(resident_pages) * os.sysconf("SC_PAGE_SIZE")

    def open_files(self, kind: str = "") -> int:
        """Open file descriptors of the process; `kind` may be "socket"."""
        if not self.process:
            return 0
        count = 0
        for file in Path(f"/proc/{self.process.pid}/fd").iterdir():
            with suppress(FileNotFoundError):  # closed meanwhile
                count += os.readlink(file).startswith(kind)
        return count

    def output(self) -> str:
        """All it has written so far, over all its starts."""
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def demo(self) -> dict[str, Any]:
        """The demo business and its sign-in, as `manage.py demo --json` tells them; made at the first use."""
        if not self.demo_told:
            self.demo_told = json.loads(self.site.manage("demo", "--json", env=self.env))
        return self.demo_told
