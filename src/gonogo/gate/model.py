"""What the gate reads and what it answers. Data only: no I/O, no clock, no pytest.

Every datetime is aware; a naive one raises TypeError at the first comparison, so it can never pass for fresh.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from gonogo.result import Decision, ExitStatus, Finding, Outcome, Result, Severity

MAIN_SUITE = "gonogo"
FOREIGN_PREFIX = "junit."
"""Ids of results that another suite's JUnit file reported begin so; no catalogue knows them."""
BUDGET_PREFIX = "budget."
"""Ids under which the gate judges the policy's budgets begin so."""

SEVERITIES = (Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM, Severity.LOW)
"""Worst first."""

MAX_WAIVER = timedelta(days=30)
MAX_WAIVER_CRITICAL = timedelta(days=7)
MIN_BASELINE_RUNS = 8
"""With fewer runs, the spread of a metric is not known well enough to tell a change from noise."""


class ProblemKind(StrEnum):
    """What is wrong with a run directory or a JUnit file as it was read."""

    INTENT = "intent-unreadable"
    UNFINISHED = "unfinished"
    TRUNCATED = "truncated"
    CHANGED = "changed"
    UNREADABLE = "unreadable"
    EVIDENCE_MISSING = "evidence-missing"
    COUNTS = "counts-differ"
    UNDATED = "undated"


@dataclass(frozen=True, slots=True, order=True)
class ReadProblem:
    kind: ProblemKind
    message: str


@dataclass(frozen=True, slots=True)
class Expected:
    """One result that the run announced before it began."""

    check: str
    subject: str
    severity: Severity


@dataclass(frozen=True, slots=True)
class Intent:
    """What a run set out to do, written before its first request."""

    run_id: str
    environment: str
    tier: str
    release: str
    profile: str
    environment_digest: str
    policy_digest: str
    started: datetime
    expected: tuple[Expected, ...]
    not_applicable: tuple[tuple[str, str, str], ...] = ()
    """(check, subject, reason) of what the environment does not declare."""
    partial: str = ""
    """Why the run is narrowed (`-k hsts`); empty for a whole run."""
    deploy_finished: datetime | None = None
    suite: str = MAIN_SUITE
    region: str = ""
    shard: tuple[int, int] = (1, 1)
    """(index, total), counted from 1."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a run has done, written after everything else; without it the run did not finish."""

    finished: datetime
    results_sha256: str
    counts: Mapping[str, int]
    """Number of result lines by outcome; see `count`."""
    evidence: tuple[tuple[str, str], ...] = ()
    """(path in the run directory, sha256)."""
    metrics: tuple[tuple[str, float], ...] = ()
    """Measured numbers that budgets judge: (`load.smoke.p95_ms`, 212.0)."""
    inputs: tuple[tuple[str, str], ...] = ()
    """(name, sha256) of what the run was given: intent, environment, policy, waivers."""
    others: tuple[str, ...] = ()
    """What else went wrong in the same session: tests that are no checks and failed, files that cannot be collected."""


@dataclass(frozen=True, slots=True)
class Shard:
    """One run directory, or one foreign JUnit file (then without intent and receipt), as read."""

    intent: Intent | None
    results: tuple[Result, ...] = ()
    receipt: Receipt | None = None
    problems: tuple[ReadProblem, ...] = ()
    name: str = field(default="", compare=False)
    """The name of the directory or file, for messages."""
    foreign: str = ""
    """The name of the foreign suite; empty for a run directory."""
    started: datetime | None = None
    """When a foreign suite began; a run directory's own start is in its intent."""


@dataclass(frozen=True, slots=True)
class PastRun:
    """A run of the history. Budgets compare with those that ended in GO."""

    run_id: str
    started: datetime
    decision: Decision
    environment: str
    profile: str
    metrics: Mapping[str, float]
    region: str = ""


class Model(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        populate_by_name=True,
        str_strip_whitespace=True,
        defer_build=True,
    )


Text = Annotated[str, Field(min_length=1, max_length=1000)]
Count = Annotated[int, Field(ge=0)]
Percent = Annotated[float, Field(ge=0, le=100)]
Action = Literal["no-go", "hold", "warn"]
ACTIONS: Mapping[Action, Decision] = {"no-go": Decision.NO_GO, "hold": Decision.HOLD, "warn": Decision.GO}


