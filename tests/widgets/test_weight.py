"""The widget's budget: bytes as a browser with brotli gets them."""

import pytest

from tests.downloads import Download, chat_files
from tests.server import Server

pytestmark = pytest.mark.page_only

LAUNCHER_BYTES = 4_096
CHAT_BYTES = 16_384  # the launcher's included
MODULES = 1


@pytest.fixture(scope="module")
def files(server: Server) -> list[Download]:
    return list(chat_files(server.url))


def test_every_file_of_the_widget_is_there_and_compressed(files: list[Download]) -> None:
    assert len(files) > 1
    assert {(file.url, file.status, file.encoding) for file in files} == {(file.url, 200, "br") for file in files}


def test_the_launcher_keeps_its_budget(files: list[Download]) -> None:
    launcher = files[0]
    assert len(launcher.wire) <= LAUNCHER_BYTES


def test_the_opened_chat_keeps_its_budget(files: list[Download]) -> None:
    weights = {file.url: len(file.wire) for file in files}
    assert sum(weights.values()) <= CHAT_BYTES, weights


def test_the_chat_travels_as_one_module(files: list[Download]) -> None:
    modules = [file.url for file in files[1:] if file.url.endswith(".js")]
    assert len(modules) <= MODULES, modules
