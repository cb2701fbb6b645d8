"""People leave a page that shows nothing; LCP is when the main content is there, FCP when anything is, TTFB when the
server has begun to answer.

Fix: look at the worst element in the finding; preload it, make it smaller, or render it on the server.
See: https://web.dev/articles/lcp
"""

from __future__ import annotations

from gonogo import Severity, check
from gonogo.check import report
from gonogo.concerns.vitals.fixtures import VitalsRuns
from gonogo.formats.vitals import over_budget


@check(title="The main content shows in time (LCP)", severity=Severity.HIGH, profiles={"nightly"})
def test_lcp(vitals: VitalsRuns) -> None:
    """Median of the declared number of runs, each in a fresh browser. Over the budget counts only when each run is, or
    when as many more runs agree.
    """
    note = "; ".join(words for words in (vitals.slowest_part, vitals.disturbance) if words)
    element = vitals.worst("lcp_ms", "lcp_element")
    series = vitals.series("lcp_ms")
    report(over_budget(vitals.page, "LCP", series, vitals.declared.lcp_ms, "ms", element=element, note=note))


@check(title="Something shows in time (FCP)", severity=Severity.MEDIUM, profiles={"nightly"})
def test_fcp(vitals: VitalsRuns) -> None:
    """A white page looks broken, however soon the rest would come.

    Fix: serve style sheets and scripts of the head from a cache near the visitor, and defer what the first view does not need.
    See: https://web.dev/articles/fcp
    """
    series = vitals.series("fcp_ms")
    report(over_budget(vitals.page, "FCP", series, vitals.declared.fcp_ms, "ms", note=vitals.disturbance))


@check(
    title="The server begins to answer in time (TTFB)",
    severity=Severity.MEDIUM,
    profiles={"nightly"},
    where=lambda _, measured: not measured.throttled,
    needs="[vitals] without throttling",
)
def test_ttfb(vitals: VitalsRuns) -> None:
    """Time to the first byte of the document, redirects and connection included. Not judged where the browser is slowed
    down: its throttling does not delay the first byte as a slow line would.

    See: https://web.dev/articles/ttfb
    """
    series = vitals.series("ttfb_ms")
    report(over_budget(vitals.page, "TTFB", series, vitals.declared.ttfb_ms, "ms", note=vitals.disturbance))
