"""What every writer gets, and the one reading of it that all of them share. A writer decides nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property

from gonogo.check import Card
from gonogo.evidence.records import PlanEntry
from gonogo.evidence.summary import Attached, Point
from gonogo.gate.model import (
    Reason,
)
from gonogo.reports.section import Maker, Section
from gonogo.reports.text import line, plural
from gonogo.result import Decision, Outcome, Result, Severity

SEVERITIES = tuple(Severity)
"""Worst first."""
OUTCOMES = (
    Outcome.FAIL,
    Outcome.UNKNOWN,
    Outcome.MISSING,
    Outcome.WAIVED,
    Outcome.PASS,
    Outcome.NOT_APPLICABLE,
)
"""What a reader must see first, first."""
DECISION_WORDS: Mapping[Decision, str] = {
    Decision.GO: "GO",
    Decision.HOLD: "HOLD",
    Decision.NO_GO: "NO-GO",
    Decision.ROLLBACK: "ROLLBACK",
}
OUTCOME_WORDS: Mapping[Outcome, str] = {
    Outcome.PASS: "pass",
    Outcome.FAIL: "fail",
    Outcome.UNKNOWN: "unknown",
    Outcome.MISSING: "missing",
    Outcome.WAIVED: "waived",
    Outcome.NOT_APPLICABLE: "not applicable",
}


@dataclass(frozen=True, slots=True)
class EvidenceSummary:
    """What a reader is shown of one evidence record; all text is bounded and free of secrets."""

    id: str
    probe: str
    title: str
    """What was asked: `GET https://www.example.org/pricing as anonymous`."""
    started: str
    seconds: float
    failure: str = ""
    """Why there are no facts, or empty."""
    screenshot: str = ""
    """File name beside the record, or empty."""
    excerpt: str = ""
    """The telling part of the facts: request line and response head, the chain, the failed requests."""
    plot: tuple[Point, ...] = ()
    group: str = ""
    """Evidence of one group is plotted together (repetitions of one visit); empty: alone, under its title."""
    plots: tuple[tuple[str, tuple[Point, ...]], ...] = ()
    """Further groups with their own numbers: the second load of a measured visit."""
    drawn: object = None
    """What a concern's section draws of the record; no writer looks into it."""
    image: bytes = b""
    """The screenshot itself, PNG, JPEG or WebP, where it is to be shown in the page."""
    attached: tuple[Attached, ...] = ()
    """Further files, without those that a section draws."""


@dataclass(frozen=True)
class Report:
    """One run, ready to be written in any format."""

    verdict: Mapping[str, object]
    """The gate's own encoding of its verdict: what verdict.json holds."""
    results: tuple[Result, ...]
    """Every result of the run, and one NOT_APPLICABLE for each that the intent announces as such."""
    cards: Mapping[str, Card]
    """By check id; a check without one is shown under its id."""
    evidence: Mapping[str, EvidenceSummary]
    title: str
    """The environment's title: `Acme Insights`."""
    tier: str
    name: str
    """The environment's name, as in `--env=NAME`."""
    plan: tuple[PlanEntry, ...] = ()
    folder: str = ""
    """The run's directory as a person would type it, for the commands that are shown; empty: not told."""
    makers: tuple[Maker, ...] = ()
    """Of the sections that concerns add, in the order in which they are shown."""

    @cached_property
    def reading(self) -> Reading:
        """The verdict and the results, read once for all writers.

        Raises KeyError, TypeError or ValueError when the verdict is not one; nothing is ever taken for GO.
        """
        return read(self)

    @cached_property
    def sections(self) -> tuple[Section, ...]:
        """What the makers made. Raises as `reading` does."""
        made = (make(self) for make in self.makers)
        return tuple(one for one in made if one is not None)


@dataclass(frozen=True, slots=True)
class WaiverLine:
    """One waiver, and what became of it."""

    check: str
    subject: str
    state: str
    """`applied`, `expired`, `refused` or `unmatched`."""
    owner: str
    approved_by: str
    reason: str
    ticket: str
    expires: str
    message: str
    covers: tuple[tuple[str, str], ...]
    """(check, subject) of the failures that it accepts."""


