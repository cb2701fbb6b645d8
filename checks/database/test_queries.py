"""A query that has become slow makes everything above it slow, and then the connection pool runs dry.

Fix: compare `EXPLAIN` with the last good release; look for a missing index.
See: https://www.postgresql.org/docs/current/using-explain.html
"""

from __future__ import annotations

from gonogo import Finding, Severity, check
from gonogo.check import report
from gonogo.concerns.database.fixtures import TimedQuery


@check(title="Declared queries answer within their budget", severity=Severity.HIGH, profiles={"smoke", "nightly"})
def test_latency(query: TimedQuery) -> None:
    """The 95th percentile of warm runs by nearest rank, less the round trip of an empty query."""
    runs, stopped = len(query.timing.samples_ms), query.timing.error
    if query.p95_ms > query.declared.p95_ms:
        seen = f"{query.p95_ms:.0f} ms (p95 of {runs} runs)"
        if stopped:
            seen = f"at least {query.p95_ms:.0f} ms ({stopped})"
        report([Finding.of(query.declared.name, seen=seen, wanted=f"at most {query.declared.p95_ms:g} ms")])
