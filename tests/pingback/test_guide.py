"""The examples of `docs/api.md` run as they stand, but for host, tokens and ids."""

import re
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import httpx

from tests.clients import Visitor, new_owner
from tests.curl import curl
from tests.server import Server

GUIDE = (Path(__file__).parents[2] / "docs" / "api.md").read_text()
HOST = "http://127.0.0.1:8000"


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", GUIDE, re.DOTALL)


def test_every_example_runs(server: Server, tmp_path: Path) -> None:
    owner = new_owner(server)
    email = f"{uuid4()}@example.com"
    account = {"email": email, "full_name": "Ada Bell", "password": "correct horse"}
    httpx.post(f"{server.url}/api/v1/auth/register", json=account).raise_for_status()
    business = owner.call("GET", "auth/me").json()["business"]["id"]
    visitor = Visitor(server, business)
    conversation = visitor.write_first()["conversation_id"]
    replaced = {
        HOST: server.url,
        "<your_token>": owner.token,
        "<token>": visitor.token or "",
        "<your_widget_id>": business,
        "conversations/7": f"conversations/{conversation}",
        "ada@example.com": email,
        '"..."': '"correct horse"',
    }
    commands = [command for block in blocks("sh") for command in block.strip().split("\n\n")]
    assert len(commands) >= 10
    answers = {command: curl(command, replaced) for command in commands}
    failed = {command: answer.text for command, answer in answers.items() if not answer.is_success}
    assert failed == {}
    (script,) = blocks("python")
    for old, new in replaced.items():
        script = script.replace(old, new)
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, check=True, capture_output=True, text=True)
    assert done.stdout.startswith("<script>window.PingBackWidgetId = ")
