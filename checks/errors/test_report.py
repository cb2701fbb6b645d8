"""An error that only visitors see stays until one of them complains; most leave instead.

Fix: start the client before anything else, allow its host in `connect-src`, and look at `beforeSend`, filters and rates.
See: https://develop.sentry.dev/sdk/data-model/envelopes/
"""

from __future__ import annotations

from gonogo import Finding, Severity, check
from gonogo.check import report
from gonogo.concerns.analytics import ErrorReports
from gonogo.errors import EvidenceMissing
from gonogo.formats.sentry_envelope import Event

BLOCKED = "blocked:"


@check(title="An uncaught error is reported", severity=Severity.HIGH, profiles={"nightly"})
def test_sent(error_reports: ErrorReports) -> None:
    """An error thrown in our own visit: an envelope with an event that holds its words, plain or compressed, tunnelled or not."""
    if error_reports.events:
        return
    stopped = [one for one in error_reports.visit.requests if one.failure.startswith(BLOCKED) and one.method == "POST"]
    if stopped:
        raise EvidenceMissing("invalid", f"{stopped[0].url[:150]}: {stopped[0].failure}, so its report was not seen")
    types = [kind for _, envelope in error_reports.envelopes for kind in envelope.types]
    seen = f"only {', '.join(dict.fromkeys(types))[:100]}" if types else "nothing was sent"
    report([Finding.of(error_reports.declared.page, seen=seen, wanted="an event with the error's words")])


def _unlabelled(event: Event, reports: ErrorReports) -> list[Finding]:
    pairs = (
        ("release", event.release, reports.declared.release),
        ("environment", event.environment, reports.declared.environment),
    )
    return [
        Finding.of("event", seen=seen[:100] or "none", wanted=wanted or "one", what=what)
        for what, seen, wanted in pairs
        if (seen != wanted if wanted else not seen)
    ]


@check(title="Reports name release and environment", severity=Severity.MEDIUM, profiles={"nightly"})
def test_labelled(error_reports: ErrorReports) -> None:
    """Without them nobody can say which deploy broke it, and staging's errors look like production's.

    Fix: pass `release` and `environment` to the client's init.
    See: https://docs.sentry.io/product/releases/
    """
    events = error_reports.events
    if not events:
        raise EvidenceMissing("invalid", "no report was seen; see errors.report.sent")
    report(dict.fromkeys(finding for event in events for finding in _unlabelled(event, error_reports)))
