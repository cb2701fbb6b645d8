"""A table of errors that nothing is written to looks exactly like a system without errors.

Fix: look at the endpoint that takes the page's reports, at its role's right to insert, and at what it filters.
See: https://cheatsheetseries.owasp.org/cheatsheets/Logging_Cheat_Sheet.html
"""

from __future__ import annotations

from gonogo import Finding, Severity, check
from gonogo.check import Safety, report
from gonogo.concerns.round_trips import ErrorTrip
from gonogo.errors import EvidenceMissing
from gonogo.probes.round_trip.facts import Look


def _row(error: ErrorTrip) -> Look:
    """Raise EvidenceMissing when the table could not be read."""
    row = error.row
    if row is None or row.problem:
        raise EvidenceMissing("invalid", f"the table could not be read: {row.problem if row else 'no look'}")
    return row


@check(
    title="Errors are written to the table",
    severity=Severity.HIGH,
    profiles={"nightly"},
    safety=Safety.OPT_IN,
    where=lambda _, own: own.trip.row,
    needs="[error_tracking.round_trip.row]",
)
def test_recorded(error_trip: ErrorTrip) -> None:
    """An error of our own with a tag of this run: its row is read back with the read-only role, within the declared time."""
    declared = error_trip.declared.row
    if declared is not None and not _row(error_trip).met:
        what = f"{declared.table}.{declared.column}"
        report([Finding.of(what, seen="no row with the tag", wanted=f"one within {declared.within_s:g} s")])


@check(
    title="Rows of errors name release and environment",
    severity=Severity.MEDIUM,
    profiles={"nightly"},
    safety=Safety.OPT_IN,
    where=lambda _, own: own.trip.row and (own.trip.row.release or own.trip.row.environment),
    needs="[error_tracking.round_trip.row] release or environment",
)
def test_release(error_trip: ErrorTrip) -> None:
    """Without them nobody can say which deploy broke it, and staging's errors look like production's.

    Fix: write the release that the build was given, not one that a configuration remembers.
    See: https://docs.sentry.io/product/releases/
    """
    row, declared = _row(error_trip), error_trip.declared.row
    if declared is None or not row.met:
        raise EvidenceMissing("invalid", "no row was found; see errors.table.recorded")
    found = dict(row.columns)
    pairs = (
        (declared.release, error_trip.release),
        (declared.environment, error_trip.environment),
    )
    report(
        Finding.of(f"{declared.table}.{column}", seen=found.get(column, "")[:100] or "none", wanted=wanted or "one")
        for column, wanted in pairs
        if column and (found.get(column) != wanted if wanted else not found.get(column))
    )
