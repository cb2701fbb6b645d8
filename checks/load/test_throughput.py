"""A service that cannot keep pace with its visitors queues them until they leave.

Fix: add capacity, or find what serialises requests.
See: https://sre.google/sre-book/monitoring-distributed-systems/
"""

from __future__ import annotations

from gonogo import Finding, Severity, check
from gonogo.check import report
from gonogo.concerns.load import LoadResult


@check(title="The service keeps pace with the load", severity=Severity.HIGH, profiles={"nightly"})
def test_rate(load: LoadResult) -> None:
    """Answers per second against the planned arrivals; the generator's own health is part of the evidence."""
    run, wanted = load.run, load.declared.min_rate_share * load.run.planned_rate
    if run.achieved_rate < wanted:
        seen = f"{run.achieved_rate:.1f} answers/s"
        report([Finding.of(load.declared.name, seen=seen, wanted=f"at least {wanted:.1f} of {run.planned_rate:g}/s")])
