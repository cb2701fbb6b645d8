"""Errors that come only under load are lost orders and lost trust.

Fix: look at the kinds of error in the run; raise the limit that was met, or shed load earlier.
See: https://sre.google/sre-book/handling-overload/
"""

from __future__ import annotations

from gonogo import Finding, Severity, check
from gonogo.check import report
from gonogo.concerns.load import LoadResult
from gonogo.errors import EvidenceMissing
from gonogo.formats.latency import share_bounds


@check(title="Requests succeed under load", severity=Severity.CRITICAL, profiles={"nightly"})
def test_share(load: LoadResult) -> None:
    """The share of failed requests with its exact 95 % bounds; requests that were never sent count as failed."""
    run, limit = load.run, load.declared.max_error_share
    total, failed = run.planned, min(run.series[0].failures + run.dropped, run.planned)
    bounds = share_bounds(failed, total)
    if bounds.lower > limit:
        kinds = ", ".join(f"{count} × {kind}" for kind, count in run.errors[:3])
        seen = f"{100 * bounds.value:.1f} % of {total} requests ({kinds or f'{run.dropped} never sent'})"
        report(
            [Finding.of(load.declared.name, seen=seen, wanted=f"at most {100 * limit:g} %", what="the share of errors")]
        )
    if bounds.upper > limit:
        raise EvidenceMissing(
            "invalid",
            f"{failed} of {total} requests failed (up to {100 * bounds.upper:.1f} % with 95 % confidence); whether the share is within {100 * limit:g} % cannot be decided from so few",
        )
