"""Times the gate: `python benchmarks/bench_gate.py [results]`. Target: 100,000 results below 3 s."""

from __future__ import annotations

import resource
import sys
import time
import tracemalloc
from datetime import UTC, datetime, timedelta

from gonogo.gate import Expected, Intent, Policy, Receipt, Shard, Waiver, count, decide, verdict_text
from gonogo.result import Finding, Outcome, Result, Severity

START = datetime(2026, 11, 20, 12, tzinfo=UTC)
SEVERITIES = tuple(Severity)


def shard(results: int, *, failing: int) -> Shard:
    """A run of 80 checks over many subjects in which each `failing`-th result fails (0: none)."""
    rows = []
    for number in range(results):
        check, subject = f"concern{number % 8}.topic.check-{number % 80}", f"/page/{number // 80}"
        severity = SEVERITIES[number % 4]
        if failing and number % failing == 0:
            finding = Finding.of(subject, seen="60", wanted="at least 31536000", what="max-age")
            rows.append(Result(check, subject, Outcome.FAIL, severity, findings=(finding,)))
        else:
            rows.append(Result(check, subject, Outcome.PASS, severity, evidence=(f"http-{number % 500:016x}",)))
    expected = tuple(Expected(row.check, row.subject, row.severity) for row in rows)
    intent = Intent("run", "production", "production", "1", "nightly", "e", "p", START, expected)
    receipt = Receipt(START + timedelta(minutes=5), "0" * 64, count(rows))
    return Shard(intent, tuple(rows), receipt)


def measure(label: str, evidence: Shard) -> None:
    created = START - timedelta(days=1)
    waivers = [
        Waiver(
            check=f"concern{n % 8}.topic.check-{n}",
            subject="/page/1*",
            owner="ann",
            approved_by="bob",
            reason="measured",
            created=created,
            expires=created + timedelta(days=7),
        )
        for n in range(20)
    ]
    times = []
    for _ in range(3):
        began = time.perf_counter()
        verdict = decide([evidence], Policy(), waivers=waivers, at=START + timedelta(minutes=10))
        decided = time.perf_counter()
        text = verdict_text(verdict)
        times.append((decided - began, time.perf_counter() - decided))
    tracemalloc.start()
    decide([evidence], Policy(), waivers=waivers, at=START + timedelta(minutes=10))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    best = min(times)
    said = f"{verdict.decision}, {len(verdict.reasons)} reasons"
    print(f"{label:<16} decide {best[0]:6.3f} s   encode {best[1]:6.3f} s ({len(text) / 1e6:.1f} MB)   "
          f"peak +{peak / 1e6:.0f} MB   {said}")  # fmt: skip


def main() -> None:
    results = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    for label, failing in (("all pass", 0), ("1 % fail", 100), ("every one fails", 1)):
        measure(f"{results} {label}", shard(results, failing=failing))
    print(f"resident, at most: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3:.0f} MB")


if __name__ == "__main__":
    main()
