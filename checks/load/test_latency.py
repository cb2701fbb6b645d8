"""A site that is quick for one visitor and slow for a hundred fails on the day it matters.

Fix: look at the slowest kind of request in the run, then at the pool or lock that it waits for.
See: https://www.scylladb.com/2021/04/22/on-coordinated-omission/
"""

from __future__ import annotations

from gonogo import Finding, Severity, check
from gonogo.check import report
from gonogo.concerns.load import LoadResult
from gonogo.errors import EvidenceMissing
from gonogo.formats.latency import minimum_samples, percentile_bounds

SHARE = 0.95


@check(title="Answers stay fast under load (p95)", severity=Severity.HIGH, profiles={"nightly"})
def test_p95(load: LoadResult) -> None:
    """Measured from when each request was due, so that a stalled server cannot hide the wait.

    Passes when the upper 95 % confidence bound is within the limit, fails when the lower bound is above it.
    """
    total, limit = load.run.series[0], load.declared.p95_ms
    if total.requests < minimum_samples(SHARE):
        raise EvidenceMissing(
            "invalid", f"{total.requests} requests are too few for a p95, wanted {minimum_samples(SHARE)}"
        )
    bounds = percentile_bounds(total.histogram, SHARE, total=total.requests)
    if bounds.lower > limit:
        seen = f"{bounds.value:.0f} ms ({bounds.lower:.0f} to {bounds.upper:.0f}, {total.requests} requests)"
        report([Finding.of(load.declared.name, seen=seen, wanted=f"at most {limit:g} ms", what="p95")])
    if bounds.upper > limit:
        raise EvidenceMissing(
            "invalid",
            f"p95 is {bounds.value:.0f} ms but may be up to {bounds.upper:.0f} ms; the limit of {limit:g} ms cannot be decided from {total.requests} requests",
        )
