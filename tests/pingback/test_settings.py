"""Settings: read from the environment, loudly."""

import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from pingback import env, settings
from pingback.secret_file import secret_from
from tests.isolation import environment

DOCS = Path(__file__).parents[2] / "docs" / "settings.md"


def test_every_setting_is_documented() -> None:
    documented = set(re.findall(r"^\| `([A-Z_]+)`", DOCS.read_text(), re.MULTILINE))
    assert documented == env.NAMES
    assert settings.PUBLIC_URL


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DEBUG", "maybe"),
        ("DATABASE_URL", "mysql://x"),
        ("REDIS_URL", "http://x"),
        ("PUBLIC_URL", "chat.example.com"),
        ("PUBLIC_URL", "https://chat.example.com/path"),
        ("MAX_BODY_BYTES", "1 MB"),
        ("SOCKET_HELLO_SECONDS", "0"),
        ("SECRET_KEY", "short"),
        ("LIMIT_VISITOR", "many"),
        ("TRUSTED_PROXIES", "the proxy"),
    ],
)
def test_a_wrong_value_stops_the_start_and_is_named(tmp_path: Path, name: str, value: str) -> None:
    started = subprocess.run(
        [sys.executable, "-c", "import pingback.settings"],
        env=environment(tmp_path, **{name: value}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert started.returncode != 0
    assert name in started.stderr.splitlines()[-1]


def test_the_secret_key_is_made_once_and_readable_by_its_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "secret_key"
    made = secret_from("SECRET_KEY", "", file=file, may_generate=True)
    assert secret_from("SECRET_KEY", "", file=file, may_generate=True) == made
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_the_secret_key_must_be_given_where_processes_share_it(tmp_path: Path) -> None:
    with pytest.raises(ImproperlyConfigured, match="SECRET_KEY"):
        secret_from("SECRET_KEY", "", file=tmp_path / "secret_key", may_generate=False)
