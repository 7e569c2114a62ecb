"""Whatever is sent to the API, it answers as its schema says: by schemathesis, against a running server."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.clients import Person, new_owner
from tests.conftest import MakeServer
from tests.server import Server

CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
AGENT = """
from auth_signing.models import Agent, Business, User
user = User.objects.create_user("fuzz@example.com", "correct horse", full_name="Dora")
Agent.objects.create(user=user, business=Business.objects.latest("created_at"), role="agent")
"""


@pytest.mark.postgres_redis
@pytest.mark.parametrize(
    ("who", "phases"), [("owner", "coverage,fuzzing"), ("agent", "fuzzing"), ("nobody", "fuzzing")]
)
def test_nothing_breaks_or_leaves_the_schema(make_server: MakeServer, tmp_path: Path, who: str, phases: str) -> None:
    server = make_server()
    owner = new_owner(server)
    owner.call("POST", "conversations", {"email": "ada@example.com", "content": "Hello"})
    fuzz(server, tmp_path, token_of(who, owner), phases)


def token_of(who: str, owner: Person) -> str:
    if who == "agent":
        owner.server.site.manage("shell", "--no-imports", "-c", AGENT)
        login = {"email": "fuzz@example.com", "password": "correct horse"}
        return str(owner.call("POST", "auth/login", login).json()["access_token"])
    return owner.token if who == "owner" else ""


def fuzz(server: Server, folder: Path, token: str, phases: str) -> None:
    """Without logout, which would end the token."""
    program = Path(sys.executable).with_name("st")
    caller = ["--header", f"Authorization: Bearer {token}"] if token else []
    options = ["--max-examples=4", f"--phases={phases}", "--no-color", "--warnings=off", "--seed=1"]
    command = [str(program), "run", f"{server.url}/api/schema", *caller, f"--checks={CHECKS}", *options]
    command += ["--continue-on-failure", "--exclude-path=/api/v1/auth/logout"]
    done = subprocess.run(command, cwd=folder, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
