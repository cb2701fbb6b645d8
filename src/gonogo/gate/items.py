"""Brings the results of all shards together: one item a check and subject, with every outcome reported.

Nothing is thrown away here: where reports contradict each other, each is judged and the worst decides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from gonogo.gate.model import MAIN_SUITE, SEVERITIES, Policy, Shard
from gonogo.result import Finding, Outcome, Result, Severity

Key = tuple[str, str, str, str]
"""(suite, region, check, subject)"""

_RANK = {severity: rank for rank, severity in enumerate(SEVERITIES)}


@dataclass(frozen=True, slots=True)
class Item:
    """One check of one subject in one region of one suite."""

    suite: str
    region: str
    check: str
    subject: str
    severity: Severity
    outcomes: frozenset[Outcome]
    """Everything that was reported; MISSING alone when nothing was."""
    findings: tuple[Finding, ...] = ()
    """Of every FAIL."""
    unexplained: bool = False
    """A FAIL came without a finding."""
    reasons: tuple[str, ...] = ()
    """Why UNKNOWN or NOT_APPLICABLE, or a remark beside a PASS."""
    announced: bool = False
    flaky: bool = False
    """It failed and passed in one and the same shard, and failed outright in none."""
    disputed: bool = False
    """Shards contradict each other."""
    invalid: bool = False
    """Every UNKNOWN says that the evidence is not fit to judge, not that it is absent."""

    @property
    def key(self) -> Key:
        return (self.suite, self.region, self.check, self.subject)

    @property
    def where(self) -> str:
        subject = self.subject or "the whole system"
        return f"{subject} (region {self.region})" if self.region else subject


def aggregate(shards: Sequence[Shard], policy: Policy) -> list[Item]:
    """Every item, sorted by suite, region, check and subject, whatever the order of shards and results."""
    reported: dict[Key, list[tuple[int, Result]]] = {}
    announced: dict[Key, Severity] = {}
    excused: dict[Key, str] = {}
    for number, shard in enumerate(shards):
        suite, region = scope(shard)
        for result in shard.results:
            reported.setdefault((suite, region, result.check, result.subject), []).append((number, result))
        if shard.intent is not None:
            apart = {(suite, region, check, subject): why for check, subject, why in shard.intent.not_applicable}
            for key, why in apart.items():
                excused[key] = min(why, excused.get(key, why))
            for one in shard.intent.expected:
                key = (suite, region, one.check, one.subject)
                if key not in apart:
                    announced[key] = worst([one.severity, announced.get(key, one.severity)])
    severity_of = overrides(policy.severity_of)
    items = []
    for key in sorted(reported.keys() | announced.keys() | excused.keys()):
        reports = reported.get(key, [])
        said = [result.severity for _, result in reports]
        if key in announced:
            said.append(announced[key])
        severity = severity_of(key[2]) or (worst(said) if said else Severity.LOW)
        items.append(_item(key, severity, reports, announced=key in announced, excuse=excused.get(key)))
    return items


def scope(shard: Shard) -> tuple[str, str]:
    """(suite, region) of a shard; a run directory whose intent is lost counts as the main suite's."""
    if shard.intent is not None:
        return (shard.intent.suite, shard.intent.region)
    return (shard.foreign or MAIN_SUITE, "")


def worst(severities: Iterable[Severity]) -> Severity:
    return min(severities, key=_RANK.__getitem__)


def overrides(severity_of: Mapping[str, Severity]) -> Callable[[str], Severity | None]:
    """Looks up the policy's own severity of a check; an id goes before a glob, among globs the worst wins."""
    known: dict[str, Severity | None] = {}

    def look_up(check: str) -> Severity | None:
        if check not in known:
            globs = [severity for glob, severity in severity_of.items() if fnmatchcase(check, glob)]
            known[check] = severity_of.get(check) or (worst(globs) if globs else None)
        return known[check]

    return look_up


def _item(
    key: Key,
    severity: Severity,
    reports: Sequence[tuple[int, Result]],
    *,
    announced: bool,
    excuse: str | None,
) -> Item:
    suite, region, check, subject = key
    if not reports:
        outcome = Outcome.MISSING if announced else Outcome.NOT_APPLICABLE
        reasons = (excuse,) if excuse and not announced else ()
        return Item(
            suite,
            region,
            check,
            subject,
            severity,
            frozenset({outcome}),
            reasons=reasons,
            announced=announced,
        )
    if len(reports) == 1 and reports[0][1].outcome is Outcome.PASS and not reports[0][1].reason:
        return Item(suite, region, check, subject, severity, _PASS, announced=announced)

    by_shard: dict[int, set[Outcome]] = {}
    findings: set[Finding] = set()
    reasons_: set[str] = set()
    unexplained = False
    unknowns = []
    for number, result in reports:
        outcome, why = _honest(result)
        by_shard.setdefault(number, set()).add(outcome)
        if why:
            reasons_.add(why)
        if outcome is Outcome.FAIL:
            findings.update(result.findings)
            unexplained = unexplained or not result.findings
        elif outcome is Outcome.UNKNOWN:
            unknowns.append(why)
    outcomes = frozenset().union(*by_shard.values())
    failing = [said for said in by_shard.values() if Outcome.FAIL in said]
    return Item(
        suite,
        region,
        check,
        subject,
        severity,
        outcomes,
        findings=tuple(sorted(findings)),
        unexplained=unexplained,
        reasons=tuple(sorted(reasons_)),
        announced=announced,
        flaky=bool(failing) and all(Outcome.PASS in said for said in failing),
        disputed=len({frozenset(said) for said in by_shard.values()}) > 1,
        invalid=bool(unknowns) and all(why.startswith(("invalid:", "inconclusive:")) for why in unknowns),
    )


_PASS = frozenset({Outcome.PASS})


def _honest(result: Result) -> tuple[Outcome, str]:
    """The outcome that a report can claim, and why; a skip without a reason is UNKNOWN."""
    if result.outcome in {Outcome.WAIVED, Outcome.MISSING}:
        return Outcome.UNKNOWN, f"it was reported as {result.outcome}, which only the gate may say"
    if result.outcome is Outcome.NOT_APPLICABLE and not result.reason.strip():
        return Outcome.UNKNOWN, "it was skipped without a reason"
    if result.outcome is Outcome.UNKNOWN and not result.reason.strip():
        return Outcome.UNKNOWN, "no reason was given"
    return result.outcome, result.reason.strip()
