"""What the tests need beside Python: found, or installed with Debian's packages by root; else named as left out.

Run alone (`python -m tests.prepare`) it prepares everything and says what is missing.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.isolation import ROOT
from tests.services import postgres_program, redis_program

# RUNLEVEL=1 keeps the packages' own services from starting; we only want the programs.
APT_ENVIRONMENT = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}


@dataclass(frozen=True)
class Part:
    name: str
    packages: tuple[str, ...]
    is_there: Callable[[], bool]


def chromium_program() -> str | None:
    names = ("chromium", "chromium-browser", "google-chrome")
    return next((found for name in names if (found := shutil.which(name))), None)


CHROMIUM = Part("Chromium", ("chromium", "fonts-liberation"), lambda: bool(chromium_program()))
POSTGRES = Part("PostgreSQL", ("postgresql",), lambda: bool(postgres_program("initdb")))
REDIS = Part("Redis", ("redis-server",), lambda: bool(redis_program()))
NODE = Part("Node", ("nodejs", "npm"), lambda: bool(shutil.which("node") and shutil.which("npm")))
SHELL = Part("curl and openssl", ("curl", "openssl"), lambda: bool(shutil.which("curl") and shutil.which("openssl")))
EVERYTHING = (CHROMIUM, POSTGRES, REDIS, NODE, SHELL)


def prepare(parts: Iterable[Part] = EVERYTHING, *, npm_folders: Iterable[Path] = (ROOT,)) -> list[str]:
    """Install what is missing where that is allowed. Returns the names of what still is, having said so loudly."""
    missing = [part for part in parts if not part.is_there()]
    if missing:
        apt_install(missing)
    left_out = [part.name for part in missing if not part.is_there()]
    if NODE in parts and NODE.name not in left_out:
        left_out += [npm_name(folder) for folder in npm_folders if not npm_install(folder)]
    for name in left_out:
        say(f"LEFT OUT: {name} is missing and could not be installed; what needs it does not run.")
    return left_out


def must_be_complete() -> bool:
    """In CI a missing part is a failure, elsewhere only said."""
    return os.environ.get("CI", "").lower() in {"1", "true"}


def apt_install(parts: list[Part]) -> None:
    names = ", ".join(part.name for part in parts)
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        packages = " ".join(package for part in parts for package in part.packages)
        say(f"{names} missing. As root on Debian: apt-get install {packages}")
        return
    say(f"installing {names}")
    for part in parts:  # one by one: a package that cannot be had must not hold up the others
        if apt("install", *part.packages):  # stale or empty package lists, most likely
            apt_update()
            say(apt("install", *part.packages) or f"{part.name} installed")


@cache
def apt_update() -> None:
    apt("update")


def apt(verb: str, *packages: str) -> str:
    """What went wrong, or nothing."""
    command = ["apt-get", "-qq", "--yes", "--no-install-recommends", verb, *packages]
    done = subprocess.run(command, env=APT_ENVIRONMENT, check=False, capture_output=True, text=True)
    return f"apt-get {verb} failed: {done.stderr.strip()[-500:]}" if done.returncode else ""


def npm_install(folder: Path) -> bool:
    """The locked npm files, installed again only after the lock has changed."""
    lock = folder / "package-lock.json"
    stamp = folder / "node_modules" / ".package-lock.json"  # npm's own, written at the end of an install
    if stamp.exists() and stamp.stat().st_mtime >= lock.stat().st_mtime:
        return True
    say(f"installing {npm_name(folder)}")
    done = subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"], cwd=folder, check=False)
    return done.returncode == 0


def npm_name(folder: Path) -> str:
    return f"npm packages of {(folder / 'package-lock.json').relative_to(ROOT)}"


def say(text: str) -> None:
    print(f"prepare: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(1 if prepare() else 0)
