"""Fixtures for all tests.

Black boxes: `server` (one for the whole run), `two_servers` (on one PostgreSQL and Redis), `make_server` (with settings
of its own), `page_factory` (pages of a real browser). Such tests must not use the ORM themselves: pytest-django blocks
it, and Playwright's event loop forbids it. Everything else uses pytest-django as usual.
"""

import logging
import os
import re
from collections.abc import Generator, Iterator, Mapping
from io import StringIO
from threading import Thread
from typing import Protocol

import pytest
from django.conf import settings
from django.db import connections
from playwright.sync_api import Browser, expect

from conversations.realtime.hub import hub
from tests.cast import PASSWORD, Cast, new_cast
from tests.pages import Pages, chromium
from tests.prepare import chromium_program, must_be_complete
from tests.server import Server, Site, Sites
from tests.shop import OnePage

BROWSER_PATIENCE = 15_000  # ms: two passes share the machine
ON_POSTGRES_AND_REDIS = bool(os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL"))


class MakeServer(Protocol):
    def __call__(
        self, env: Mapping[str, str] | None = None, *, site: Site | None = None, own_postgres: bool = False
    ) -> Server: ...


def pytest_configure() -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # the real one takes half a second
    unhashed = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}  # needs no collectstatic
    settings.STORAGES = {**settings.STORAGES, "staticfiles": unhashed}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what this run has no services for or need not repeat, and put browser tests last.

    Last, because the browser lives for the whole run, and while it does its event loop forbids the ORM in this thread.
    """
    for item in items:
        if "two_servers" in fixtures_of(item):
            item.add_marker(pytest.mark.postgres_redis)
    unfit = "page_only" if ON_POSTGRES_AND_REDIS else "postgres_redis"
    left_out = [item for item in items if item.get_closest_marker(unfit)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
    items[:] = sorted((item for item in items if item not in left_out), key=lambda item: "browser" in fixtures_of(item))


def fixtures_of(item: pytest.Item) -> list[str]:
    names: list[str] = getattr(item, "fixturenames", [])
    return names


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A failure shows what the servers had to say."""
    report = yield
    if report.failed:
        report.sections += [(f"server {server.url}", server.output()[-4000:]) for server in Server.running]
    return report


@pytest.fixture
def cast(db: None) -> Cast:
    return new_cast()


@pytest.fixture
def deliver_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """To nobody but who listens from now on: see `Recorder`."""
    monkeypatch.setattr(hub, "deliver_soon", hub.deliver_here)
    monkeypatch.setattr(hub, "groups", {})


@pytest.fixture(scope="session")
def django_db_modify_db_settings(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A database file for SQLite instead of one in memory: other threads must see it, too."""
    connection = connections["default"]
    if connection.vendor == "sqlite":
        connection.settings_dict["TEST"]["NAME"] = str(tmp_path_factory.mktemp("database") / "test.sqlite3")


@pytest.fixture(scope="session")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sites]:
    database_url = os.environ["DATABASE_URL"] if ON_POSTGRES_AND_REDIS else ""
    sites = Sites(tmp_path_factory.mktemp("sites"), database_url, with_redis=ON_POSTGRES_AND_REDIS)
    yield sites
    sites.close()


SECRETS = re.compile(rf"(sk|is)_live_[\w-]{{20}}|(Bearer|Visitor) [\w-]{{20}}|{PASSWORD}|correct horse")


@pytest.fixture(scope="session", autouse=True)
def _no_secret_is_logged(sites: Sites) -> Iterator[None]:
    """Neither by the servers of the whole run, nor in the tests' own process."""
    said = StringIO()
    logging.getLogger().addHandler(logging.StreamHandler(said))
    yield
    texts = {"the tests": said.getvalue()} | {str(file): file.read_text() for file in sites.folder.rglob("*.log")}
    found = {name: secret[0] for name, text in texts.items() if (secret := SECRETS.search(text))}
    assert found == {}


@pytest.fixture(scope="session")
def server(sites: Sites) -> Iterator[Server]:
    """One process for the whole run. What a test stores stays: make contacts and businesses of your own."""
    server = Server(sites.new())
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def two_servers(sites: Sites) -> Iterator[tuple[Server, Server]]:
    """Two processes on the same PostgreSQL database and Redis. Tests that ask for it are left out of the SQLite run."""
    site = sites.new()
    pair = (Server(site), Server(site))
    for server in pair:
        server.start()
    yield pair
    for server in pair:
        server.stop()


@pytest.fixture
def site() -> Iterator[OnePage]:
    with OnePage() as site:
        Thread(target=site.serve_forever, kwargs={"poll_interval": 0.05}).start()
        yield site
        site.shutdown()


@pytest.fixture
def make_server(sites: Sites) -> Iterator[MakeServer]:
    """Start a server with settings of its own (`make_server({"LIMIT_VISITOR": "5/minute"})`), stopped after the test.

    It gets a fresh site, unless one is given; `own_postgres` gives that site a PostgreSQL that the test may kill.
    """
    made: list[Server] = []

    def make(env: Mapping[str, str] | None = None, *, site: Site | None = None, own_postgres: bool = False) -> Server:
        server = Server(site or sites.new(own_postgres=own_postgres), env)
        server.start()
        made.append(server)
        return server

    yield make
    for server in made:
        server.stop()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if not chromium_program():
        (pytest.fail if must_be_complete() else pytest.skip)("Chromium is missing: see tests/prepare.py")
    expect.set_options(timeout=BROWSER_PATIENCE)
    with chromium() as browser:
        yield browser


@pytest.fixture
def page_factory(browser: Browser) -> Iterator[Pages]:
    """`page_factory(390, 844, "dark")` opens a page of a new visitor: see `Pages`."""
    pages = Pages(browser)
    yield pages
    pages.close()
