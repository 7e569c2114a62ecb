"""`make bench`: 50 pairs of visitor and agent in a closed loop; messages stored, acknowledged and delivered a second.

The contestants take turns (A B C A B C ...), so that a slow moment of the machine hits all of them; the median counts.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from benchmarks.contestants import BENCHMARKS, Contestant, pingback, reference
from benchmarks.machine import facts
from tests.prepare import NODE, POSTGRES, prepare
from tests.server import Sites
from tests.services import postgres

REFERENCE = "bare Node relay, one statement a message"
USUAL = "bare Node relay, BEGIN to COMMIT"
ON_POSTGRES = "PingBack on PostgreSQL"
ON_SQLITE = "PingBack on SQLite"
TARGETS = {ON_POSTGRES: 1.5, ON_SQLITE: 4.0}  # times the reference


@dataclass(frozen=True)
class Result:
    per_second: float
    p50: float  # milliseconds from sending to delivery
    p99: float


def main(arguments: Sequence[str]) -> int:
    options = parse(arguments)
    if prepare([POSTGRES, NODE], npm_folders=[BENCHMARKS]):
        return 1
    results: dict[str, list[Result]] = {}
    with postgres(durable=True) as database, tempfile.TemporaryDirectory(prefix="pingback-bench-") as temporary:
        folder = Path(temporary)
        on_postgres = Sites(folder / "postgres", database.url, with_redis=False)
        on_sqlite = Sites(folder / "sqlite", "", with_redis=False)
        contestants: dict[str, Callable[[], AbstractContextManager[Contestant]]] = {
            REFERENCE: lambda: reference(database, options.pairs, way="statement", pool_size=options.pool_size),
            USUAL: lambda: reference(database, options.pairs, way="transaction", pool_size=options.pool_size),
            ON_POSTGRES: lambda: pingback(on_postgres, options.pairs),
            ON_SQLITE: lambda: pingback(on_sqlite, options.pairs),
        }
        for round_ in range(1, options.rounds + 1):
            for name, start in contestants.items():
                with psycopg.connect(database.url, autocommit=True) as connection:
                    connection.execute("CHECKPOINT")  # so that nobody pays for the last one's writes
                with start() as contestant:
                    result = measure(contestant, options)
                print(f"round {round_}: {name}: {result.per_second:,.0f} messages/s", flush=True)
                results.setdefault(name, []).append(result)
    report = "\n".join(describe(results, options))
    (BENCHMARKS / "RESULTS.md").write_text(report + "\n")
    print("\n" + report)
    return 0


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--pairs", type=int, default=50)
    parser.add_argument("--warmup", type=float, default=2, help="seconds")
    parser.add_argument("--seconds", type=float, default=10, help="measured")
    parser.add_argument("--pool-size", type=int, default=16, help="connections of the relay")
    return parser.parse_args(arguments)


def measure(contestant: Contestant, options: argparse.Namespace) -> Result:
    job = {**contestant.job, "warmup": options.warmup, "seconds": options.seconds}
    load = ["node", "load.js"]
    done = subprocess.run(load, cwd=BENCHMARKS, input=json.dumps(job), check=True, stdout=subprocess.PIPE, text=True)
    said = json.loads(done.stdout)
    stored = contestant.stored()
    if not said["acknowledged"] == said["delivered"] == stored:
        raise RuntimeError(f"messages were lost: {said}, stored {stored}")
    return Result(said["perSecond"], said["p50"], said["p99"])


def describe(results: dict[str, list[Result]], options: argparse.Namespace) -> list[str]:
    medians = {name: statistics.median(r.per_second for r in of_one) for name, of_one in results.items()}
    ratios = {name: median / medians[REFERENCE] for name, median in medians.items()}
    return [
        "# Results",
        "",
        f"Made by `make bench` on {time.strftime('%Y-%m-%d')}: {options.pairs} pairs of a visitor and an agent, each "
        f"waiting for the other's answer; {options.rounds} rounds in turns, {options.seconds:g} s each after "
        f"{options.warmup:g} s of warm-up. A message counts once it is stored durably, acknowledged to its sender and "
        "delivered to the other side. PostgreSQL runs with `fsync` and `synchronous_commit` on, SQLite with "
        f"`synchronous=FULL`. The relay stores message and summary row in one transaction over {options.pool_size} "
        "connections and does nothing else; the faster of its two ways is the reference.",
        "",
        "| server | messages/s, median | each round | latency p50 | p99 | times the reference | target |",
        "|---|---|---|---|---|---|---|",
        *[row(name, of_one, medians[name], ratios[name]) for name, of_one in results.items()],
        "",
        "| | |",
        "|---|---|",
        *[f"| {name} | {value} |" for name, value in facts()],
    ]


def row(name: str, results: list[Result], median: float, ratio: float) -> str:
    rounds = ", ".join(f"{result.per_second:,.0f}" for result in results)
    p50, p99 = (statistics.median(getattr(result, part) for result in results) for part in ("p50", "p99"))
    goal = TARGETS.get(name)
    verdict = f"{goal:g}: **{'met' if ratio >= goal else 'missed'}**" if goal else ""
    return f"| {name} | {median:,.0f} | {rounds} | {p50:.1f} ms | {p99:.1f} ms | {ratio:.2f} | {verdict} |"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