class Waiver(Model):
    """An accepted FAIL. Never covers UNKNOWN or MISSING."""

    check: Text
    """Id of a check, or a glob over ids: `security.csp.*`."""
    owner: Text
    reason: Text
    created: AwareDatetime
    expires: AwareDatetime
    """At most 30 days after `created`, for a critical check 7."""
    subject: Text = "*"
    """Glob over subjects."""
    environment: str = ""
    """Name of the one environment; empty: any."""
    fingerprint: str = ""
    """Of the one finding that is accepted (see `fingerprint`); empty: any finding."""
    approved_by: str = ""
    """A second person; required for a critical check."""
    ticket: str = ""

    @model_validator(mode="after")
    def _span_is_bounded(self) -> Waiver:
        if self.expires <= self.created:
            raise ValueError("expires must be later than created")
        if self.expires - self.created > MAX_WAIVER:
            allowed = f"{MAX_WAIVER.days} are allowed, {MAX_WAIVER_CRITICAL.days} for a critical check"
            raise ValueError(f"lasts {(self.expires - self.created).days} days; {allowed}")
        return self


class Attestation(Model):
    """A recorded fact from a person or another job: an approval, a backup drill, an audit."""

    name: Text
    owner: Text
    issued: AwareDatetime
    expires: AwareDatetime
    environment: str = ""
    """Name of the one environment it speaks of; empty: any."""
    release: str = ""
    """The one release it speaks of; empty: any."""
    statement: str = ""
    reference: str = ""
    """Where the proof is: a URL, a ticket."""


class CriticalRule(Model):
    max_fail: Literal[0] = 0
    """A critical check that may fail is not critical: use a waiver."""
    unknown: Literal["no-go"] = "no-go"
    flaky: Literal["no-go", "hold"] = "no-go"
    not_applicable: Literal["no-go", "hold"] = "no-go"


class HighRule(Model):
    max_fail: Count = 0
    unknown: Literal["no-go", "hold"] = "hold"
    flaky: Action = "no-go"
    not_applicable: Literal["no-go", "hold"] = "hold"


class MildRule(Model):
    max_fail: Count | None = None
    """More failures than this stop the release; absent: failures warn, however many."""
    unknown: Action = "hold"
    """When a check of this severity is UNKNOWN or MISSING."""
    flaky: Action = "warn"
    """When a check failed and passed in the same run; never harsher than a failure."""
    not_applicable: Action = "hold"
    """When an announced check says at run time that it does not apply; never harsher than `unknown`."""

    @model_validator(mode="after")
    def _limited_is_seen(self) -> MildRule:
        # Else losing the evidence of a failure would turn NO_GO into GO.
        for key, action in (("unknown", self.unknown), ("not_applicable", self.not_applicable)):
            if action == "warn" and self.max_fail is not None:
                raise ValueError(f"{key} = 'warn' needs max_fail to be absent: failures that are limited must be seen")
        return self


SeverityRule = CriticalRule | HighRule | MildRule


class SeverityRules(Model):
    critical: CriticalRule = CriticalRule()
    high: HighRule = HighRule()
    medium: MildRule = MildRule()
    low: MildRule = MildRule()

    def of(self, severity: Severity) -> SeverityRule:
        rules: dict[Severity, SeverityRule] = {
            Severity.CRITICAL: self.critical,
            Severity.HIGH: self.high,
            Severity.MEDIUM: self.medium,
            Severity.LOW: self.low,
        }
        return rules[severity]


class EvidenceRules(Model):
    max_age_s: Annotated[float, Field(gt=0)] = 3600
    """Oldest start of a run that may still decide, seconds."""
    clock_skew_s: Annotated[float, Field(ge=0)] = 120
    """How far ahead of the gate's clock a run's may be, seconds."""
    missing: Literal["no-go", "hold"] = "no-go"
    """When a shard is absent or unfinished. `hold` can hide what the lost shard would have said: NO_GO."""


class Requirements(Model):
    checks: tuple[Text, ...] = ()
    """Ids or globs of checks that must be announced and PASS; a waiver does not help."""
    attestations: tuple[Text, ...] = ()
    shards: Annotated[int, Field(ge=1)] = 1
    """Number of shards of each region."""
    regions: tuple[str, ...] = ()
    suites: tuple[Text, ...] = ()
    """Names of foreign suites whose JUnit file must be given."""


class Score(Model):
    """Limits of the readiness, percent. It never buys back a failure; 0 turns a limit off."""

    pass_at: Percent = Field(default=0, alias="pass")
    """Below it: NO_GO."""
    warn_at: Percent = Field(default=0, alias="warn")
    """Below it: a warning."""

    @model_validator(mode="after")
    def _ordered(self) -> Score:
        if self.warn_at and self.warn_at < self.pass_at:
            raise ValueError(f"warn ({self.warn_at:g}) must not be below pass ({self.pass_at:g})")
        return self


