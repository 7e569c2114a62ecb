"""The servers that are compared. Each starts afresh, on an empty database."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg

from tests.isolation import ROOT
from tests.server import Server, Sites
from tests.services import Postgres, free_port

BENCHMARKS = ROOT / "benchmarks"
OUR_SETTINGS = {"SOCKET_FRAMES_PER_SECOND": "1000000", "LOG_LEVEL": "WARNING"}
COUNT_MESSAGES = "from conversations.models import Message; print(Message.objects.count())"


@dataclass(frozen=True)
class Contestant:
    """A running server: what the load generator must know of it, and how many messages its database holds."""

    job: dict[str, Any]
    stored: Callable[[], int]


@contextmanager
def pingback(sites: Sites, pairs: int) -> Iterator[Contestant]:
    """One process of ours, as `make run` starts it."""
    site = sites.new()
    server = Server(site, OUR_SETTINGS)
    command = [sys.executable, "-m", "benchmarks.pairs", str(pairs)]
    made = subprocess.run(command, cwd=ROOT, env=server.env, check=True, stdout=subprocess.PIPE)
    server.start()
    try:
        yield Contestant(
            job={"url": server.ws_url, "origin": server.url, "pairs": json.loads(made.stdout)},
            stored=lambda: int(site.manage("shell", "--verbosity=0", "--command", COUNT_MESSAGES)),
        )
    finally:
        server.stop()


@contextmanager
def reference(database: Postgres, pairs: int, *, way: str, pool_size: int) -> Iterator[Contestant]:
    """`reference/server.js` in a database of its own."""
    name = f"reference_{time.time_ns()}"
    with psycopg.connect(database.url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    url = database.url.rpartition("/")[0] + f"/{name}"
    port = free_port()
    command = ["node", "reference/server.js", str(port), url, str(pool_size), way]
    with subprocess.Popen(command, cwd=BENCHMARKS, stdout=subprocess.PIPE, process_group=0) as process:
        try:
            if not process.stdout or process.stdout.readline() != b"ready\n":
                raise RuntimeError("the reference did not start")
            job = {"url": f"ws://127.0.0.1:{port}", "pairs": [{} for _ in range(pairs)]}
            yield Contestant(job=job, stored=lambda: count_messages(url))
        finally:
            process.kill()


def count_messages(url: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT count(*) FROM messages").fetchone()
    return int(row[0]) if row else 0
