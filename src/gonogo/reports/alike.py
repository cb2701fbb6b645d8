"""Findings that say the same of many subjects, told once: what was seen and wanted, with the subjects' names cut out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gonogo.reports.text import line
from gonogo.result import Finding, Result

_NAME = "\x00"
"""Stands in a key where a subject was named; no text that is shown holds it."""
NAMED = 5
"""Subjects that are named beside the first."""


@dataclass(frozen=True, slots=True)
class Alike:
    """One finding, and every subject of the same check that it is true of."""

    result: Result
    """The first that reported it."""
    finding: Finding
    """As it was said of the first."""
    subjects: tuple[str, ...]
    """Each once, the first's first."""

    @property
    def others(self) -> tuple[str, ...]:
        return self.subjects[1:]


def cut(text: str, *names: str) -> str:
    """The text without the names, where they stand as words or as the whole path of an address.

    `/` is cut from `https://www.example.org/` and stays in `text/html`.
    """
    for name in names:
        if name and name in text:
            text = _without(text, name)
    return text


def _without(text: str, name: str) -> str:
    kept, position = [], 0
    while (found := text.find(name, position)) >= 0:
        end = found + len(name)
        if _begins(text, found, name) and _ends(text, end):
            kept += [text[position:found], _NAME]
        else:
            kept.append(text[position:end])
        position = end
    return "".join((*kept, text[position:]))


def _begins(text: str, start: int, name: str) -> bool:
    """A path begins after anything but another slash, a word only where no word runs on."""
    before = text[start - 1 : start]
    return before != "/" if name.startswith("/") else not (before.isalnum() or before in {"_", "-", "/"})


def _ends(text: str, end: int) -> bool:
    """Neither in the middle of a word, nor of a longer path; a full stop may follow."""
    after = text[end : end + 1]
    if after in {".", ":"}:
        after = text[end + 1 : end + 2]
    return not (after.isalnum() or after in {"_", "-", "/", "?", "=", "&", "%"})


def alike(results: Iterable[Result]) -> tuple[Alike, ...]:
    """Every finding of the results, equal ones of one check together; in the order of the first of each.

    A result without a finding counts as one that says so.
    """
    groups: dict[tuple[str, ...], tuple[Result, Finding, dict[str, None]]] = {}
    for result in results:
        for finding in findings(result):
            names = (finding.subject, result.subject)
            key = (result.check, *(cut(one, *names) for one in (finding.message, finding.seen, finding.wanted)))
            _, _, subjects = groups.setdefault(key, (result, finding, {}))
            subjects[finding.subject or result.subject] = None
    return tuple(Alike(result, finding, tuple(subjects)) for result, finding, subjects in groups.values())


def findings(result: Result) -> tuple[Finding, ...]:
    """The result's findings; of one that failed without any, a finding that says so."""
    if result.findings:
        return result.findings
    subject = result.subject or "the whole system"
    return (Finding(subject, "", "", f"{subject}: it failed without a finding."),)


def named(subjects: Sequence[str], *, most: int = NAMED, limit: int = 80) -> str:
    """`/a, /b, /c and 997 more`; empty where there is none."""
    shown = ", ".join(line(one, limit) for one in subjects[:most])
    return f"{shown} and {len(subjects) - most:,} more" if len(subjects) > most else shown
