"""A page can answer 200 and still be useless: the button does nothing, the list stays empty, the form cannot be sent.

Fix: look at the picture and the trace of the failed step (`playwright show-trace`), and make the journey by hand.
See: https://playwright.dev/python/docs/locators
"""

from __future__ import annotations

from gonogo import Finding, Severity, check
from gonogo.check import report
from gonogo.nouns import JourneyRun


@check(title="Visitors can do what they came for", severity=Severity.CRITICAL, profiles={"nightly"})
def test_complete(journey: JourneyRun) -> None:
    """Each declared step, in a fresh browser, within its own time; the evidence names the picture and the trace."""
    report(
        Finding.of(f"step {number}: {step.text}", seen=step.error, wanted="done")
        for number, step in enumerate(journey.seen.steps, 1)
        if step.error
    )
