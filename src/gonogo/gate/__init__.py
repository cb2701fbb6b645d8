"""The gate: a pure function from results, policy, waivers, attestations and history to a verdict."""

from gonogo.gate.decide import decide
from gonogo.gate.encode import verdict_json, verdict_text
from gonogo.gate.model import (
    Attestation,
    Budget,
    Expected,
    Intent,
    PastRun,
    Policy,
    ProblemKind,
    ReadProblem,
    Reason,
    Receipt,
    Shard,
    Verdict,
    Waiver,
    WaiverState,
    WaiverUse,
    count,
    fingerprint,
)
from gonogo.gate.policy import parse_attestations, parse_policy, parse_waivers
from gonogo.result import Decision, ExitStatus

__all__ = [
    "Attestation",
    "Budget",
    "Decision",
    "ExitStatus",
    "Expected",
    "Intent",
    "PastRun",
    "Policy",
    "ProblemKind",
    "ReadProblem",
    "Reason",
    "Receipt",
    "Shard",
    "Verdict",
    "Waiver",
    "WaiverState",
    "WaiverUse",
    "count",
    "decide",
    "fingerprint",
    "parse_attestations",
    "parse_policy",
    "parse_waivers",
    "verdict_json",
    "verdict_text",
]
