"""What a result depends on: the machine and the versions."""

import json
import os
import platform
import re
import sqlite3
import statistics
import subprocess
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

from benchmarks.contestants import BENCHMARKS
from tests.services import postgres_program


def facts() -> list[tuple[str, str]]:
    packages = json.loads((BENCHMARKS / "package-lock.json").read_text())["packages"]
    ours = ("django", "channels", "uvicorn", "uvloop", "websockets", "psycopg")
    theirs = ("ws", "pg")
    return [
        *hardware("server, database and load generator"),
        ("one fsync of the disk", f"{fsync_milliseconds():.2f} ms"),
        ("databases", f"{said_by(postgres_program('postgres') or 'postgres')}, SQLite {sqlite3.sqlite_version}"),
        ("PingBack", f"Python {platform.python_version()}, " + ", ".join(f"{name} {version(name)}" for name in ours)),
        (
            "reference",
            f"Node {said_by('node')}, "
            + ", ".join(f"{name} {packages[f'node_modules/{name}']['version']}" for name in theirs),
        ),
    ]


def hardware(shared_by: str) -> list[tuple[str, str]]:
    return [
        ("processor", f"{cpu()}, {os.cpu_count()} cores, shared by {shared_by}"),
        ("memory", memory()),
        ("system", f"{platform.system()} {'.'.join(platform.release().split('.')[:2])}"),
    ]


def cpu() -> str:
    found = re.search(r"^model name\s*: (.+)$", read("/proc/cpuinfo"), re.MULTILINE)
    return found[1] if found else platform.machine()


def memory() -> str:
    found = re.search(r"^MemTotal:\s*(\d+) kB$", read("/proc/meminfo"), re.MULTILINE)
    return f"{int(found[1]) / 1024**2:.0f} GB" if found else "unknown"


def fsync_milliseconds() -> float:
    """The median time to make 8 KB durable: what every commit waits for."""
    times = []
    with tempfile.NamedTemporaryFile() as file:
        for _ in range(200):
            start = time.perf_counter()
            file.write(bytes(8192))
            file.flush()
            os.fsync(file.fileno())
            times.append(time.perf_counter() - start)
    return statistics.median(times) * 1000


def said_by(program: str) -> str:
    return subprocess.run([program, "--version"], check=True, capture_output=True, text=True).stdout.strip()


def read(path: str) -> str:
    try:
        return Path(path).read_text()
    except OSError:
        return ""
