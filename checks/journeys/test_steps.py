"""A page can answer 200 and still be useless: the button does nothing, the list stays empty, the form cannot be sent.

Fix: look at the picture and the trace of the failed step (`playwright show-trace`), and make the journey by hand.
See: https://playwright.dev/python/docs/locators
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from fnmatch import fnmatchcase
from urllib.parse import urlsplit

from gonogo import Finding, Severity, check
from gonogo.check import report
from gonogo.concerns.browser.judgements import UNFETCHED, echoes, errors, failed
from gonogo.concerns.journeys import JourneyRun, whole
from gonogo.errors import EvidenceMissing
from gonogo.probes.browser.facts import BrowserRequest

LOST = "than are recorded"
"""Words of the browser probe where a page said or asked for more than is kept."""


@check(title="Visitors can do what they came for", severity=Severity.CRITICAL, profiles={"nightly"})
def test_complete(journey: JourneyRun) -> None:
    """Each declared step, in a fresh browser, within its own time; the evidence names the picture and the trace."""
    report(
        Finding.of(f"step {number}: {step.text}", seen=step.error, wanted="done")
        for number, step in enumerate(journey.seen.steps, 1)
        if step.error
    )


@check(title="Journeys leave no error behind", severity=Severity.HIGH, profiles={"nightly"})
def test_clean(journey: JourneyRun) -> None:
    """Uncaught exceptions, console errors, and requests to the own site and API that fail (5xx, or without an answer).

    What a declared page shows by being opened is told by `browser.*`, and not again.

    Fix: follow the error to its source, or the request to the server's log; the trace of a journey made by hand has both.
    See: https://html.spec.whatwg.org/multipage/webappapis.html#report-the-error
    """
    whole(journey)
    found = _broken(journey)
    if found:
        known = {told for visit in journey.pages() for told in _broken(replace(journey, visit=visit))}
        report(finding for told, finding in found.items() if told not in known)
    lost = "; ".join(problem for problem in journey.visit.problems if LOST in problem)
    if lost:
        raise EvidenceMissing("invalid", f"the journey was not seen whole: {lost}")


def _broken(journey: JourneyRun) -> dict[tuple[str, str], Finding]:
    """Findings by what tells them apart: of an error its first line, for under a journey's clock it is a message with a stack."""
    return dict((*_errors(journey), *_failures(journey)))


def _errors(journey: JourneyRun) -> Iterable[tuple[tuple[str, str], Finding]]:
    echoed = echoes(journey.visit)
    for message in errors(journey.visit):
        if not (echoed and message.level == "pageerror" and message.text.startswith(UNFETCHED)):
            seen = f"{message.text[:200]!r} ({message.source[:100] or 'inline'})"
            finding = Finding.of(journey.declared.name, seen=seen, wanted="none", what=message.level)
            yield ("", message.text.partition("\n")[0]), finding


def _failures(journey: JourneyRun) -> Iterable[tuple[tuple[str, str], Finding]]:
    api = urlsplit(journey.api).hostname
    for request in journey.visit.requests:
        own = not request.third_party or urlsplit(request.url).hostname == api
        words = failed(request) if own else ""
        if words and not _declared(journey, request):
            seen = f"{words}: {request.type} {request.url[:150]}"
            yield (words, request.url), Finding.of(journey.declared.name, seen=seen, wanted="an answer")


def _declared(journey: JourneyRun, request: BrowserRequest) -> bool:
    """A step asks for this very answer: 503 of a page that is closed on purpose."""
    parts = urlsplit(request.url)
    path = parts.path or "/"
    return any(
        request.status in step.status and fnmatchcase(f"{path}?{parts.query}" if "?" in pattern else path, pattern)
        for step in journey.declared.steps
        if (pattern := step.goto or step.response)
    )
