"""`make weight`: what the widget weighs on a customer's page, and how fast it opens.

Every demo page is opened as a customer's: the page comes from `localhost`, the widget from 127.0.0.1.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TypeVar

from playwright.sync_api import Browser

from benchmarks.contestants import BENCHMARKS
from benchmarks.devtools import devtools
from benchmarks.machine import hardware
from benchmarks.widget_downloads import Weight, weights
from benchmarks.widget_speed import CPU_SLOWDOWN, NETWORK, OTHER_SCRIPTS, MainThread, Opening, main_thread, opening
from tests.downloads import chat_files
from tests.isolation import ROOT
from tests.pages import Pages, chromium
from tests.prepare import CHROMIUM, prepare
from tests.server import Server, Sites

README = ROOT / "README.md"
START, END = "<!-- written by `make weight` -->", "<!-- until here -->"

LAUNCHER_BYTES = 4_096
CHAT_BYTES = 16_384
COMPOSER_MS = 1_000
SHIFT = 0
LAUNCHER_MS = 10

Result = TypeVar("Result")


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="make weight")
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args(arguments).rounds
    if prepare([CHROMIUM]):
        return 1
    with tempfile.TemporaryDirectory(prefix="pingback-weight-") as folder, chromium() as browser:
        sites = Sites(Path(folder), "", with_redis=False)
        server = Server(sites.new())
        server.demo()
        server.start()
        try:
            weighed = in_fresh_pages(browser, lambda pages: list(weights(pages, server)))
            files = [len(file.wire) for file in chat_files(server.url)]
            openings = [in_fresh_pages(browser, lambda pages: opening(pages, server)) for _ in range(rounds)]
            with devtools() as plain_browser:
                threads = [
                    [main_thread(plain_browser, server, before) for _ in range(rounds)]
                    for before in (OTHER_SCRIPTS, "")
                ]
        finally:
            server.stop()
            sites.close()
        machine = [*hardware("server and browser"), ("browser", f"Chromium {browser.version}")]
    tables = [*downloads_table(weighed), "", *targets_table(files, openings, threads)]
    report = "\n".join([*preface(rounds), *tables, "", *table(["", ""], machine)])
    (BENCHMARKS / "WEIGHT.md").write_text(report + "\n")
    write_into_readme("\n".join(tables))
    print(report)
    return 0


def in_fresh_pages(browser: Browser, measure: Callable[[Pages], Result]) -> Result:
    pages = Pages(browser)
    try:
        return measure(pages)
    finally:
        pages.close()


def preface(rounds: int) -> list[str]:
    latency, down, up = NETWORK["latency"], NETWORK["downloadThroughput"], NETWORK["uploadThroughput"]
    network = f"{latency} ms latency, {down:,} B/s down and {up:,} B/s up"
    return [
        "# What the widget weighs",
        "",
        f"Made by `make weight` on {time.strftime('%Y-%m-%d')}. Each demo page comes from one origin, the widget from "
        "another. Bytes are those of bodies: as the server packs them, and as the browser, which asks for brotli, "
        "counted them.",
        "",
        f"Times are medians of {rounds} new visitors with an empty cache, the main thread {CPU_SLOWDOWN} times slower. "
        f"The way from the click to a visible, enabled, focused composer is measured in the page, with {network} (the "
        "former Fast 3G of Chromium's developer tools). Layout shift is the worst sum of a visit: load, open, ask, be "
        "answered. The launcher's time is thread time of the browser's trace: evaluation of `widget.js`, its "
        "callbacks, and the style and layout of its button, in a page that had come to rest. What a page's own scripts "
        "have used before us (`fetch`, `localStorage`, SVG, an observer) the browser need not prepare for us.",
        "",
    ]


def downloads_table(weighed: Iterable[tuple[str, Weight, Weight]]) -> list[str]:
    head = ["page", "from our host", "requests", "raw", "gzip", "brotli", "the browser counted"]
    moments = [
        (name, moment, weight)
        for name, loaded, opened in weighed
        for moment, weight in (("loaded", loaded), ("chat opened, in all", opened))
    ]
    return table(head, [(name, moment, *weight_cells(weight)) for name, moment, weight in moments])


def weight_cells(weight: Weight) -> list[str]:
    sockets = f" and {weight.sockets} socket" if weight.sockets else ""
    sizes = (weight.raw, weight.gzip, weight.brotli, weight.seen)
    return [f"{weight.requests}{sockets}", *(f"{size:,} B" for size in sizes)]


def targets_table(files: list[int], openings: list[Opening], threads: list[list[MainThread]]) -> list[str]:
    composer = statistics.median(opening.composer_ms for opening in openings)
    shift = max(opening.shift for opening in openings)
    after_input = max(opening.shift_after_input for opening in openings)
    rows = [
        ("launcher, brotli", f"{files[0]:,} B", "", verdict(files[0], LAUNCHER_BYTES)),
        ("launcher and chat, brotli", f"{sum(files):,} B", f"{len(files)} files", verdict(sum(files), CHAT_BYTES)),
        (
            "click to usable composer",
            f"{composer:,.0f} ms",
            "each " + ", ".join(f"{opening.composer_ms:,.0f}" for opening in openings),
            verdict(composer, COMPOSER_MS),
        ),
        ("layout shift", f"{shift:.2g}", f"within 0.5 s of input {after_input:.2g}", verdict(shift, SHIFT)),
        thread_row("launcher's main-thread time, on a page with scripts of its own", threads[0]),
        thread_row("the same, on a page without any script", threads[1]),
    ]
    return table(["what", "measured", "", "target, at most"], rows)


def thread_row(name: str, threads: list[MainThread]) -> Sequence[str]:
    middle = sorted(threads, key=lambda thread: thread.total)[len(threads) // 2]
    parts = (
        f"evaluation {middle.evaluation:.1f}, callbacks {middle.callbacks:.1f}, "
        f"style and layout {middle.style_and_layout:.1f}; each "
    )
    each = ", ".join(f"{thread.total:.1f}" for thread in threads)
    return (name, f"{middle.total:.1f} ms", parts + each, verdict(middle.total, LAUNCHER_MS))


def verdict(measured: float, most: float) -> str:
    return f"{most:,}: **{'met' if measured <= most else 'missed'}**"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    return [f"| {' | '.join(cells)} |" for cells in (head, ["---"] * len(head), *rows)]


def write_into_readme(tables: str) -> None:
    before, _, rest = README.read_text().partition(START)
    _, found, after = rest.partition(END)
    if not found:
        raise RuntimeError(f"{README.name} has lost its marks {START} and {END}")
    README.write_text(f"{before}{START}\n\n{tables}\n\n{END}{after}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
