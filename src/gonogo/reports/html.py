"""verdict.html: one static page that a release manager reads. No script, no request, bounded text."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from pathlib import Path
from statistics import median

import jinja2
from markupsafe import Markup, escape

from gonogo import __version__
from gonogo.check import Card
from gonogo.evidence.plan import kinds
from gonogo.gate.model import (
    Reason,
)
from gonogo.reports.measured import MeasuredPage, pages
from gonogo.reports.model import (
    DECISION_WORDS,
    OUTCOME_WORDS,
    OUTCOMES,
    SEVERITIES,
    Attached,
    EvidenceSummary,
    Point,
    Reading,
    Report,
    Row,
    read,
    when,
)
from gonogo.reports.policy_table import tables
from gonogo.reports.text import duration, line, lines, plural, visible
from gonogo.reports.undecided import brief
from gonogo.reports.waterfall import Waterfall
from gonogo.result import Decision, Outcome, Severity

IMAGE_BYTES = 3_000_000
"""Most bytes of all screenshots in the page; the others are named only."""
FILM_BYTES = 1_000_000
"""Most bytes of all films in the page."""
SLOWEST = 10
CONFIGURATION = 20_000
"""Most characters of one configuration that can be pasted."""
MESSAGES = 5
"""Messages of one check that stand among the reasons; the findings hold all."""
_HERE = Path(__file__).parent
_IMAGES = {b"\x89PNG": "image/png", b"\xff\xd8\xff": "image/jpeg", b"RIFF": "image/webp"}
_FILE = re.compile(r"[a-z]+-[0-9a-f]{16}\.[A-Za-z0-9][A-Za-z0-9.-]{0,60}")
_HEADINGS = re.compile(r"^(?:Fix|See|Why):")
_PERCENTILE = re.compile(r"p\d+(?:\.\d+)?")
"""Percentiles of one measurement stand on one scale; other labels measure different things."""
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
    image: str
    attached: tuple[tuple[Attached, str, str], ...]
    """Each file, where it lies seen from the page, and its picture's address; empty where there is none to link or show."""


@dataclass(frozen=True, slots=True)
class _Check:
    id: str
    anchor: str
    title: str
    severity: Severity
    why: tuple[str, ...]
    fix: str
    sources: tuple[str, ...]
    rows: tuple[tuple[Row, tuple[_Shown, ...]], ...]


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
    rows: tuple[Row, ...]
    evidence: tuple[_Shown, ...]


@dataclass(frozen=True, slots=True)
class _Loading:
    """How one load went."""

    fall: Waterfall
    pictures: tuple[tuple[str, str], ...]
    """When, and the picture's address."""


@dataclass(frozen=True, slots=True)
class _Mark:
    """One measured value on a scale, percent of its width."""

    x: float
    text: str
    over: bool


@dataclass(frozen=True, slots=True)
class _Scale:
    """The values of one label, and their limit, on one scale that begins at 0."""

    label: str
    marks: tuple[_Mark, ...]
    limit: float | None
    said: str
    over: bool


def html(report: Report) -> str:
    """The text of verdict.html. Raises ValueError, KeyError or TypeError when the verdict is not one."""
    reading = read(report)
    evidence = _Showing(report.evidence)
    failing, absent = reading.of(Outcome.FAIL), reading.of(Outcome.NOT_APPLICABLE)
    unseen = reading.of(Outcome.UNKNOWN, Outcome.MISSING)
    findings = [(name, _checks(rows, report.cards, evidence)) for name, rows in _concerns(failing)]
    unknown = [_cause(reason, rows, evidence) for reason, rows in _by_reason(unseen)]
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
        policies=tables(report, reading),
        inventories=report.inventories,
        unknown_kept=sum(one.unknown for one in report.inventories),
        undecided=report.undecided,
        undecided_open=brief(report.undecided),
        unknown=unknown,
        unseen_count=len(unseen),
        waived=reading.of(Outcome.WAIVED),
        absent=_by_reason(absent),
        absent_count=len(absent),
        plots=_plots(report.evidence.values()),
        measured_pages=_measured(report.evidence.values()),
        loadings=_loadings(report.evidence.values()),
        planned=kinds(report.plan),
        slowest=sorted(reading.rows, key=lambda row: (-row.result.seconds, row.check))[:SLOWEST],
        version=__version__,
    )


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_HERE),
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
        "CONFIGURATION": CONFIGURATION,
    }
    return environment.get_template("verdict.html.j2")


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


def _checks(rows: Sequence[Row], cards: Mapping[str, Card], evidence: _Showing) -> list[_Check]:
    checks = []
    for check, group in groupby(rows, key=lambda row: row.check):
        of_check = tuple(group)
        card = cards.get(check)
        checks.append(
            _Check(
                id=check,
                anchor=_anchor(check),
                title=of_check[0].title,
                severity=of_check[0].severity,
                why=_why(card) if card else (),
                fix=_fix(card) if card else "",
                sources=_sources(card) if card else (),
                rows=tuple((row, evidence.of(row.result.evidence)) for row in of_check),
            )
        )
    return checks


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
    why = {(row.check, row.result.subject): row.reason for row in unseen if row.outcome is Outcome.UNKNOWN}
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
            messages = (f"{plural(len(checks), 'check')} could not be judged: {why[first.check, first.subject]}",)
        shown = messages[:MESSAGES]
        target = "unknown" if any(row.check == first.check for row in unseen) else ""
        target = f"check-{_anchor(first.check)}" if first.check in failed else target
        told.append(_Told(first, shown, len(messages) - len(shown), checks if len(checks) > 1 else (), target))
    return told


