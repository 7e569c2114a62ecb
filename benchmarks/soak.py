"""`make soak`: an hour of mixed traffic on two processes, PostgreSQL and Redis, with restarts; is memory flat?

One process lives through all of it and is measured, while the other one, Redis and PostgreSQL are killed and started
again. `--sqlite`: one process on SQLite instead, which nobody kills. Afterwards what was acknowledged must be stored,
once and in order. Exit status 1 when it is not, or when the steady process has grown.
"""

import argparse
import random
import statistics
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from websockets.exceptions import WebSocketException

from benchmarks.contestants import BENCHMARKS
from benchmarks.machine import hardware
from tests.clients import SignedIn, Visitor, demo_agent, new_visitor
from tests.prepare import POSTGRES, REDIS, prepare
from tests.server import Server, Site, Sites
from tests.writers import HttpWriter, Writer, kept_promises

VISITORS, AGENTS = 30, 4
GROWTH = 1.1  # of the last quarter's memory over the second's: the first one warms up
MORE_FILES = 20
SETTINGS = {
    "LIMIT_VISITOR_PER_IP": "1000000/minute",
    "LIMIT_CONFIG_PER_IP": "1000000/minute",
    "DATABASE_POOL_SIZE": "6",  # a pool that is full after minutes, not hours
    "MALLOC_ARENA_MAX": "2",  # as docs/operations.md advises
}
PAIR = (
    "two processes, PostgreSQL and Redis. Every minute one of these was killed or restarted: the second process, "
    "Redis, the second process politely, PostgreSQL"
)
UNREACHABLE = (OSError, WebSocketException, TimeoutError, httpx.TransportError, httpx.HTTPStatusError)


@dataclass
class Soak:
    steady: Server
    shaken: Server | None  # none on SQLite
    has_ended: threading.Event = field(default_factory=threading.Event)
    writers: list[Writer] = field(default_factory=list)
    conversations: list[int] = field(default_factory=list)  # the newest
    faults: list[str] = field(default_factory=list)
    memory: list[int] = field(default_factory=list)
    files: list[int] = field(default_factory=list)

    @property
    def servers(self) -> list[Server]:
        return [self.steady, self.shaken] if self.shaken else [self.steady]

    @property
    def site(self) -> Site:
        return self.steady.site

    def again_and_again(self, act: Callable[[], None], pause: float) -> None:
        """Until the end, about `pause` seconds apart. A server that is away is no fault; anything else is."""
        while not self.has_ended.wait(random.uniform(0, 2 * pause)):
            try:
                act()
            except UNREACHABLE:
                continue
            except Exception:
                self.faults.append(traceback.format_exc())

    def visit(self) -> None:
        """A new visitor comes, chats a while and goes; one in five can only use HTTP."""
        server = random.choice(self.servers)
        who = new_visitor(self.steady)
        for path in ("/demo/", "/widget.js", f"/api/v1/widget/{who.widget_id}"):
            httpx.get(server.url + path, timeout=10)
        door = random.choices([Writer, HttpWriter], [4, 1])[0]
        writer = door(who, self.servers, f"visitor {len(self.writers)}")
        self.writers.append(writer)
        conversation = writer.write("Hello")["conversation_id"]
        self.conversations[:] = [*self.conversations[-99:], conversation]
        for number in range(random.randrange(2, 12)):
            if writer.peer:
                with suppress(*UNREACHABLE):
                    writer.peer.send("typing", conversation_id=conversation, is_typing=True)
                    writer.peer.send("read", conversation_id=conversation, seq=number + 1)
            writer.write(f"{number} " + "ab " * random.randrange(200), conversation)
            self.has_ended.wait(random.uniform(0, 2))
        writer.leave()
        self.come_back(who)

    def come_back(self, who: Visitor) -> None:
        answer = httpx.get(
            f"{random.choice(self.servers).url}/api/v1/visitor/conversations",
            headers={"Authorization": f"Visitor {who.token}"},
            timeout=10,
        )
        if answer.status_code not in {200, 503}:
            raise RuntimeError(answer.text)

    def agent(self, who: SignedIn, number: int) -> Callable[[], None]:
        writer = Writer(who, self.servers, f"agent {number}")
        self.writers.append(writer)

        def work() -> None:
            conversation = random.choice(self.conversations)
            act, form = random.choice([("assign", {"agent": ""}), ("resolve", {}), ("reopen", {})])
            with httpx.Client(base_url=random.choice(self.servers).url, headers={"Cookie": who.cookie}) as client:
                for path in ("/inbox/", f"/inbox/{conversation}/", f"/inbox/{conversation}/messages/?before=5"):
                    client.get(path, timeout=10)
            writer.write("An answer", conversation)
            if random.random() < 0.3:
                with suppress(AssertionError):  # a database that is away
                    who.post(f"/inbox/{conversation}/{act}/", **form)
            if random.random() < 0.05:
                writer.leave()

        return work

    def misbehave(self) -> None:
        """Frames that are none, floods, and a socket that says nothing."""
        visitor = new_visitor(self.steady)
        for frame in ("{", "[" * 60_000, '{"type": "nonsense"}', "x" * 140_000):
            with visitor.connect(self.steady) as peer:
                peer.socket.send(frame)
                peer.expect_close()
        with visitor.connect(self.steady) as peer:
            for _ in range(300):
                peer.send("ping")
            peer.expect_close()

    def disturb(self) -> None:
        redis, database = self.site.redis, self.site.postgres
        assert self.shaken
        assert redis
        assert database
        for kill, start in (
            (self.shaken.kill, self.shaken.start),
            (redis.kill, redis.start),
            (self.shaken.stop, self.shaken.start),
            (database.kill, database.start),
        ):
            if self.has_ended.wait(60):
                return
            kill()
            start()

    def watch(self) -> None:
        self.memory.append(self.steady.memory())
        self.files.append(self.steady.open_files())

    def run(self, minutes: float) -> None:
        jobs: list[tuple[Callable[[], None], float]] = [(self.visit, 2)] * VISITORS
        jobs += [(self.agent(demo_agent(self.steady), number), 1) for number in range(AGENTS)]
        jobs += [(self.misbehave, 10), (self.watch, 5)]
        jobs += [(self.disturb, 0)] if self.shaken else []
        threads = [threading.Thread(target=self.again_and_again, args=job) for job in jobs]
        self.visit()  # so that agents find something
        for thread in threads:
            thread.start()
        end = time.monotonic() + minutes * 60
        while (left := end - time.monotonic()) > 0 and not self.faults:
            time.sleep(min(60, left))
            self.watch()
            said = f"{self.memory[-1] / 1e6:.0f} MB, {self.files[-1]} open files, {self.acknowledged} messages"
            print(f"{left / 60:.0f} min to go: {said}", flush=True)
        self.has_ended.set()
        for thread in threads:
            thread.join()

    @property
    def acknowledged(self) -> int:
        return sum(len(writer.acknowledged) for writer in list(self.writers))


