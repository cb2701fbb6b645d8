"""What a run that was narrowed to some checks tells at its end: findings, and what was not seen, each reason once."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from gonogo.reports.alike import alike, cut, named
from gonogo.reports.text import line, plural
from gonogo.result import Outcome, Result

MESSAGE = 600
"""Characters of a finding or a reason; results.jsonl holds all."""
CHECKS = 20
"""Checks shown of one reason."""


def listing(results: Sequence[Result], *, width: int = 80) -> list[str]:
    """The lines to print, of ASCII and at most `width` columns (at least 40); nothing for what passed."""
    return [one for entry in _entries(results) for one in _wrapped(*entry, max(width, 40))]


def _entries(results: Sequence[Result]) -> Iterator[tuple[int, str]]:
    """Each text with its indent."""
    for one in alike(result for result in results if result.findings):
        also = f" The same on {named(one.others)}." if one.others else ""
        yield 2, f"{one.result.outcome} {one.result.check}: {_cut(one.finding.message)}{also}"
    unseen: dict[str, list[Result]] = {}
    for result in results:
        if result.outcome is Outcome.UNKNOWN:
            unseen.setdefault(cut(result.reason, result.subject), []).append(result)
    for group in unseen.values():
        reason = group[0].reason
        names = [f"{one.check} [{line(one.subject, 100)}]" for one in group]
        if len(names) == 1:
            yield 2, f"UNKNOWN {names[0]}: {_cut(reason)}"
            continue
        yield 2, f"UNKNOWN {plural(len(names), 'result')}: {_cut(reason)}"
        for name in names[:CHECKS]:
            yield 6, name
        if len(names) > CHECKS:
            yield 6, f"... and {plural(len(names) - CHECKS, 'more result')}"


def _cut(text: str) -> str:
    """As one line, cut behind a word."""
    whole = line(text.replace("\r\n", "\n").replace("\n", "; "), len(text) + 1)
    if len(whole) <= MESSAGE:
        return whole
    head = whole[:MESSAGE]
    return f"{head.rpartition(' ')[0] or head}..."


def _wrapped(indent: int, text: str, width: int) -> list[str]:
    plain = text.encode("ascii", "backslashreplace").decode()
    return textwrap.wrap(
        plain,
        width,
        initial_indent=" " * indent,
        subsequent_indent=" " * (indent + 2),
        break_on_hyphens=False,
    )
