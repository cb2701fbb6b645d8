"""verdict.html: one static page that a release manager reads. No script, no request, bounded text."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from heapq import nsmallest
from itertools import groupby
from pathlib import Path

import jinja2
from markupsafe import Markup, escape

from gonogo import __version__
from gonogo.check import HEADINGS, Card
from gonogo.evidence.summary import Attached
from gonogo.gate.model import (
    Reason,
)
from gonogo.reports.alike import NAMED, Alike, alike, cut, named
from gonogo.reports.model import (
    DECISION_WORDS,
    OUTCOME_WORDS,
    OUTCOMES,
    SEVERITIES,
    EvidenceSummary,
    Reading,
    Report,
    Row,
    when,
)
from gonogo.reports.pictures import address
from gonogo.reports.plan import repeated
from gonogo.reports.section import Place, Section
from gonogo.reports.text import duration, line, lines, plural, visible
from gonogo.result import Decision, Finding, Outcome, Severity

IMAGE_BYTES = 3_000_000
"""Most bytes of all screenshots in the page; the others are named only."""
SLOWEST = 10
CONFIGURATION = 20_000
"""Most characters of one configuration that can be pasted."""
MESSAGES = 5
"""Messages of one check that stand among the reasons; the findings hold all."""
WHOLE = 10
"""Different findings of one check that are shown in full; further ones stand in a folded list, a line each."""
EVIDENCE = 150
"""Most evidence records that are shown in full; of the others the file is named."""
OF_CAUSE = 5
"""Most evidence records of one cause for which something was not observed."""
NAMES = 500_000
"""Most characters of all folded lists of subjects and findings together; what has no room is counted."""
NAME = 200
PLANNED = 500
"""Most kinds of planned requests that are listed."""
_HERE = Path(__file__).parent
_FILE = re.compile(r"[a-z]+-[0-9a-f]{16}\.[A-Za-z0-9][A-Za-z0-9.-]{0,60}")
_HEADINGS = re.compile(rf"^(?:{'|'.join(sorted(HEADINGS))}):")
_LINK = re.compile(r"https?://[^\s<>\"'`]+[^\s<>\"'`.,;:)\]]")


@dataclass(frozen=True, slots=True)
class _Slice:
    """One outcome's part of a stacked bar, percent of its width."""

    outcome: Outcome
    count: int
    x: float
    width: float


@dataclass(frozen=True, slots=True)
class _Line:
    """One line of the readiness matrix."""

    name: str
    cells: tuple[tuple[Outcome, int], ...]
    bar: tuple[_Slice, ...]
    anchor: str = ""


@dataclass(frozen=True, slots=True)
class _Shown:
    """Evidence below a finding: in full where it is first needed, a link afterwards."""

    summary: EvidenceSummary
    full: bool
    above: bool
    """It stands in full further up."""
    image: str
    attached: tuple[tuple[Attached, str, str], ...]
    """Each file, where it lies seen from the page, and its picture's address; empty where there is none to link or show."""


@dataclass(frozen=True, slots=True)
class _Names:
    """Subjects of which the same is true: the first in words, all of them folded."""

    said: str
    """`/a, /b and 998 more`"""
    count: int
    folded: tuple[str, ...] = ()
    left_out: int = 0
    """Those that had no room."""
    anchor: str = ""
    above: str = ""
    """Anchor of a list further up that holds exactly these."""


@dataclass(frozen=True, slots=True)
class _Same:
    """A finding, and of how many further subjects it is true."""

    finding: Finding
    others: _Names


@dataclass(frozen=True, slots=True)
class _Subject:
    """What one result reported first, with the evidence of that result."""

    findings: tuple[_Same, ...]
    evidence: tuple[_Shown, ...]


@dataclass(frozen=True, slots=True)
class _Check:
    id: str
    anchor: str
    title: str
    severity: Severity
    why: tuple[str, ...]
    fix: str
    sources: tuple[str, ...]
    subjects: tuple[_Subject, ...]
    further: _Names
    """Findings that are not shown in full, a line each."""


@dataclass(frozen=True, slots=True)
class _Rule:
    """Results of one check with one outcome."""

    row: Row
    """The first."""
    subjects: _Names
    seconds: float
    """The longest of them."""


@dataclass(frozen=True, slots=True)
class _Accepted:
    """Waived failures that say the same."""

    row: Row
    finding: Finding
    subjects: _Names


@dataclass(frozen=True, slots=True)
class _Told:
    """Reasons of the gate that are told together."""

    reason: Reason
    """The worst of them."""
    messages: tuple[str, ...]
    more: int
    """How many further messages there are."""
    checks: tuple[str, ...]
    """Ids of the checks, where there are several."""
    target: str
    """The anchor of what they speak of, or empty."""


