"""A page that stands close to its budget is over it with the next change, or with the next busy day: a gate without room
is a coin toss.

Fix: make the page lighter now, or raise the budget on purpose.
See: https://web.dev/articles/your-first-performance-budget
"""

from __future__ import annotations

from gonogo import Finding, Severity, check
from gonogo.check import report
from gonogo.formats.vitals import near_budget
from gonogo.nouns import VitalsRuns


@check(title="Loading metrics keep room below their budgets", severity=Severity.LOW, profiles={"nightly"})
def test_medians(vitals: VitalsRuns) -> None:
    """LCP, FCP, CLS and TBT; the last tenth of a budget is the room, where the environment does not say otherwise."""
    declared, findings = vitals.declared, list[Finding]()
    for name, metric, unit, told in (
        ("LCP", "lcp_ms", "ms", "lcp_element"),
        ("FCP", "fcp_ms", "ms", ""),
        ("CLS", "cls", "", "cls_element"),
        ("TBT", "tbt_ms", "ms", "tbt_source"),
    ):
        element = vitals.worst(metric, told) if told else ""
        limit, series = float(getattr(declared, metric)), vitals.series(metric)
        findings += near_budget(vitals.page, name, series, limit, unit, headroom=declared.headroom, element=element)
    report(findings)
