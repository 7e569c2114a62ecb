"""How fast the widget opens on a slow phone, whether anything jumps, and what the launcher costs the page."""

import re
import time
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain
from typing import Any
from uuid import uuid4

import httpx
from playwright.sync_api import CDPSession, Page

from benchmarks.devtools import DevTools, evaluation_of, value_of
from benchmarks.widget_downloads import composer, launcher, settle, shop_address
from tests.clients import Peer, demo_agent
from tests.pages import NOTE_SHIFTS, Pages
from tests.server import Server

CPU_SLOWDOWN = 4
# The former "Fast 3G" of Chromium's developer tools: bytes a second, milliseconds.
NETWORK = {"offline": False, "latency": 562.5, "downloadThroughput": 180_000, "uploadThroughput": 84_375}
SETTLE_SECONDS = 1

# Resolves with the milliseconds from the click to the first frame in which the composer takes what is typed.
AWAIT_COMPOSER = """
globalThis.benchOpened = new Promise((resolve) => {
  let clicked;
  addEventListener("click", (event) => (clicked = event.timeStamp), { capture: true, once: true });
  const isUsable = (element) =>
    element?.matches("textarea, input, [role=textbox], [contenteditable]") &&
    element.closest("[role=dialog], dialog") &&
    !element.disabled && !element.readOnly &&
    element.checkVisibility({ opacityProperty: true, visibilityProperty: true });
  const look = () => {
    let focused = document.activeElement;
    while (focused?.shadowRoot?.activeElement) focused = focused.shadowRoot.activeElement;
    if (clicked !== undefined && isUsable(focused)) resolve(performance.now() - clicked);
    else requestAnimationFrame(look);
  };
  look();
});
0; // not the promise: it is awaited later
"""

# What the launcher uses, as scripts of the page may have used it before: the browser then is prepared for it.
OTHER_SCRIPTS = """
fetch(location.href).then((answer) => answer.text());
localStorage.getItem("visits");
new MutationObserver(() => {}).observe(document.body, { childList: true });
document.body.append(document.createElementNS("http://www.w3.org/2000/svg", "svg"));
0; // nothing to wait for
"""

EVALUATION = {"EvaluateScript", "v8.compile"}
CALLBACKS = {
    "FunctionCall",
    "BlinkScheduler_PerformMicrotaskCheckpoint",
    "EventDispatch",
    "XHRReadyStateChange",
    "XHRLoad",
}
STYLE_AND_LAYOUT = {"UpdateLayoutTree", "Layout"}


@dataclass(frozen=True)
class Opening:
    composer_ms: float
    shift: float
    shift_after_input: float  # within half a second of a click or a key; the usual sum leaves it out


@dataclass(frozen=True)
class MainThread:
    """Milliseconds of the main thread's own time."""

    evaluation: float
    callbacks: float
    style_and_layout: float

    @property
    def total(self) -> float:
        return self.evaluation + self.callbacks + self.style_and_layout


def opening(pages: Pages, server: Server) -> Opening:
    """A new visitor on a slow phone opens the chat, asks and is answered."""
    page = pages()
    page.add_init_script(NOTE_SHIFTS)
    cdp = slowed(page)
    cdp.send("Network.enable")
    cdp.send("Network.emulateNetworkConditions", NETWORK)
    with demo_agent(server).connect() as agent:
        page.goto(shop_address(server))
        launcher(page).wait_for()
        settle(page)
        evaluate(cdp, AWAIT_COMPOSER)
        launcher(page).click()
        composer_ms = evaluate(cdp, "benchOpened")
        talk(page, agent)
        settle(page)
    shifts = evaluate(cdp, "layoutShifts")
    return Opening(
        composer_ms,
        sum(shift["value"] for shift in shifts if not shift["hadRecentInput"]),
        sum(shift["value"] for shift in shifts if shift["hadRecentInput"]),
    )


def talk(page: Page, agent: Peer) -> None:
    question, answer = f"Is it bright? {uuid4()}", f"Very. {uuid4()}"
    composer(page).fill(question)
    composer(page).press("Enter")
    while (message := agent.expect("message"))["content"] != question:
        pass
    agent.post(answer, conversation_id=message["conversation_id"])
    page.get_by_role("dialog").get_by_text(answer).wait_for()


def main_thread(browser: DevTools, server: Server, before: str = "") -> MainThread:
    """What the launcher costs on a slow phone, from its script's arrival to the drawn button.

    It is put into the shop, which has no other script, once that has come to rest: what the main thread then does is
    its doing. `before` is a script that the page has run.
    """
    script = f"{server.url}/widget.js"
    shop = re.sub(r"<script.*?</script>", "", httpx.get(shop_address(server)).text, flags=re.DOTALL)
    with browser.new_tab() as tab:
        browser.send("Emulation.setCPUThrottlingRate", tab, rate=CPU_SLOWDOWN)
        frame = browser.send("Page.navigate", tab, url=f"http://localhost:{server.port}/widget.js")["frameId"]
        time.sleep(SETTLE_SECONDS)
        browser.send("Page.setDocumentContent", tab, frameId=frame, html=shop)
        time.sleep(SETTLE_SECONDS)
        browser.evaluate(tab, before)
        time.sleep(SETTLE_SECONDS)
        browser.send("Tracing.start", categories="devtools.timeline,toplevel")
        browser.evaluate(
            tab,
            f"""
            window.PingBackWidgetId = "{server.demo()["widget_id"]}";
            document.head.append(Object.assign(document.createElement("script"), {{ src: "{script}" }}))
            """,
        )
        time.sleep(SETTLE_SECONDS)
        if not browser.evaluate(tab, "!!document.querySelector('pingback-widget')"):
            raise RuntimeError("the launcher was not drawn in time")
        browser.send("Tracing.end")
        events = browser.until("Tracing.tracingComplete")
    traced = [event["params"]["value"] for event in events if event["method"] == "Tracing.dataCollected"]
    return costs(chain.from_iterable(traced), script)


def costs(events: Iterable[dict[str, Any]], script_url: str) -> MainThread:
    spans = sorted((event for event in events if event.get("ph") == "X"), key=lambda event: event["ts"])
    first = next(span for span in spans if span["name"] == "EvaluateScript" and url_of(span) == script_url)
    spent = dict.fromkeys(EVALUATION | CALLBACKS | STYLE_AND_LAYOUT, 0.0)
    end = first["ts"]
    for span in spans:
        is_here = (span["pid"], span["tid"]) == (first["pid"], first["tid"])
        if is_here and span["name"] in spent and span["ts"] >= end:  # what is inside another one is counted there
            spent[span["name"]] += span.get("tdur", 0) / 1000
            end = span["ts"] + span.get("dur", 0)
    return MainThread(*(sum(spent[name] for name in names) for names in (EVALUATION, CALLBACKS, STYLE_AND_LAYOUT)))


def url_of(span: dict[str, Any]) -> str:
    return str(span.get("args", {}).get("data", {}).get("url", ""))


def slowed(page: Page) -> CDPSession:
    cdp = page.context.new_cdp_session(page)
    cdp.send("Emulation.setCPUThrottlingRate", {"rate": CPU_SLOWDOWN})
    return cdp


def evaluate(cdp: CDPSession, script: str) -> Any:
    """In the page, over the browser's protocol: no policy of the page forbids it, and no polling slows it."""
    return value_of(cdp.send("Runtime.evaluate", evaluation_of(script)))