@dataclass(frozen=True, slots=True)
class _Cause:
    """Checks that were not observed, for one and the same reason."""

    reason: str
    rules: tuple[_Rule, ...]
    evidence: tuple[_Shown, ...]
    more: int
    """Further evidence records."""


def html(report: Report) -> str:
    """The text of verdict.html. Raises ValueError, KeyError or TypeError when the verdict is not one."""
    reading = report.reading
    evidence = _Showing(report.evidence)
    names = _Listing()
    failing, absent = reading.of(Outcome.FAIL), reading.of(Outcome.NOT_APPLICABLE)
    unseen = reading.of(Outcome.UNKNOWN, Outcome.MISSING)
    findings = [(name, _checks(rows, report.cards, evidence, names)) for name, rows in _concerns(failing)]
    unknown = [_cause(reason, rows, evidence, names) for reason, rows in _by_reason(unseen)]
    waived = _accepted(reading.of(Outcome.WAIVED), names)
    planned = repeated(report.plan)
    css = (_HERE / "verdict.css").read_text(encoding="utf-8")
    return _template().render(
        report=report,
        reading=reading,
        css=Markup(css),  # noqa: S704 - our own file
        css_hash=base64.b64encode(hashlib.sha256(css.encode()).digest()).decode(),
        facts=_facts(report, reading),
        total=_bar(reading.counts),
        matrix=_matrix(reading),
        severities=[_line(one.value, reading.severities.get(one, {})) for one in SEVERITIES],
        reasons=_causes(reading.reasons, failing, unseen),
        warnings=_causes(reading.warnings, failing, unseen),
        findings=findings,
        finding_count=sum(len(row.result.findings) or 1 for row in failing),
        sections={place: [one for one in report.sections if one.place is place] for place in Place},
        made={one.anchor: _made(one) for one in report.sections},
        unknown=unknown,
        unseen_count=len(unseen),
        waived=waived,
        waived_count=reading.counts.get(Outcome.WAIVED, 0),
        absent=[(reason, _rules(rows, names)) for reason, rows in _by_reason(absent)],
        absent_count=len(absent),
        every=_rules(reading.rows, None),
        planned=planned[:PLANNED],
        not_listed=max(len(planned) - PLANNED, 0),
        slowest=nsmallest(SLOWEST, reading.rows, key=lambda row: (-row.result.seconds, row.check)),
        version=__version__,
    )


def _made(section: Section) -> Markup:
    """A section's own template, with the page's filters; whatever it prints was escaped there."""
    return Markup(_environment().get_template(str(section.template.resolve())).render(**section.rows))  # noqa: S704


def _template() -> jinja2.Template:
    return _environment().get_template("verdict.html.j2")


def _source(name: str) -> str | None:
    """A template by its whole path, wherever its concern keeps it."""
    path = Path(name)
    return path.read_text(encoding="utf-8") if path.is_absolute() and path.is_file() else None


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.ChoiceLoader([jinja2.FileSystemLoader(_HERE), jinja2.FunctionLoader(_source)]),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "line": line,
        "lines": lines,
        "duration": duration,
        "when": when,
        "prose": _prose,
        "linked": _linked,
        "plural": plural,
        "anchor": _anchor,
        "word": OUTCOME_WORDS.__getitem__,
        "decision_word": DECISION_WORDS.__getitem__,
    }
    environment.globals |= {
        "OUTCOMES": OUTCOMES,
        "Decision": Decision,
        "Outcome": Outcome,
        "Place": Place,
        "CONFIGURATION": CONFIGURATION,
        "EVIDENCE": EVIDENCE,
    }
    return environment


def _finalize(value: object) -> object:
    """Whatever the template prints, however it came there, holds no invisible or unencodable character."""
    return value if isinstance(value, Markup) or not isinstance(value, str) else visible(value)


def _prose(text: str) -> Markup:
    """Our own text with `code` between backticks."""
    parts = visible(text).split("`")
    if len(parts) % 2 == 0:
        return escape("`".join(parts))
    marked = (
        Markup("<code>{}</code>").format(part) if number % 2 else escape(part) for number, part in enumerate(parts)
    )
    return Markup("").join(marked)


def _linked(text: str) -> Markup:
    """Our own text with its http and https addresses as links."""
    out, position = Markup(""), 0
    for found in _LINK.finditer(text):
        out += escape(visible(text[position : found.start()]))
        out += Markup('<a href="{0}" rel="noreferrer noopener">{0}</a>').format(visible(found.group()))
        position = found.end()
    return out + escape(visible(text[position:]))


def _anchor(check: str) -> str:
    return re.sub(r"[^a-z0-9.-]", "_", check.lower())


