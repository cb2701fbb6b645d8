"""People leave a page that shows nothing; LCP is when the main content is there, TTFB when the server has begun to answer.

Fix: look at the worst element in the finding; preload it, make it smaller, or render it on the server.
See: https://web.dev/articles/lcp
"""

from __future__ import annotations

from gonogo import Severity, check
from gonogo.check import report
from gonogo.formats.vitals import over_budget
from gonogo.nouns import VitalsRuns


@check(title="The main content shows in time (LCP)", severity=Severity.HIGH, profiles={"nightly"})
def test_lcp(vitals: VitalsRuns) -> None:
    """Median of the declared number of runs, each in a fresh browser."""
    elements = [run.vitals.lcp_element for run in vitals.runs if run.vitals]
    report(
        over_budget(
            vitals.page,
            "LCP",
            vitals.values("lcp_ms"),
            vitals.declared.lcp_ms,
            "ms",
            element=elements[0] if elements else "",
        )
    )


@check(title="The server begins to answer in time (TTFB)", severity=Severity.MEDIUM, profiles={"nightly"})
def test_ttfb(vitals: VitalsRuns) -> None:
    """Time to the first byte of the document, redirects and connection included.

    See: https://web.dev/articles/ttfb
    """
    report(over_budget(vitals.page, "TTFB", vitals.values("ttfb_ms"), vitals.declared.ttfb_ms, "ms"))