def _by_reason(rows: Sequence[Row]) -> list[tuple[str, list[Row]]]:
    """Rows that one cause explains, together; in the order of the first of each."""
    reasons: dict[str, list[Row]] = {}
    for row in rows:
        reasons.setdefault(row.reason, []).append(row)
    return list(reasons.items())


def _cause(reason: str, rows: Sequence[Row], evidence: _Showing) -> _Cause:
    """Evidence that several of the rows share is shown once."""
    ids = tuple(dict.fromkeys(one for row in rows for one in row.result.evidence))
    return _Cause(reason, tuple(rows), evidence.of(ids))


class _Showing:
    """Shows each piece of evidence in full once, and keeps within the bytes for images."""

    def __init__(self, evidence: Mapping[str, EvidenceSummary]) -> None:
        self._evidence = evidence
        self._shown: set[str] = set()
        self._left = IMAGE_BYTES

    def of(self, ids: Sequence[str]) -> tuple[_Shown, ...]:
        shown = []
        for one in dict.fromkeys(ids):
            if (summary := self._evidence.get(one)) is not None:
                full = one not in self._shown
                self._shown.add(one)
                image = self._image(summary.image) if full else ""
                attached = ((file, _beside(file.name), self._image(file.image)) for file in summary.attached if full)
                shown.append(_Shown(summary, full, image, tuple(attached)))
        return tuple(shown)

    def _image(self, image: bytes) -> str:
        address = _data(image)
        if not address or len(image) > self._left:
            return ""
        self._left -= len(image)
        return address


def _beside(name: str) -> str:
    """The relative address of an evidence file; empty for a name that no record of ours has."""
    return f"evidence/{name}" if _FILE.fullmatch(name) else ""


def _data(image: bytes) -> str:
    """A picture as an address; empty where it is none of a kind that is known."""
    kind = next((kind for magic, kind in _IMAGES.items() if image.startswith(magic)), "")
    return f"data:{kind};base64,{base64.b64encode(image).decode()}" if kind else ""


def _loadings(evidence: Iterable[EvidenceSummary]) -> list[_Loading]:
    """Each waterfall; the first of a page with the page's film, while the films fit."""
    every = list(evidence)
    films = {one.film.page: one.film for one in every if one.film}
    left, told = FILM_BYTES, []
    for fall in (fall for one in every for fall in one.waterfalls):
        film = films.pop(fall.page, None)
        size = sum(len(shot.picture) for shot in film.shots) if film else 0
        shown = film.shots if film and size <= left else ()
        left -= size if shown else 0
        pictures = tuple((f"{shot.ms:,} ms", address) for shot in shown if (address := _data(shot.picture)))
        told.append(_Loading(fall, pictures))
    return told


def _measured(evidence: Iterable[EvidenceSummary]) -> tuple[MeasuredPage, ...]:
    """Under which conditions each page's Web Vitals were measured."""
    ordered = sorted(evidence, key=lambda summary: (summary.started, summary.id))
    return pages(one.measured for one in ordered if one.measured is not None)


def _plots(evidence: Iterable[EvidenceSummary]) -> list[tuple[str, list[_Scale]]]:
    """(what was measured, its scales); repetitions of one group share theirs."""
    groups: dict[str, dict[str, list[Point]]] = {}
    for one in sorted(evidence, key=lambda summary: (summary.probe, summary.started, summary.id)):
        for name, points in ((one.group or one.title, one.plot), *one.plots):
            for point in points:
                groups.setdefault(name, {}).setdefault(point.label, []).append(point)
    plots = []
    for name, of in groups.items():
        common = max((_end(points) for label, points in of.items() if _PERCENTILE.fullmatch(label)), default=0.0)
        scales = [
            _scale(label, points, common if _PERCENTILE.fullmatch(label) else _end(points))
            for label, points in of.items()
        ]
        plots.append((name, scales))
    return plots


def _end(points: Sequence[Point]) -> float:
    """The right end of a scale that holds these values and their limits."""
    return max(max(point.value, point.limit or 0.0) for point in points) * 1.12 or 1.0


def _scale(label: str, points: Sequence[Point], end: float) -> _Scale:
    limit, unit = points[0].limit, points[0].unit
    values = [point.value for point in points]
    middle = median(values)
    over = limit is not None and middle > limit
    said = _amount(middle, unit) + (f", median of {len(values)}" if len(values) > 1 else "")
    if limit is not None:
        said += f"; limit {_amount(limit, unit)}"
    marks = tuple(
        _Mark(_percent(value, end), _amount(value, unit), limit is not None and value > limit) for value in values
    )
    return _Scale(label, marks, None if limit is None else _percent(limit, end), said, over)


def _percent(value: float, end: float) -> float:
    return round(min(max(100 * value / end, 0.0), 100.0), 2)


def _amount(value: float, unit: str) -> str:
    text = f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return f"{text} {unit}".rstrip()
