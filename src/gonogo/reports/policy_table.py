"""The table of a host's security policy: what was sent, what is in effect, and what the rules say of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from gonogo.reports.fixes import Fix, fixes
from gonogo.reports.model import OUTCOMES, SEVERITIES, Reading, Report, Row
from gonogo.reports.policy import Family, FamilyPolicy, HostPolicy, family_of
from gonogo.reports.text import line, plural
from gonogo.result import Finding, Outcome, Severity

MESSAGES = 2
"""Findings of one rule that are told here; the findings hold all."""
HEADERS = frozenset(
    {
        Family.HSTS,
        Family.CSP,
        Family.FRAMING,
        Family.CONTENT_TYPE,
        Family.REFERRER,
        Family.PERMISSIONS,
        Family.ISOLATION,
    }
)
"""Families that a header states: where none was sent, that is told."""
MESSAGE = 400
"""Most characters of one finding here."""
SUBJECTS = 4
"""Further subjects that are named."""
UNSEEN = frozenset({Outcome.UNKNOWN, Outcome.MISSING})


@dataclass(frozen=True, slots=True)
class Rule:
    """One check over all subjects of a host."""

    check: str
    title: str
    outcome: Outcome
    """The worst of them."""
    severity: Severity
    said: tuple[str, ...]
    """The first findings, or why it is not known."""
    more: int
    """How many further findings, or subjects, there are."""


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the table."""

    policy: FamilyPolicy
    outcome: Outcome | None
    """The worst of its rules; None where there are none."""
    open: tuple[Rule, ...]
    """Rules that were broken, waived or not observed, worst first."""
    held: tuple[Rule, ...]
    absent: tuple[Rule, ...]
    """Rules that do not apply."""

    @property
    def absent_word(self) -> str:
        """What stands where nothing was sent."""
        return "absent" if self.policy.in_effect and self.policy.family in HEADERS else ""

    @property
    def folded(self) -> str:
        """`14 rules hold, 2 do not apply`, or empty."""
        parts = [plural(len(self.held), "rule holds", "rules hold")] if self.held else []
        parts += [plural(len(self.absent), "rule does not apply", "rules do not apply")] if self.absent else []
        return ", ".join(parts)


@dataclass(frozen=True, slots=True)
class Table:
    host: HostPolicy
    lines: tuple[Line, ...]
    outcome: Outcome | None
    broken: int
    """How many rules were broken."""
    unseen: int
    judged: int
    fixes: tuple[Fix, ...]

    @property
    def summary(self) -> str:
        """`3 of 62 rules broken, 1 not observed`."""
        said = (
            f"{self.broken} of {plural(self.judged, 'rule')} broken"
            if self.broken
            else f"{plural(self.judged, 'rule')}, none broken"
        )
        return f"{said}, {self.unseen} not observed" if self.unseen else said


def tables(report: Report, reading: Reading) -> tuple[Table, ...]:
    """One table for each host of the report. What belongs to none of them is told with the first."""
    if not report.hosts:
        return ()
    owner = {key: number for number, host in enumerate(report.hosts) for key in host.results}
    rows: list[dict[Family, list[Row]]] = [{} for _ in report.hosts]
    for row in reading.rows:
        if family := family_of(row.check):
            rows[owner.get(row.result.key, 0)].setdefault(family, []).append(row)
    return tuple(_table(host, of) for host, of in zip(report.hosts, rows, strict=True))


def _table(host: HostPolicy, rows: dict[Family, list[Row]]) -> Table:
    told = {one.family: one for one in host.policies}
    shown = [family for family in Family if family in told or family in rows]
    lines = tuple(_line(told.get(family, FamilyPolicy(family, (), ())), rows.get(family, ())) for family in shown)
    rules = [rule for line in lines for rule in (*line.open, *line.held)]
    return Table(
        host=host,
        lines=lines,
        outcome=_worst(line.outcome for line in lines),
        broken=sum(rule.outcome is Outcome.FAIL for rule in rules),
        unseen=sum(rule.outcome in UNSEEN for rule in rules),
        judged=len(rules),
        fixes=fixes(host.changes),
    )


def _line(policy: FamilyPolicy, rows: Sequence[Row]) -> Line:
    checks: dict[str, list[Row]] = {}
    for row in rows:
        checks.setdefault(row.check, []).append(row)
    rules = sorted(
        _rules(checks.values()),
        key=lambda one: (OUTCOMES.index(one.outcome), SEVERITIES.index(one.severity), one.check),
    )
    return Line(
        policy=policy,
        outcome=_worst(one.outcome for one in rules),
        open=tuple(one for one in rules if one.outcome not in {Outcome.PASS, Outcome.NOT_APPLICABLE}),
        held=tuple(one for one in rules if one.outcome is Outcome.PASS),
        absent=tuple(one for one in rules if one.outcome is Outcome.NOT_APPLICABLE),
    )


def _rules(checks: Iterable[Sequence[Row]]) -> Iterator[Rule]:
    for rows in checks:
        worst = min(rows, key=lambda row: OUTCOMES.index(row.outcome))
        same = [row for row in rows if row.outcome is worst.outcome]
        said = _said(same)
        yield Rule(
            check=worst.check,
            title=worst.title,
            outcome=worst.outcome,
            severity=worst.severity,
            said=said[:MESSAGES],
            more=max(len(said) - MESSAGES, 0),
        )


def _said(rows: Sequence[Row]) -> tuple[str, ...]:
    """Each finding once, or each reason once."""
    if rows[0].outcome is Outcome.PASS:
        return ()
    if rows[0].outcome is not Outcome.FAIL:
        return tuple(dict.fromkeys(row.reason for row in rows))
    alike: dict[str, list[Finding]] = {}
    for one in (finding for row in rows for finding in _findings(row)):
        alike.setdefault(one.message.removeprefix(one.subject), []).append(one)
    return tuple(_with_others(group) for group in alike.values())


def _with_others(findings: Sequence[Finding]) -> str:
    """A finding that is the same on several subjects, once."""
    others = list(dict.fromkeys(one.subject for one in findings if one.subject != findings[0].subject))
    also = f" The same on {', '.join(line(one, 80) for one in others[:SUBJECTS])}" if others else ""
    more = f" and {len(others) - SUBJECTS} more" if len(others) > SUBJECTS else ""
    return line(findings[0].message, MESSAGE) + (f"{also}{more}." if others else "")


def _findings(row: Row) -> tuple[Finding, ...]:
    return row.result.findings or (Finding(row.subject, "", "", f"{row.subject}: it failed without a finding."),)


def _worst(outcomes: Iterable[Outcome | None]) -> Outcome | None:
    return min((one for one in outcomes if one is not None), key=OUTCOMES.index, default=None)