def _facts(report: Report, reading: Reading) -> list[tuple[str, str]]:
    facts = [
        ("Environment", f"{report.name} ({report.tier})"),
        ("Release", reading.release),
        ("Profile", reading.profile),
        ("Started", when(reading.started)),
        ("Took", duration(reading.seconds) if reading.seconds else ""),
        ("Requests planned", f"{sum(entry.count for entry in report.plan):,}" if report.plan else ""),
        ("Run", reading.run_id),
    ]
    return [(name, value) for name, value in facts if value]


def _bar(counts: Mapping[Outcome, int]) -> tuple[_Slice, ...]:
    total = sum(counts.values())
    slices, x = [], 0.0
    for outcome in OUTCOMES:
        if number := counts.get(outcome, 0):
            width = 100 * number / total
            slices.append(_Slice(outcome, number, round(x, 3), round(width, 3)))
            x += width
    return tuple(slices)


def _line(name: str, counts: Mapping[Outcome, int], anchor: str = "") -> _Line:
    return _Line(name, tuple((one, counts.get(one, 0)) for one in OUTCOMES), _bar(counts), anchor)


def _matrix(reading: Reading) -> list[_Line]:
    counts: dict[str, dict[Outcome, int]] = {}
    for row in reading.rows:
        concern = counts.setdefault(row.concern, {})
        concern[row.outcome] = concern.get(row.outcome, 0) + 1
    return [
        _line(name, said, f"findings-{_anchor(name)}" if said.get(Outcome.FAIL) else "")
        for name, said in sorted(counts.items())
    ]


def _concerns(rows: Sequence[Row]) -> list[tuple[str, list[Row]]]:
    """Rows by concern; the concern with the worst failure first."""
    concerns: dict[str, list[Row]] = {}
    for row in rows:
        concerns.setdefault(row.concern, []).append(row)
    return list(concerns.items())


def _checks(rows: Sequence[Row], cards: Mapping[str, Card], evidence: _Showing, names: _Listing) -> list[_Check]:
    checks = []
    for check, group in groupby(rows, key=lambda row: row.check):
        of_check = tuple(group)
        card = cards.get(check)
        told = alike(row.result for row in of_check)
        checks.append(
            _Check(
                id=check,
                anchor=_anchor(check),
                title=of_check[0].title,
                severity=of_check[0].severity,
                why=_why(card) if card else (),
                fix=_fix(card) if card else "",
                sources=_sources(card) if card else (),
                subjects=_subjects(told[:WHOLE], evidence, names),
                further=names.lines([_brief(one) for one in told[WHOLE:]]),
            )
        )
    return checks


def _subjects(told: Sequence[Alike], evidence: _Showing, names: _Listing) -> tuple[_Subject, ...]:
    """Findings of one result stand together, above its evidence."""
    shown = []
    for _, group in groupby(told, key=lambda one: one.result.key):
        same = tuple(group)
        findings = tuple(_Same(one.finding, names.of(one.others)) for one in same)
        shown.append(_Subject(findings, evidence.of(same[0].result.evidence)))
    return tuple(shown)


def _brief(one: Alike) -> str:
    others = f" The same on {named(one.others)}." if one.others else ""
    return f"{line(one.finding.message, 300)}{others}"


def _rules(rows: Sequence[Row], names: _Listing | None) -> tuple[_Rule, ...]:
    """Results of one check with one outcome together; without `names` only the first subjects are named."""
    groups: dict[tuple[str, Outcome, Severity], list[Row]] = {}
    for row in rows:
        groups.setdefault((row.check, row.outcome, row.severity), []).append(row)
    return tuple(
        _Rule(
            row=group[0],
            subjects=(names or _Listing(room=0)).of([row.subject for row in group]),
            seconds=max(row.result.seconds for row in group),
        )
        for group in groups.values()
    )


def _accepted(rows: Sequence[Row], names: _Listing) -> list[_Accepted]:
    """Waived failures, equal ones of one waiver together."""
    told = []
    for reason, group in _by_reason(rows):
        by_key = {row.result.key: row for row in group}
        told += [
            _Accepted(replace(by_key[one.result.key], reason=reason), one.finding, names.of(one.subjects))
            for one in alike(row.result for row in group)
        ]
    return told


def _why(card: Card) -> tuple[str, ...]:
    """The card's paragraphs without its `Fix:` and `See:`."""
    kept = []
    for paragraph in card.why.split("\n\n"):
        text = []
        for one in paragraph.splitlines():
            if _HEADINGS.match(one):
                break
            text.append(one.strip())
        if text:
            kept.append(" ".join(text))
    return tuple(kept)


def _fix(card: Card) -> str:
    text = card.section("Fix")
    return text[:1].upper() + text[1:]


