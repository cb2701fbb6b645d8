"""A page that is hidden from the menu but not from strangers is found by whoever guesses its address.

Fix: refuse on the server, for each request; a redirect in the browser hides the page, not its data.
See: https://owasp.org/Top10/A01_2021-Broken_Access_Control/
"""

from __future__ import annotations

from gonogo import Finding, Severity, check
from gonogo.check import report
from gonogo.concerns.journeys import JourneyRun, whole
from gonogo.environment.models import Environment, Journey


def _guarded(_: Environment, journey: Journey) -> bool:
    return any(step.goto and step.status for step in journey.steps)


@check(
    title="Pages of a journey answer as declared",
    severity=Severity.CRITICAL,
    profiles={"nightly"},
    where=_guarded,
    needs="[[journeys.steps]] goto with status",
)
def test_status(journey: JourneyRun) -> None:
    """Pages opened by address with a declared status: 401 or 403 for whoever has not signed in."""
    whole(journey)
    steps = zip(journey.declared.steps, journey.seen.steps, strict=True)
    report(
        Finding.of(seen.text, seen=str(seen.status or "no answer"), wanted=" or ".join(map(str, declared.status)))
        for declared, seen in steps
        if declared.goto and declared.status and seen.status not in declared.status
    )
