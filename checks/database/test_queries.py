"""A query that has become slow makes everything above it slow, and then the connection pool runs dry.

Fix: compare `EXPLAIN` with the last good release; look for a missing index.
See: https://www.postgresql.org/docs/current/using-explain.html
"""

from __future__ import annotations

from gonogo import Finding, Severity, check
from gonogo.check import report
from gonogo.nouns import TimedQuery


@check(title="Declared queries answer within their budget", severity=Severity.HIGH, profiles={"smoke", "nightly"})
def test_latency(query: TimedQuery) -> None:
    """The 95th percentile of warm runs by nearest rank, less the round trip of an empty query."""
    samples = sorted(query.timing.samples_ms)
    rank = -(-95 * len(samples) // 100)
    took = max(samples[rank - 1] - query.round_trip_ms, 0.0)
    if took > query.declared.p95_ms:
        seen = f"{took:.0f} ms (p95 of {len(samples)} runs)"
        report([Finding.of(query.declared.name, seen=seen, wanted=f"at most {query.declared.p95_ms:g} ms")])
