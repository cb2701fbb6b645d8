"""The table of a host's security policy: what was sent, what is in effect, and what the rules say of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gonogo.check import Card
from gonogo.concerns.security.family import Family, FamilyPolicy, HostPolicy, families, in_order
from gonogo.concerns.security.fixes import Fix, fixes
from gonogo.reports.alike import Alike, alike, named
from gonogo.reports.model import OUTCOME_WORDS, OUTCOMES, SEVERITIES, Report, Row
from gonogo.reports.section import Maker, Section, SummaryTable
from gonogo.reports.text import line, plural
from gonogo.result import Outcome, Severity

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
    fix: str = ""
    """How the card says that it is mended, where it was broken."""


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


def policies(hosts: Sequence[HostPolicy]) -> Maker:
    """The section of these hosts' security."""

    def section(report: Report) -> Section | None:
        told = tables(hosts, report)
        if not told:
            return None
        return Section(
            anchor="host-1",
            title="Security policy",
            count=sum(one.broken for one in told),
            template=Path(__file__).with_name("policy.html.j2"),
            rows={"policies": told},
            markdown=_summary(told[0]),
        )

    return section


def _summary(table: Table) -> tuple[SummaryTable, ...]:
    """The families of the first host, where one of their rules was broken."""
    if not table.broken:
        return ()
    rows = tuple(
        (one.policy.family, OUTCOME_WORDS[one.outcome] if one.outcome else "", "; ".join(one.policy.in_effect))
        for one in table.lines
    )
    heading = f"Security policy of {table.host.host} ({table.summary})"
    return (SummaryTable(heading, ("Policy", "Verdict", "In effect"), rows),)


def tables(hosts: Sequence[HostPolicy], report: Report) -> tuple[Table, ...]:
    """One table for each host. What belongs to none of them is told with the first."""
    if not hosts:
        return ()
    owner = {key: number for number, host in enumerate(hosts) for key in host.results}
    family_of = families((row.check for row in report.reading.rows), report.cards)
    rows: list[dict[str, list[Row]]] = [{} for _ in hosts]
    for row in report.reading.rows:
        if family := family_of.get(row.check):
            rows[owner.get(row.result.key, 0)].setdefault(family, []).append(row)
    return tuple(_table(host, of, report.cards) for host, of in zip(hosts, rows, strict=True))


def _table(host: HostPolicy, rows: dict[str, list[Row]], cards: Mapping[str, Card]) -> Table:
    told = {one.family: one for one in host.policies}
    shown = in_order((*told, *rows))
    lines = tuple(
        _line(told.get(family, FamilyPolicy(family, (), ())), rows.get(family, ()), cards) for family in shown
    )
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


def _line(policy: FamilyPolicy, rows: Sequence[Row], cards: Mapping[str, Card]) -> Line:
    checks: dict[str, list[Row]] = {}
    for row in rows:
        checks.setdefault(row.check, []).append(row)
    rules = sorted(
        _rules(checks.values(), cards),
        key=lambda one: (OUTCOMES.index(one.outcome), SEVERITIES.index(one.severity), one.check),
    )
    return Line(
        policy=policy,
        outcome=_worst(one.outcome for one in rules),
        open=tuple(one for one in rules if one.outcome not in {Outcome.PASS, Outcome.NOT_APPLICABLE}),
        held=tuple(one for one in rules if one.outcome is Outcome.PASS),
        absent=tuple(one for one in rules if one.outcome is Outcome.NOT_APPLICABLE),
    )


def _rules(checks: Iterable[Sequence[Row]], cards: Mapping[str, Card]) -> Iterator[Rule]:
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
            fix=_fix(cards.get(worst.check)) if worst.outcome is Outcome.FAIL else "",
        )


def _fix(card: Card | None) -> str:
    return " ".join(card.section("Fix").split()) if card else ""


def _said(rows: Sequence[Row]) -> tuple[str, ...]:
    """Each finding once, or each reason once."""
    if rows[0].outcome is Outcome.PASS:
        return ()
    if rows[0].outcome is not Outcome.FAIL:
        return tuple(dict.fromkeys(row.reason for row in rows))
    return tuple(_with_others(group) for group in alike(row.result for row in rows))


def _with_others(same: Alike) -> str:
    """A finding that is the same on several subjects, once."""
    also = f" The same on {named(same.others, most=SUBJECTS)}." if same.others else ""
    return line(same.finding.message, MESSAGE) + also


def _worst(outcomes: Iterable[Outcome | None]) -> Outcome | None:
    return min((one for one in outcomes if one is not None), key=OUTCOMES.index, default=None)
