"""Whoever decides by a dashboard that stopped yesterday decides wrongly, and it looks the same as ever.

Fix: find out which job feeds it and when it last ran; show the time of the data beside it.
See: https://sre.google/workbook/data-processing/
"""

from __future__ import annotations

from datetime import UTC, datetime

from gonogo import Finding, Severity, check
from gonogo.check import report
from gonogo.concerns.journeys import JourneyRun, whole
from gonogo.errors import EvidenceMissing

SKEW_S = 30.0
"""How far a server's clock may be ahead of ours."""
MILLISECONDS = 1e11
"""A Unix time above this is in milliseconds: as seconds it would be the year 5138."""


def read_instant(text: str) -> datetime | None:
    """ISO 8601, taken as UTC without an offset, or Unix time in seconds or milliseconds; None for anything else."""
    try:
        at = datetime.fromisoformat(text)
        return at if at.tzinfo else at.replace(tzinfo=UTC)
    except ValueError:
        pass
    try:
        number = float(text)
        return datetime.fromtimestamp(number / 1000 if number > MILLISECONDS else number, UTC)
    except (ValueError, OverflowError, OSError):
        return None


@check(
    title="The data shown is live",
    severity=Severity.HIGH,
    profiles={"nightly"},
    where=lambda _, journey: journey.fresh,
    needs="[journeys.fresh]",
)
def test_fresh(journey: JourneyRun) -> None:
    """By the time that the data names itself, in an answer or on the page, at the end of the journey."""
    whole(journey)
    fresh, stamp = journey.declared.fresh, journey.seen.stamp
    if fresh is None or stamp is None:
        raise EvidenceMissing("invalid", "the journey did not look at its data")
    if stamp.error:
        report([Finding.of(stamp.source, seen=stamp.error, wanted="the time of the data")])
    made = read_instant(stamp.text)
    if made is None:
        report([Finding.of(stamp.source, seen=f"{stamp.text[:60]!r} is no time", wanted="ISO 8601 or Unix time")])
        return
    age_s = (datetime.fromisoformat(stamp.at) - made).total_seconds()
    if age_s > fresh.max_age_s:
        report([Finding.of(stamp.source, seen=f"{age_s:.0f} s old", wanted=f"at most {fresh.max_age_s:g} s")])
    if age_s < -SKEW_S:
        report([Finding.of(stamp.source, seen=f"{-age_s:.0f} s in the future", wanted="the time of the data")])
