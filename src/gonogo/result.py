"""Outcomes, findings and results: the only thing that crosses processes, as one JSON line each."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Any


class Outcome(StrEnum):
    """What one check says of one subject."""

    PASS = "PASS"  # noqa: S105 - an outcome, not a password
    FAIL = "FAIL"
    UNKNOWN = "UNKNOWN"
    """Not observed; never a pass."""
    NOT_APPLICABLE = "NOT_APPLICABLE"
    """The environment does not declare what the check judges; the reason says so."""
    WAIVED = "WAIVED"
    """A FAIL that a valid waiver accepts. Only the gate gives it."""
    MISSING = "MISSING"
    """Expected and never reported. Only the gate gives it."""


class Severity(StrEnum):
    """How much a FAIL hurts: critical stops the release at once, high stops it, medium warns, low informs."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One shortfall: where, what was seen, what was wanted."""

    subject: str
    seen: str
    wanted: str
    message: str

    @classmethod
    def said(cls, subject: str, *, seen: str, wanted: str, message: str) -> Finding:
        """A finding whose message stands already, without its subject and what is wanted."""
        return cls(subject, seen, wanted, f"{subject}: {message}; wanted {wanted}.")

    @classmethod
    def of(cls, subject: str, *, seen: object, wanted: object, what: str = "") -> Finding:
        """A finding with its message made from its parts: `/pricing: max-age is 60, wanted at least 31536000.`"""
        said = f"{what} is {seen}" if what else str(seen)
        return cls(subject, str(seen), str(wanted), f"{subject}: {said}, wanted {wanted}.")


@dataclass(frozen=True, slots=True)
class Result:
    """What one check said of one subject in one run. `(check, subject)` is its key."""

    check: str
    subject: str
    outcome: Outcome
    severity: Severity
    findings: tuple[Finding, ...] = ()
    evidence: tuple[str, ...] = ()
    """Ids of the evidence records it was judged on."""
    seconds: float = 0.0
    """Time that the judgement took, waiting for evidence included."""
    reason: str = ""
    """Why UNKNOWN or NOT_APPLICABLE; empty otherwise."""

    @property
    def key(self) -> tuple[str, str]:
        return (self.check, self.subject)


def encode(result: Result) -> str:
    """One JSON line, without its newline; `decode` reads it back."""
    return json.dumps(
        {
            "check": result.check,
            "subject": result.subject,
            "outcome": result.outcome.value,
            "severity": result.severity.value,
            "findings": [
                {"subject": f.subject, "seen": f.seen, "wanted": f.wanted, "message": f.message}
                for f in result.findings
            ],
            "evidence": list(result.evidence),
            "seconds": round(result.seconds, 6),
            "reason": result.reason,
        },
        ensure_ascii=True,
    )


def decode(line: str) -> Result:
    """Read one line that `encode` wrote.

    Raises ValueError (json.JSONDecodeError is one), KeyError or TypeError when it is not such a line.
    """
    fields: dict[str, Any] = json.loads(line)
    return Result(
        check=str(fields["check"]),
        subject=str(fields["subject"]),
        outcome=Outcome(fields["outcome"]),
        severity=Severity(fields["severity"]),
        findings=tuple(
            Finding(str(f["subject"]), str(f["seen"]), str(f["wanted"]), str(f["message"])) for f in fields["findings"]
        ),
        evidence=tuple(str(one) for one in fields["evidence"]),
        seconds=float(fields["seconds"]),
        reason=str(fields.get("reason", "")),
    )


class Decision(StrEnum):
    """GO, or why not. HOLD: this evidence cannot decide, a person must. ROLLBACK: only a watch says it."""

    GO = "GO"
    HOLD = "HOLD"
    NO_GO = "NO_GO"
    ROLLBACK = "ROLLBACK"

    @property
    def rank(self) -> int:
        """0 for GO; higher is worse."""
        return _DECISION_RANK[self]


_DECISION_RANK = {Decision.GO: 0, Decision.HOLD: 1, Decision.NO_GO: 2, Decision.ROLLBACK: 3}


class ExitStatus(IntEnum):
    """The process's answer, the same in every command. 1 to 5 are left to Python, argparse and pytest."""

    GO = 0
    NO_GO = 10
    HOLD = 11
    ROLLBACK = 12
    CONFIGURATION_INVALID = 20
    EVIDENCE_UNREADABLE = 21
    INTERNAL = 22