@dataclass(frozen=True, slots=True)
class Row:
    """One result as the verdict counts it."""

    result: Result
    outcome: Outcome
    """WAIVED where an applied waiver covers the FAIL; UNKNOWN where it claims what only the gate may say."""
    severity: Severity
    """As the policy sees it."""
    reason: str
    """Why UNKNOWN, MISSING, NOT_APPLICABLE or WAIVED; empty otherwise."""
    title: str
    """The card's title, or the check's id."""

    @property
    def check(self) -> str:
        return self.result.check

    @property
    def subject(self) -> str:
        return self.result.subject or "the whole system"

    @property
    def concern(self) -> str:
        return self.result.check.partition(".")[0]

    @property
    def order(self) -> tuple[int, str, str]:
        return (SEVERITIES.index(self.severity), self.check, self.result.subject)


@dataclass(frozen=True, slots=True)
class Reading:
    """The verdict and the results, read once."""

    decision: Decision
    word: str
    """`NO-GO`"""
    sentence: str
    """Why, in one sentence or two."""
    reasons: tuple[Reason, ...]
    warnings: tuple[Reason, ...]
    waivers: tuple[WaiverLine, ...]
    counts: Mapping[Outcome, int]
    severities: Mapping[Severity, Mapping[Outcome, int]]
    readiness: float
    """Percent."""
    run_id: str
    release: str
    profile: str
    decided_at: str
    started: str
    finished: str
    environment_digest: str
    policy_digest: str
    rows: tuple[Row, ...]
    """Sorted by check and subject."""

    @property
    def seconds(self) -> float:
        """How long the run took; 0 when its start or end is not known."""
        start, end = instant(self.started), instant(self.finished)
        return max((end - start).total_seconds(), 0.0) if start and end else 0.0

    def of(self, *outcomes: Outcome) -> tuple[Row, ...]:
        """The rows with these outcomes, worst severity first."""
        return tuple(sorted((row for row in self.rows if row.outcome in outcomes), key=lambda row: row.order))


def read(report: Report) -> Reading:
    """Read a report's verdict.

    Raises KeyError, TypeError or ValueError when it is not one; nothing is ever taken for GO.
    """
    verdict = report.verdict
    decision = Decision(_text(verdict["verdict"]))
    reasons = tuple(_reason(one) for one in _sequence(verdict["reasons"]))
    warnings = tuple(_reason(one) for one in _sequence(verdict["warnings"]))
    waivers = tuple(_waiver(one) for one in _sequence(verdict["waivers"]))
    numbers = _mapping(verdict["counts"])
    counts = _counts(numbers["outcomes"])
    readiness = verdict["readiness"]
    return Reading(
        decision=decision,
        word=DECISION_WORDS[decision],
        sentence=_sentence(decision, reasons, warnings, counts),
        reasons=reasons,
        warnings=warnings,
        waivers=waivers,
        counts=counts,
        severities={Severity(name): _counts(said) for name, said in _mapping(numbers["severities"]).items()},
        readiness=_number(readiness),
        run_id=_text(verdict["run_id"]),
        release=_text(verdict["release"]),
        profile=_text(verdict["profile"]),
        decided_at=_text(verdict["decided_at"]),
        started=_text(verdict["started"]),
        finished=_text(verdict["finished"]),
        environment_digest=_text(verdict["environment_digest"]),
        policy_digest=_text(verdict["policy_digest"]),
        rows=_rows(report, (*reasons, *warnings), waivers),
    )


