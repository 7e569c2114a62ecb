"""All tests: the browser's code under Node, then pytest on SQLite in memory mode and at once on PostgreSQL with Redis.

Both passes wait more than they work, so they share the machine; what the second one says is shown when it is done.
`make test ARGS="-k seq"` hands its arguments to pytest. A failing part fails the whole, but the others still run.
The last line sums them up: `123 passed, 0 failed`.
"""

import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.isolation import ROOT, environment
from tests.prepare import NODE, POSTGRES, REDIS, must_be_complete, prepare
from tests.services import postgres, redis

PYTEST_NOTHING_COLLECTED = 5
COLOURS = re.compile(r"\x1b\[[0-9;]*m")
PYTEST_CLOSING = re.compile(r"^=*\s*(?P<counts>\d+ \w+.*) in [\d.:]+ ?s?\b.*$")
NODE_CLOSING = re.compile(r"^(?:#|ℹ) (?P<word>pass|fail|cancelled|skipped) (?P<number>\d+)$")

running: list[subprocess.Popen[str]] = []


@dataclass(frozen=True)
class Outcome:
    name: str
    passed: int = 0
    failed: int = 0
    skipped: int = 0


def main(pytest_arguments: Sequence[str]) -> int:
    signal.signal(signal.SIGTERM, leave)
    missing = prepare()
    outcomes = [Outcome(name, failed=1) for name in missing if must_be_complete()]
    if NODE.name not in missing:
        outcomes.append(run_javascript())
    if {POSTGRES.name, REDIS.name} & set(missing):
        return report([*outcomes, run_pytest("SQLite", pytest_arguments)], missing)
    with postgres() as database, redis() as bus, ThreadPoolExecutor() as beside:
        later: list[str] = []
        services = {"DATABASE_URL": database.url, "REDIS_URL": bus.url}
        second = beside.submit(run_pytest, "PostgreSQL and Redis", pytest_arguments, say=later.append, **services)
        outcomes.append(run_pytest("SQLite", pytest_arguments))
        outcomes.append(second.result())
        show("".join(later))
    return report(outcomes, missing)


def leave(*_: object) -> None:
    """What we started is stopped, too; pytest has servers of its own to stop."""
    for process in running:
        process.send_signal(signal.SIGINT)
    sys.exit(143)


def show(text: str) -> None:
    print(text, end="", flush=True)


def run_javascript() -> Outcome:
    # Named one by one: what `node --test FOLDER` means differs between the versions of Node.
    files = sorted(str(file.relative_to(ROOT)) for file in (ROOT / "tests" / "js").rglob("*test*.*js"))
    if not files:
        return Outcome("JavaScript", failed=1)
    command = ["node", "--test", "--test-reporter=spec", *files]
    status, lines = stream("JavaScript", command, dict(os.environ))
    counts = {found["word"]: int(found["number"]) for line in lines if (found := NODE_CLOSING.match(line))}
    return outcome("JavaScript", status, counts, passed="pass", failed=("fail", "cancelled"))


def run_pytest(name: str, arguments: Sequence[str], say: Callable[[str], None] = show, **services: str) -> Outcome:
    colour = ["--color=yes"] if sys.stdout.isatty() else []
    command = [sys.executable, "-m", "pytest", *colour, *arguments]
    with tempfile.TemporaryDirectory(prefix="pingback-tests-", ignore_cleanup_errors=True) as folder:
        status, lines = stream(name, command, environment(Path(folder), **services), say)
    closing = next((found["counts"] for line in reversed(lines) if (found := PYTEST_CLOSING.match(line))), "")
    counts = {word.rstrip("s"): int(number) for number, word in re.findall(r"(\d+) (\w+)", closing)}
    if status == PYTEST_NOTHING_COLLECTED and arguments:
        status = 0  # what was asked for may live in the other pass
    return outcome(name, status, counts, passed="passed", failed=("failed", "error"))


def outcome(name: str, status: int, counts: dict[str, int], *, passed: str, failed: tuple[str, str]) -> Outcome:
    """A part that ended badly without naming a failed test has failed all the same."""
    failures = sum(counts.get(word, 0) for word in failed)
    return Outcome(name, counts.get(passed, 0), failures or int(status != 0), counts.get("skipped", 0))


def stream(
    name: str, command: Sequence[str], env: dict[str, str], say: Callable[[str], None] = show
) -> tuple[int, list[str]]:
    """Run it in sight, and return its exit status and the lines it wrote, without colours."""
    say(f"\n── {name} ──\n")
    lines: list[str] = []
    with subprocess.Popen(
        command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        running.append(process)
        assert process.stdout
        for line in process.stdout:
            say(line)
            lines.append(COLOURS.sub("", line).rstrip())
        running.remove(process)
    return process.returncode, lines


def report(outcomes: Sequence[Outcome], missing: Sequence[str]) -> int:
    passed, failed, skipped = (sum(getattr(o, word) for o in outcomes) for word in ("passed", "failed", "skipped"))
    print()
    for o in outcomes:
        print(f"{o.name}: {o.passed} passed, {o.failed} failed, {o.skipped} skipped")
    for name in missing:
        print(f"LEFT OUT, because it is missing: {name}")
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""), flush=True)
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
