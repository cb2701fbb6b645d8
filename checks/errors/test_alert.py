"""An alert that was never seen to arrive is a hope; it is found broken by the first error that it should have told of.

Fix: look at the rule, its threshold and silences, at the credentials of the channel, and at the channel's spam folder.
See: https://sre.google/sre-book/monitoring-distributed-systems/
"""

from __future__ import annotations

from gonogo import Finding, Severity, check
from gonogo.check import Safety, report
from gonogo.concerns.round_trips import ErrorTrip
from gonogo.errors import EvidenceMissing


@check(
    title="Errors reach whoever must know",
    severity=Severity.HIGH,
    profiles={"nightly"},
    safety=Safety.OPT_IN,
    where=lambda _, own: own.trip.alert,
    needs="[error_tracking.round_trip.alert]",
)
def test_delivered(error_trip: ErrorTrip) -> None:
    """An error of our own with a tag of this run: an alert that holds the tag is found where alerts arrive."""
    declared, alert, row = error_trip.declared.alert, error_trip.alert, error_trip.row
    if declared is None or alert is None or alert.problem:
        raise EvidenceMissing("invalid", f"alerts could not be read: {alert.problem if alert else 'no look'}")
    if alert.met:
        return
    if row is not None and not row.met:
        raise EvidenceMissing("invalid", "the error itself was not recorded; see errors.table.recorded")
    report([Finding.of(declared.url, seen="no alert with the tag", wanted=f"one within {declared.within_s:g} s")])