class Budget(Model):
    """A limit on one measured number: absolute, or against the GO runs before, or both."""

    metric: Text
    op: Literal["<=", ">="] = "<="
    value: float | None = None
    relative: Annotated[float, Field(gt=0)] | None = None
    """Share by which it may be worse than the median of the baseline: 0.15."""
    floor: Annotated[float, Field(ge=0)] = 0
    """A smaller worsening, in the metric's unit, is never a regression."""
    severity: Severity = Severity.MEDIUM
    min_runs: Annotated[int, Field(ge=MIN_BASELINE_RUNS)] = MIN_BASELINE_RUNS
    runs: Annotated[int, Field(ge=MIN_BASELINE_RUNS, le=90)] = 14
    """Length of the baseline, GO runs."""

    @model_validator(mode="after")
    def _limits(self) -> Budget:
        if self.value is None and self.relative is None:
            raise ValueError("limits nothing; give value, relative or both")
        if self.runs < self.min_runs:
            raise ValueError(f"runs ({self.runs}) must not be below min_runs ({self.min_runs})")
        return self


class Policy(Model):
    """What a verdict demands. The defaults are those of `environments/policies/default.toml`."""

    version: Literal[1] = 1
    digest: str = ""
    """sha256 of the file's text; `parse_policy` sets it, a file may not."""
    evidence: EvidenceRules = EvidenceRules()
    severity: SeverityRules = SeverityRules()
    require: Requirements = Requirements()
    severity_of: dict[str, Severity] = {}
    """Severity by check id or glob, instead of the card's; an id goes before a glob, then the worst wins."""
    score: Score = Score()
    budgets: tuple[Budget, ...] = Field(default=(), alias="budget")
    waivers: tuple[Waiver, ...] = Field(default=(), alias="waiver")


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that decided, or that a person should know: which rule, where, and what is wanted."""

    rule: str
    check: str
    subject: str
    outcome: Outcome | None
    severity: Severity | None
    message: str
    decision: Decision = Decision.NO_GO
    """What this alone leads to; GO for a warning."""

    @property
    def order(self) -> tuple[int, int, str, str, str, str]:
        """What stops a release first, and there the evidence itself; in warnings, housekeeping last."""
        aside = len(SEVERITIES) if self.decision is Decision.GO else -1
        severity = SEVERITIES.index(self.severity) if self.severity else aside
        return (-self.decision.rank, severity, self.rule, self.check, self.subject, self.message)


class WaiverState(StrEnum):
    APPLIED = "applied"
    EXPIRED = "expired"
    REFUSED = "refused"
    """It meets a FAIL but may not cover it; the message says why."""
    UNMATCHED = "unmatched"


@dataclass(frozen=True, slots=True)
class WaiverUse:
    """What became of one waiver."""

    waiver: Waiver
    state: WaiverState
    message: str
    keys: tuple[tuple[str, str], ...] = ()
    """(check, subject) of the failures it covers."""


@dataclass(frozen=True, slots=True)
class ShardUse:
    """One piece of evidence that the verdict rests on."""

    suite: str
    region: str
    shard: tuple[int, int]
    run_id: str
    results_sha256: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """The gate's answer. Equal inputs give an equal verdict, byte for byte once encoded."""

    decision: Decision
    environment: str
    tier: str
    release: str
    profile: str
    run_id: str
    """Several run ids stand sorted with `, ` between them."""
    decided_at: datetime
    started: datetime | None
    finished: datetime | None
    environment_digest: str
    policy_digest: str
    counts: Mapping[Outcome, int]
    severities: Mapping[Severity, Mapping[Outcome, int]]
    readiness: float
    """Percent of the weight of all expected checks that passed, rounded down to a tenth."""
    reasons: tuple[Reason, ...]
    warnings: tuple[Reason, ...]
    waivers: tuple[WaiverUse, ...]
    shards: tuple[ShardUse, ...]
    evidence: tuple[tuple[str, str], ...]
    metrics: tuple[tuple[str, float], ...]
    lapsed: str = ""
    """Why a decision that was right in its time permits nothing any more; of the moment it is read at, so no part of
    verdict.json."""

    @property
    def exit_status(self) -> ExitStatus:
        """What the process says. A GO that has lapsed is none."""
        if self.lapsed and self.decision is Decision.GO:
            return ExitStatus.NO_GO
        return ExitStatus[self.decision.name]


def count(results: Iterable[Result]) -> dict[str, int]:
    """How many results say what, outcomes in their own order, absent ones left out."""
    seen = Counter(result.outcome for result in results)
    return {outcome.value: seen[outcome] for outcome in Outcome if seen[outcome]}


# A latency or a size differs in every run; a status code or a header value does not.
_MEASURE = re.compile(r"\d+(?:[.,]\d+)?(?=\s*(?:ms|s|%|k?B|[KM]i?B|bytes)\b|\s*%)")


def fingerprint(check: str, finding: Finding) -> str:
    """The id of a finding, 16 hexadecimal digits; amounts measured and spacing do not change it."""
    parts = (check, finding.subject, finding.seen, finding.wanted)
    steady = "\n".join(" ".join(_MEASURE.sub("#", part).split()) for part in parts)
    return hashlib.sha256(steady.encode("utf-8", "surrogatepass")).hexdigest()[:16]
