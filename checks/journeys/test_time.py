"""People give up on a task that drags on, though each of its pages may be fast enough.

Fix: look at the slowest steps; do in parallel what waits for each other, and show first what is known.
See: https://www.nngroup.com/articles/response-times-3-important-limits/
"""

from __future__ import annotations

from gonogo import Finding, Severity, check
from gonogo.check import report
from gonogo.concerns.journeys import JourneyRun, whole

NAMED = 3
"""Slowest steps that a finding tells."""


@check(title="Journeys are over within their time", severity=Severity.MEDIUM, profiles={"nightly"})
def test_budget(journey: JourneyRun) -> None:
    """From the first step to the last."""
    whole(journey)
    seconds, most = journey.seen.seconds, journey.declared.max_s
    if seconds > most:
        slowest = sorted(journey.seen.steps, key=lambda step: -step.seconds)[:NAMED]
        told = ", ".join(f"{step.text} {step.seconds:.1f} s" for step in slowest)
        report([Finding.of(journey.declared.name, seen=f"{seconds:.1f} s ({told})", wanted=f"at most {most:g} s")])
