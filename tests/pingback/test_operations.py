"""What operators ask of a process, and what it logs."""

import asyncio
import json
from unittest.mock import patch

import httpx
import pytest

from pingback.operations import Database
from tests.clients import demo_agent, new_visitor, wait_until
from tests.conftest import MakeServer
from tests.server import Server

TOKEN = "a-token-for-prometheus"


def ready(server: Server) -> tuple[int, dict[str, str]]:
    answer = httpx.get(f"{server.url}/readyz", timeout=10)
    return answer.status_code, answer.json()


def test_a_healthy_process_is_ready(server: Server) -> None:
    answer = httpx.get(f"{server.url}/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
    assert answer.headers["Cache-Control"] == "no-store"
    assert ready(server) == (200, {"database": "ok", "bus": "ok", "writer": "ok"})


def test_metrics_are_not_there_without_a_token_and_need_the_right_one(server: Server, make_server: MakeServer) -> None:
    assert refusal(server) == (404, "NOT_FOUND")
    metered = make_server({"METRICS_TOKEN": TOKEN})
    assert refusal(metered) == (401, "INVALID_TOKEN")
    assert refusal(metered, Authorization="Bearer wrong") == (401, "INVALID_TOKEN")


def refusal(server: Server, **headers: str) -> tuple[int, str]:
    answer = httpx.get(f"{server.url}/metrics", headers=headers)
    assert answer.headers["X-Request-Id"]
    return answer.status_code, answer.json()["code"]


def test_readiness_asks_the_database_once_a_second_however_often_one_asks() -> None:
    asked: list[float] = []
    database = Database()

    async def ask_often() -> list[bool]:
        return [await database.answers() for _ in range(50)] + await asyncio.gather(
            *(database.answers() for _ in range(50))
        )

    with patch("pingback.operations.ask_database", lambda: asked.append(1)):
        assert asyncio.run(ask_often()) == [True] * 100
    assert len(asked) == 1


def test_metrics_count_sockets_batches_and_times(make_server: MakeServer) -> None:
    server = make_server({"METRICS_TOKEN": TOKEN})
    visitor = new_visitor(server)
    visitor.write_first()
    with visitor.connect() as browser, demo_agent(server).connect():
        browser.post("two")
        said = httpx.get(f"{server.url}/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    values = dict(line.rsplit(" ", 1) for line in said.text.splitlines() if line.startswith("pingback_"))
    assert values['pingback_sockets{side="visitor"}'] == values['pingback_sockets{side="inbox"}'] == "1.0"
    assert values['pingback_queue{queue="writer"}'] == "0.0"
    for name in ("batch_messages", "commit_seconds", "delivery_seconds"):
        assert values[f"pingback_{name}_count"] == "2.0"


@pytest.mark.postgres_redis
def test_a_process_without_its_database_is_alive_and_not_ready(make_server: MakeServer) -> None:
    server = make_server(own_postgres=True)
    database = server.site.postgres
    assert database
    database.kill()
    assert ready(server) == (503, {"database": "down", "bus": "ok", "writer": "ok"})
    assert httpx.get(f"{server.url}/healthz").status_code == 200
    database.start()
    wait_until(lambda: ready(server)[0] == 200)


@pytest.mark.postgres_redis
def test_a_process_without_its_bus_is_not_ready(make_server: MakeServer) -> None:
    server = make_server()
    assert server.site.redis
    server.site.redis.kill()
    wait_until(lambda: ready(server) == (503, {"database": "ok", "bus": "down", "writer": "ok"}))
    server.site.redis.start()
    wait_until(lambda: ready(server)[0] == 200)


def test_log_lines_name_their_request_and_hold_no_text_of_a_message(make_server: MakeServer) -> None:
    server = make_server({"LOG_FORMAT": "json", "LOG_LEVEL": "DEBUG"})
    visitor = new_visitor(server)
    visitor.write_first("a very private sentence")
    server.site.manage("shell", "--no-imports", "-c", BREAK_SESSIONS)
    answer = httpx.get(f"{server.url}/sign-in/", cookies={"sessionid": "0" * 32})
    assert answer.status_code == 500
    lines = [json.loads(line) for line in server.output().splitlines() if line.startswith("{")]
    mine = [line for line in lines if line["request_id"] == answer.headers["X-Request-Id"]]
    assert {line["levelname"] for line in mine} >= {"ERROR"}
    assert "a very private sentence" not in server.output()


BREAK_SESSIONS = """
from django.db import connection
connection.cursor().execute("ALTER TABLE django_session RENAME TO gone")
"""
