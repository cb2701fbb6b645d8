"""A list of excused violations that nobody clears hides the next one that fits an entry.

Fix: take the entry out of `[[accessibility.known]]`.
See: https://www.w3.org/TR/WCAG22/
"""

from __future__ import annotations

from gonogo import Finding, Severity, check
from gonogo.check import report
from gonogo.concerns.accessibility.fixtures import KnownEntry
from gonogo.concerns.accessibility.judgements import needless


@check(title="Each known violation is still there", severity=Severity.LOW, profiles={"nightly"})
def test_current(known_violation: KnownEntry) -> None:
    """An entry whose violation no page shows any more is needless. One whose date has passed excuses nothing: the violation is a finding again."""
    entry = known_violation.entry
    if needless(entry, known_violation.pages):
        where = f" on {entry.page}" if entry.page else ""
        report([Finding.of(entry.fingerprint, seen=f"not found{where} ({entry.reason[:100]})", wanted="no entry")])
