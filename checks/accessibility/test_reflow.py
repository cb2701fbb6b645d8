"""Who reads at 400 % zoom and must scroll sideways for every line loses the thread, and soon the page.

Fix: let columns wrap, give images `max-width: 100%`, and put wide tables and code into boxes that scroll by themselves.
See: https://www.w3.org/TR/WCAG22/#reflow
"""

from __future__ import annotations

from gonogo import Finding, Severity, check
from gonogo.check import report
from gonogo.concerns.accessibility.fixtures import AccessiblePage
from gonogo.errors import EvidenceMissing
from gonogo.probes.browser.accessibility import Reflow


def _finding(page: AccessiblePage, reflow: Reflow) -> Finding:
    wide = ", ".join(f"{one.element} ({one.right_px:.0f} px)" for one in reflow.widest[:3])
    return Finding.of(
        f"{page.path} ({reflow.label})",
        what="the width of the content",
        seen=f"{reflow.content_px} px" + (f": {wide}" if wide else ""),
        wanted=f"at most {reflow.width_px} px in a window of 320",
    )


@check(title="At 400 % zoom no page scrolls sideways", severity=Severity.MEDIUM, profiles={"nightly"})
def test_width(accessible_page: AccessiblePage) -> None:
    """In a window of 320 CSS pixels, which is 1280 at 400 %: the document is no wider than the window, and no text is cut off at its edge."""
    measured, tolerance = accessible_page.seen.reflows, accessible_page.declared.reflow_tolerance_px
    if len(measured) < len(accessible_page.runs):
        raise EvidenceMissing("invalid", "the page was not measured in every state")
    report(_finding(accessible_page, one) for one in measured if one.content_px > one.width_px + tolerance)
