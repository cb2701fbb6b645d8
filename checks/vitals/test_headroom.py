"""A page that stands close to its budget is over it with the next change, or with the next busy day: a gate without room
is a coin toss.

Fix: make the page lighter now, or raise the budget on purpose.
See: https://web.dev/articles/your-first-performance-budget
"""

from __future__ import annotations

from gonogo import Finding, Severity, check
from gonogo.check import report
from gonogo.concerns.vitals.fixtures import VitalsRuns
from gonogo.formats.vitals import near_budget


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


@check(
    title="The reaction to a press keeps room below its budget",
    severity=Severity.LOW,
    profiles={"nightly"},
    where=lambda _, measured: measured.presses,
    needs="[vitals] interaction",
)
def test_inp(vitals: VitalsRuns) -> None:
    """INP, where something is pressed.

    Fix: break the handler in the finding into smaller pieces, or raise the budget on purpose.
    See: https://web.dev/articles/inp
    """
    declared, element = vitals.declared, vitals.worst("inp_ms", "inp_element")
    limit, series = float(declared.inp_ms), vitals.series("inp_ms")
    report(near_budget(vitals.page, "INP", series, limit, "ms", headroom=declared.headroom, element=element))


@check(
    title="The first byte keeps room below its budget",
    severity=Severity.LOW,
    profiles={"nightly"},
    where=lambda _, measured: not measured.throttled,
    needs="[vitals] without throttling",
)
def test_ttfb(vitals: VitalsRuns) -> None:
    """TTFB, on a line that is not slowed down.

    Fix: cache what the server makes anew for each visitor, or raise the budget on purpose.
    See: https://web.dev/articles/ttfb
    """
    declared = vitals.declared
    limit, series = float(declared.ttfb_ms), vitals.series("ttfb_ms")
    report(near_budget(vitals.page, "TTFB", series, limit, "ms", headroom=declared.headroom))
