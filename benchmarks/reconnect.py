"""`python -m benchmarks.reconnect`, a part of `make bench`: the server is killed under many visitors and started again.

Each visitor is the widget's own `Connection`, waits after a failure as a browser does, and has resumed when it was
brought the message that it missed. Meanwhile an agent works in the inbox.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx

from benchmarks.contestants import BENCHMARKS
from benchmarks.machine import hardware
from tests.clients import demo_agent
from tests.prepare import NODE, POSTGRES, prepare
from tests.server import Server, Sites
from tests.services import postgres

TARGET_SECONDS = 10
SETTINGS = {"LIMIT_VISITOR_PER_IP": "1000000/minute", "LOG_LEVEL": "WARNING"}
ANSWER_EVERYBODY = """
from conversations.models import Conversation, Message, Sender
found = Conversation.objects.filter(last_seq=1)
Message.objects.bulk_create(
    Message(conversation_id=pk, seq=2, rev=2, sender=Sender.AGENT, author_name="Adam", content="We are back.")
    for pk in list(found.values_list("pk", flat=True))
)
found.update(last_seq=2, rev=2, agent_read_seq=2)
"""


@dataclass(frozen=True)
class Result:
    """Seconds; what is counted from begins when the server answers again."""

    away: float
    half: float
    all: float
    pages: list[float]  # of the inbox, while they came back
    acks: list[float]  # of an agent's messages


def measure(sites: Sites, visitors: int) -> Result:
    server = Server(sites.new(), SETTINGS)
    job = {"url": server.ws_url, "widget": server.demo()["widget_id"], "visitors": visitors}
    server.start()
    command = ["node", "reconnect.js"]
    with subprocess.Popen(command, cwd=BENCHMARKS, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as node:
        assert node.stdin
        assert node.stdout
        try:
            node.stdin.write(json.dumps(job) + "\n")
            node.stdin.flush()
            if not json.loads(node.stdout.readline() or "null"):
                raise RuntimeError("the visitors could not connect")
            agent = demo_agent(server)
            gone = time.time()
            server.kill()
            server.site.manage("shell", "--no-imports", "-c", ANSWER_EVERYBODY)
            server.start()
            back = time.time()
            pages, acks = [], []
            with agent.connect() as inbox, httpx.Client(headers={"Cookie": agent.cookie}) as client:
                for number in range(8):
                    pages.append(
                        client.get(f"{server.url}/inbox/", timeout=30).raise_for_status().elapsed.total_seconds()
                    )
                    begun = time.monotonic()
                    inbox.post(f"Still here? {number}", conversation_id=1)
                    acks.append(time.monotonic() - begun)
                    time.sleep(0.25)
            resumed = [moment / 1000 - back for moment in json.loads(node.stdout.readline())["resumedAt"]]
        finally:
            node.kill()
            server.stop()
    return Result(back - gone, statistics.median(resumed), max(resumed), pages, acks)


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.reconnect")
    parser.add_argument("--visitors", type=int, default=2000)
    options = parser.parse_args(arguments)
    if prepare([POSTGRES, NODE], npm_folders=[BENCHMARKS]):
        return 1
    with postgres(durable=True) as database, tempfile.TemporaryDirectory(prefix="pingback-reconnect-") as folder:
        results = {
            "SQLite": measure(Sites(Path(folder) / "sqlite", "", with_redis=False), options.visitors),
            "PostgreSQL": measure(Sites(Path(folder) / "postgres", database.url, with_redis=False), options.visitors),
        }
    report = describe(results, options.visitors)
    (BENCHMARKS / "RECONNECT.md").write_text(report)
    print("\n" + report)
    return 0


def describe(results: dict[str, Result], visitors: int) -> str:
    return "\n".join(
        [
            "# Everybody comes back at once",
            "",
            f"Made by `python -m benchmarks.reconnect` on {time.strftime('%Y-%m-%d')}: one process with {visitors:,} "
            "visitors is killed, a message is stored for each of them, and the process is started again. Seconds, "
            "from its first answer, until visitors had been brought what they missed; they wait after each failure as "
            "browsers do. Meanwhile an agent opened the inbox and wrote, eight times.",
            "",
            "| database | server away | half resumed | all resumed | target | inbox page: median, longest "
            "| agent's ack: median, longest |",
            "|---|---|---|---|---|---|---|",
            *[
                f"| {name} | {result.away:.1f} | {result.half:.1f} | {result.all:.1f} "
                f"| {TARGET_SECONDS}: **{'met' if result.all <= TARGET_SECONDS else 'missed'}** "
                f"| {both(result.pages)} | {both(result.acks)} |"
                for name, result in results.items()
            ],
            "",
            *[f"{name}: {value}  " for name, value in hardware("server, database and visitors")],
            "",
        ]
    )


def both(seconds: list[float]) -> str:
    return f"{statistics.median(seconds):.2f}, {max(seconds):.2f}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