def instant(text: str) -> datetime | None:
    """An ISO 8601 instant in UTC, or None when the text is none."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found.astimezone(UTC) if found.tzinfo else None


def when(text: str) -> str:
    """`2026-11-21 02:57:16 UTC`, or the text itself when it is no instant."""
    found = instant(text)
    return f"{found:%Y-%m-%d %H:%M:%S} UTC" if found else text


def _rows(report: Report, reasons: Sequence[Reason], waivers: Sequence[WaiverLine]) -> tuple[Row, ...]:
    waived = {key: waiver for waiver in waivers if waiver.state == "applied" for key in waiver.covers}
    # The policy may judge a check more severely than its card does; only the reasons know.
    severities = {(one.check, one.subject): one.severity for one in reasons if one.severity}
    rows = [
        _row(result, severities.get(result.key, result.severity), report.cards, waived.get(result.key))
        for result in report.results
    ]
    reported = {result.key for result in report.results}
    for reason in reasons:
        key = (reason.check, reason.subject)
        if reason.rule == "missing" and key not in reported:
            reported.add(key)
            severity = reason.severity or Severity.CRITICAL
            absent = Result(*key, Outcome.MISSING, severity)
            rows.append(Row(absent, Outcome.MISSING, severity, reason.message, _title(reason.check, report.cards)))
    return tuple(sorted(rows, key=lambda row: (row.check, row.result.subject)))


def _row(result: Result, severity: Severity, cards: Mapping[str, Card], waiver: WaiverLine | None) -> Row:
    outcome, reason = result.outcome, result.reason
    if outcome is Outcome.FAIL and waiver is not None:
        outcome = Outcome.WAIVED
        reason = f"{waiver.reason} ({waiver.owner}, until {when(waiver.expires)})"
    elif outcome in {Outcome.WAIVED, Outcome.MISSING}:
        outcome, reason = Outcome.UNKNOWN, f"it was reported as {outcome}, which only the gate may say"
    elif outcome in {Outcome.UNKNOWN, Outcome.NOT_APPLICABLE} and not reason.strip():
        outcome, reason = Outcome.UNKNOWN, "no reason was given"
    elif outcome in {Outcome.PASS, Outcome.FAIL}:
        reason = ""
    return Row(result, outcome, severity, reason, _title(result.check, cards))


def _title(check: str, cards: Mapping[str, Card]) -> str:
    card = cards.get(check)
    return card.title if card else check


def _sentence(
    decision: Decision, reasons: Sequence[Reason], warnings: Sequence[Reason], counts: Mapping[Outcome, int]
) -> str:
    passed, judged = counts.get(Outcome.PASS, 0), sum(counts.values()) - counts.get(Outcome.NOT_APPLICABLE, 0)
    if decision is Decision.GO:
        said = (
            f"All {plural(judged, 'result')} passed"
            if passed == judged
            else f"{passed:,} of {plural(judged, 'result')} passed"
        )
        if warnings:
            said += f"; {plural(len(warnings), 'warning does', 'warnings do')} not stop the release"
        return f"{said}."
    if not reasons:
        return f"The gate gave no reason; {passed:,} of {plural(judged, 'result')} passed."
    first = line(reasons[0].message, 300).rstrip(".")
    more = f" And {plural(len(reasons) - 1, 'more reason')}." if len(reasons) > 1 else ""
    return f"{'It cannot be decided: ' if decision is Decision.HOLD else ''}{first}.{more}"


def _reason(value: object) -> Reason:
    fields = _mapping(value)
    outcome, severity = fields["outcome"], fields["severity"]
    return Reason(
        rule=_text(fields["rule"]),
        check=_text(fields["check"]),
        subject=_text(fields["subject"]),
        outcome=Outcome(_text(outcome)) if outcome else None,
        severity=Severity(_text(severity)) if severity else None,
        message=_text(fields["message"]),
        decision=Decision(_text(fields["decision"])),
    )


def _waiver(value: object) -> WaiverLine:
    fields = _mapping(value)
    covers = [_mapping(one) for one in _sequence(fields["covers"])]
    return WaiverLine(
        check=_text(fields["check"]),
        subject=_text(fields["subject"]),
        state=_text(fields["state"]),
        owner=_text(fields["owner"]),
        approved_by=_text(fields["approved_by"]),
        reason=_text(fields["reason"]),
        ticket=_text(fields["ticket"]),
        expires=_text(fields["expires"]),
        message=_text(fields["message"]),
        covers=tuple((_text(one["check"]), _text(one["subject"])) for one in covers),
    )


def _counts(value: object) -> dict[Outcome, int]:
    counts = {}
    for name, number in _mapping(value).items():
        if not isinstance(number, int):
            raise TypeError(f"the count of {name} is {number!r}, wanted a whole number")
        counts[Outcome(name)] = number
    return counts


def _number(value: object) -> float:
    if not isinstance(value, int | float):
        raise TypeError(f"{value!r} is not a number")
    return float(value)


def _text(value: object) -> str:
    return "" if value is None else str(value)


def _mapping(value: object) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise TypeError(f"{value!r} is not a JSON object")
    return value


def _sequence(value: object) -> Sequence[object]:
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise TypeError(f"{value!r} is not a JSON array")
    return value
