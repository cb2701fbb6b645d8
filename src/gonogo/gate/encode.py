"""The verdict as JSON: the truth for machines. Equal verdicts give equal bytes."""

from __future__ import annotations

import json
from datetime import datetime
from math import isfinite
from typing import Any

from gonogo.gate.evidence import utc
from gonogo.gate.model import SEVERITIES, Reason, Verdict, WaiverUse
from gonogo.result import ExitStatus, Outcome

SCHEMA = "gonogo.verdict/1"

Json = dict[str, Any]


def verdict_json(verdict: Verdict) -> Json:
    """The verdict with JSON types only; moments are UTC, ISO 8601 with microseconds and `+00:00`."""
    return {
        "schema": SCHEMA,
        "verdict": verdict.decision.value,
        "exit_status": int(ExitStatus[verdict.decision.name]),
        "environment": verdict.environment,
        "tier": verdict.tier,
        "release": verdict.release,
        "profile": verdict.profile,
        "run_id": verdict.run_id,
        "decided_at": _moment(verdict.decided_at),
        "started": _moment(verdict.started),
        "finished": _moment(verdict.finished),
        "environment_digest": verdict.environment_digest,
        "policy_digest": verdict.policy_digest,
        "counts": {
            "total": sum(verdict.counts.values()),
            "outcomes": {outcome.value: verdict.counts.get(outcome, 0) for outcome in Outcome},
            "severities": {
                severity.value: {outcome.value: verdict.severities[severity].get(outcome, 0) for outcome in Outcome}
                for severity in SEVERITIES
            },
        },
        "readiness": verdict.readiness,
        "reasons": [_reason(reason) for reason in verdict.reasons],
        "warnings": [_reason(reason) for reason in verdict.warnings],
        "waivers": [_waiver(use) for use in verdict.waivers],
        # Without the digest of results.jsonl: it holds how long each judgement took, which no replay repeats.
        "shards": [
            {
                "suite": used.suite,
                "region": used.region,
                "shard": f"{used.shard[0]}/{used.shard[1]}",
                "run_id": used.run_id,
            }
            for used in verdict.shards
        ],
        # JSON has no NaN: a number that is not finite was not measured.
        "metrics": [{"metric": name, "value": value if isfinite(value) else None} for name, value in verdict.metrics],
        "evidence": [{"path": path, "sha256": digest} for path, digest in verdict.evidence],
    }


def verdict_text(verdict: Verdict) -> str:
    """The content of `verdict.json`, its newline at the end included."""
    return json.dumps(verdict_json(verdict), indent=2, sort_keys=False) + "\n"


def _reason(reason: Reason) -> Json:
    return {
        "rule": reason.rule,
        "check": reason.check,
        "subject": reason.subject,
        "outcome": reason.outcome.value if reason.outcome else None,
        "severity": reason.severity.value if reason.severity else None,
        "message": reason.message,
        "decision": reason.decision.value,
    }


def _waiver(use: WaiverUse) -> Json:
    waiver = use.waiver
    return {
        "state": use.state.value,
        "message": use.message,
        "check": waiver.check,
        "subject": waiver.subject,
        "environment": waiver.environment,
        "owner": waiver.owner,
        "approved_by": waiver.approved_by,
        "reason": waiver.reason,
        "ticket": waiver.ticket,
        "fingerprint": waiver.fingerprint,
        "created": _moment(waiver.created),
        "expires": _moment(waiver.expires),
        "covers": [{"check": check, "subject": subject} for check, subject in use.keys],
    }


def _moment(time: datetime | None) -> str | None:
    return None if time is None else utc(time).isoformat(timespec="microseconds")
