"""What can be said about the code without running it. All checks run; the last line names those that failed."""

import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.isolation import ROOT, environment
from tests.prepare import NODE, must_be_complete, prepare


def checks(*, with_node: bool) -> Iterator[tuple[str, Sequence[str]]]:
    python = sys.executable
    yield "ruff check", [python, "-m", "ruff", "check", "."]
    yield "ruff format", [python, "-m", "ruff", "format", "--check", "."]
    yield "mypy", [python, "-m", "mypy"]
    if with_node:
        yield "tsc", ["npx", "--no-install", "tsc", "-p", "jsconfig.json"]
    yield "migrations", [python, "manage.py", "makemigrations", "--check", "--dry-run"]
    yield "check --deploy", [python, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]


def main() -> int:
    missing = prepare([NODE])
    failed = missing if must_be_complete() else []
    with tempfile.TemporaryDirectory(prefix="pingback-lint-") as folder:
        # A production-like setup: `check --deploy` judges the settings.
        env = environment(Path(folder), PUBLIC_URL="https://chat.example.com")
        for name, command in checks(with_node=not missing):
            print(f"── {name} ──", flush=True)
            if subprocess.run(command, cwd=ROOT, env=env, check=False).returncode:
                failed.append(name)
    print(f"lint failed: {', '.join(failed)}" if failed else "lint passed", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