def quarters(samples: Sequence[int]) -> list[float]:
    size = len(samples) // 4
    return [statistics.median(samples[size * number : size * (number + 1)]) for number in range(4)]


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="make soak")
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--sqlite", action="store_true")
    options = parser.parse_args(arguments)
    if prepare([POSTGRES, REDIS]):
        return 1
    with tempfile.TemporaryDirectory(prefix="pingback-soak-") as folder, ExitStack() as stack:
        sites = Sites(Path(folder), "", with_redis=not options.sqlite)
        stack.callback(sites.close)
        site = sites.new(own_postgres=not options.sqlite)
        soak = Soak(Server(site, SETTINGS), None if options.sqlite else Server(site, SETTINGS))
        for server in soak.servers:
            server.start()
            stack.callback(server.stop)
        soak.run(options.minutes)
        print("\n".join(soak.faults), file=sys.stderr)
        kept_promises(site, soak.writers)
    memory, files = quarters(soak.memory), quarters(soak.files)
    is_flat = memory[3] <= memory[1] * GROWTH and files[3] <= files[1] + MORE_FILES
    report = describe(soak, options.minutes, memory, files, "**flat**" if is_flat else "**GREW**")
    (BENCHMARKS / ("SOAK_SQLITE.md" if options.sqlite else "SOAK.md")).write_text(report)
    print("\n" + report)
    return 0 if is_flat and not soak.faults else 1


def describe(soak: Soak, minutes: float, memory: list[float], files: list[float], verdict: str) -> str:
    return "\n".join(
        [
            "# Soak",
            "",
            f"Made by `make soak` on {time.strftime('%Y-%m-%d')}: {minutes:g} minutes, {VISITORS} visitors at a time "
            f"and {AGENTS} agents, on {PAIR if soak.shaken else 'one process and SQLite'}. This is what the process "
            "that lived through all of it held, with `MALLOC_ARENA_MAX=2` and `DATABASE_POOL_SIZE=6`.",
            "",
            "| | first quarter | second | third | last | verdict |",
            "|---|---|---|---|---|---|",
            f"| memory, MB | {' | '.join(f'{median / 1e6:.1f}' for median in memory)} | {verdict} |",
            f"| open files | {' | '.join(f'{median:.0f}' for median in files)} | |",
            "",
            f"{soak.acknowledged:,} messages of {len(soak.writers):,} people were acknowledged; each is stored once, "
            f"in order, without a gap. Other faults: {len(soak.faults)}. Medians of {len(soak.memory)} samples; flat "
            f"means: the last quarter at most {GROWTH:g} times the second's memory and {MORE_FILES} files more.",
            "",
            *[f"{name}: {value}  " for name, value in hardware("everything")],
            "",
        ]
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