def _sources(card: Card) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part for part in (*card.sources, card.section("See")) if part))


def _causes(reasons: Sequence[Reason], failing: Sequence[Row], unseen: Sequence[Row]) -> list[_Told]:
    """Reasons that one cause explains, as one: a check on many subjects, an outage that many checks met."""
    failed = {row.check for row in failing}
    why = {
        (row.check, row.result.subject): cut(row.reason, row.result.subject)
        for row in unseen
        if row.outcome is Outcome.UNKNOWN
    }
    reasons_of = {row.result.key: row.reason for row in unseen}
    groups: dict[tuple[object, ...], list[Reason]] = {}
    for reason in reasons:
        cause = why.get((reason.check, reason.subject), "") if reason.outcome is Outcome.UNKNOWN else ""
        key = (reason.rule, cause) if cause else (reason.rule, reason.severity, reason.decision, reason.check)
        groups.setdefault(key, []).append(reason)
    told = []
    for group in groups.values():
        first = group[0]
        checks = tuple(dict.fromkeys(one.check for one in group if one.check))
        messages = tuple(one.message for one in group)
        if len(checks) > 1:
            messages = (
                f"{plural(len(checks), 'check')} could not be judged: {reasons_of[first.check, first.subject]}",
            )
        shown = messages[:MESSAGES]
        target = "unknown" if any(row.check == first.check for row in unseen) else ""
        target = f"check-{_anchor(first.check)}" if first.check in failed else target
        told.append(_Told(first, shown, len(messages) - len(shown), checks if len(checks) > 1 else (), target))
    return told


def _by_reason(rows: Sequence[Row]) -> list[tuple[str, list[Row]]]:
    """Rows that one cause explains, together, with the reason of the first; in the order of the first of each."""
    reasons: dict[str, list[Row]] = {}
    for row in rows:
        reasons.setdefault(cut(row.reason, row.result.subject), []).append(row)
    return [(group[0].reason, group) for group in reasons.values()]


def _cause(reason: str, rows: Sequence[Row], evidence: _Showing, names: _Listing) -> _Cause:
    """Evidence that several of the rows share is shown once."""
    ids = tuple(dict.fromkeys(one for row in rows for one in row.result.evidence))
    return _Cause(reason, _rules(rows, names), evidence.of(ids[:OF_CAUSE]), max(len(ids) - OF_CAUSE, 0))


class _Listing:
    """Lists subjects, equal lists once, and keeps within the characters of all lists together."""

    def __init__(self, room: int = NAMES) -> None:
        self._left = room
        self._listed: dict[tuple[str, ...], str] = {}

    def of(self, subjects: Sequence[str]) -> _Names:
        """The first in words; all of them folded, where there are more than are named."""
        said = named(subjects, limit=300)
        if len(subjects) <= NAMED:
            return _Names(said, len(subjects))
        if above := self._listed.get(key := tuple(subjects)):
            return _Names(said, len(subjects), above=above)
        names = self.lines([line(one, NAME) for one in subjects])
        if not names.folded:
            return _Names(said, len(subjects))
        self._listed[key] = anchor = f"subjects-{len(self._listed) + 1}"
        return replace(names, said=said, anchor=anchor)

    def lines(self, texts: Sequence[str]) -> _Names:
        """As many of the texts as there is room for."""
        shown = []
        for text in texts:
            if (left := self._left - len(text)) < 0:
                break
            self._left = left
            shown.append(text)
        return _Names("", len(texts), tuple(shown), len(texts) - len(shown))


class _Showing:
    """Shows each piece of evidence in full once, and keeps within the bytes for images and the number of records."""

    def __init__(self, evidence: Mapping[str, EvidenceSummary]) -> None:
        self._evidence = evidence
        self._shown: set[str] = set()
        self._left = IMAGE_BYTES

    def of(self, ids: Sequence[str]) -> tuple[_Shown, ...]:
        shown = []
        for one in dict.fromkeys(ids):
            if (summary := self._evidence.get(one)) is not None:
                above = one in self._shown
                full = not above and len(self._shown) < EVIDENCE
                if full:
                    self._shown.add(one)
                image = self._image(summary.image) if full else ""
                attached = ((file, _beside(file.name), self._image(file.image)) for file in summary.attached if full)
                shown.append(_Shown(summary, full, above, image, tuple(attached)))
        return tuple(shown)

    def _image(self, image: bytes) -> str:
        where = address(image)
        if not where or len(image) > self._left:
            return ""
        self._left -= len(image)
        return where


def _beside(name: str) -> str:
    """The relative address of an evidence file; empty for a name that no record of ours has."""
    return f"evidence/{name}" if _FILE.fullmatch(name) else ""
