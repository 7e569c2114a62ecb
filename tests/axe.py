"""What assistive technology would stumble over, as axe sees it."""

from typing import Any

from playwright.sync_api import Page

from tests.isolation import ROOT

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"


def faults(page: Page, within: str = "pingback-widget") -> list[Any]:
    """What axe finds in an element, through its shadow root."""
    page.evaluate(AXE.read_text())
    found: list[Any] = page.evaluate(
        """async (within) => {
          const { violations } = await axe.run({ include: [within] });
          return violations.map(({ id, nodes }) => [id, nodes.map((node) => node.html + node.failureSummary)]);
        }""",
        within,
    )
    return found
