"""A small world for the gate's tests: two critical checks and a medium one, in two shards of one run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from gonogo.gate import Expected, Intent, Policy, Receipt, Shard, Verdict, Waiver, count, decide
from gonogo.result import Finding, Outcome, Result, Severity
from gonogo.run import folder as rundir

START = datetime(2026, 11, 20, 12, tzinfo=UTC)
END = START + timedelta(minutes=5)
AT = START + timedelta(minutes=10)

HEALTH, TRUST, CSP = "availability.health.deep", "tls.certificate.trust", "security.csp.present"
RATE = "load.throughput.rate"
SEVERITY = {
    HEALTH: Severity.CRITICAL,
    TRUST: Severity.CRITICAL,
    CSP: Severity.MEDIUM,
    RATE: Severity.HIGH,
    "delivery.compression.text": Severity.LOW,
}
KNOWN = tuple(SEVERITY)


def result(
    check: str, outcome: Outcome = Outcome.PASS, *, subject: str = "/", seen: str = "60", reason: str = ""
) -> Result:
    """One result; a FAIL has a finding, an absence a reason unless given one."""
    findings = (Finding.of(subject, seen=seen, wanted="200", what="status"),) if outcome is Outcome.FAIL else ()
    if outcome is Outcome.UNKNOWN:
        reason = reason or "timeout: no answer within 10 s"
    return Result(check, subject, outcome, SEVERITY[check], findings=findings, reason=reason)


def intent(checks: Sequence[str], **changes: object) -> Intent:
    expected = tuple(Expected(check, "/", SEVERITY[check]) for check in checks)
    base = Intent("run-1", "staging", "staging", "2.4.0", "nightly", "e" * 64, "", START, expected)
    return replace(base, **changes)  # type: ignore[arg-type]


def shard(intent_: Intent, results: Sequence[Result], **receipt: object) -> Shard:
    """A finished run directory; keywords change its receipt."""
    finished = intent_.started + (END - START)
    written = Receipt(finished, digest_of(results), count(results))
    return Shard(intent_, tuple(results), replace(written, **receipt))  # type: ignore[arg-type]


def digest_of(results: Sequence[Result]) -> str:
    return f"{abs(hash(tuple(sorted(map(repr, results))))):064x}"


def world(
    *,
    health: Outcome = Outcome.PASS,
    trust: Outcome = Outcome.PASS,
    csp: Outcome = Outcome.PASS,
    reason: str = "",
    **changes: object,
) -> list[Shard]:
    """Shard 1 judges health, shard 2 trust and CSP; `changes` go into both intents."""
    return [
        shard(intent([HEALTH], shard=(1, 2), **changes), [result(HEALTH, health, reason=reason)]),
        shard(
            intent([TRUST, CSP], shard=(2, 2), **changes),
            [result(TRUST, trust, reason=reason), result(CSP, csp, reason=reason)],
        ),
    ]


def waiver(check: str = HEALTH, **changes: object) -> Waiver:
    created = START - timedelta(days=1)
    fields: dict[str, object] = {
        "check": check,
        "owner": "ann@example.org",
        "approved_by": "bob@example.org",
        "reason": "the vendor fixes it on Monday",
        "created": created,
        "expires": created + timedelta(days=5),
    }
    return Waiver.model_validate(fields | changes)


def judged(shards: Sequence[Shard], policy: Policy | None = None, **keywords: object) -> Verdict:
    return decide(shards, policy or Policy(), **({"at": AT} | keywords))  # type: ignore[arg-type]


def on_disk(
    reports: Path, intent_: Intent, results: Sequence[Result], *, finished: bool = True, evidence: bool = True
) -> Path:
    """A real run directory, written as a run writes it."""
    folder = rundir.create(reports, environment=intent_.environment, profile=intent_.profile, started=intent_.started)
    rundir.write_intent(folder, intent_)
    (folder / "policy.toml").write_text("[severity.critical]\nmax_fail = 0\n")
    if evidence:
        (folder / "evidence" / "http-1.json").write_text('{"id": "http-1"}\n')
    with rundir.open_results(folder) as stream:
        for one in results:
            rundir.append_result(stream, one)
    if finished:
        rundir.write_receipt(folder, finished=END)
    return folder


def rules(verdict: Verdict) -> set[str]:
    return {reason.rule for reason in verdict.reasons}


def warned(verdict: Verdict) -> set[str]:
    return {reason.rule for reason in verdict.warnings}
