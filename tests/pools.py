"""Three pools, by what a test needs: tests of one pool may run beside each other, and pools run one after another.

`cpu`    computes, in this process or against servers of a few lines: as many workers as cores.
`wait`   mostly waits, for a browser, a whole run or a schedule: more workers than cores, and budgets so generous that a
         busy machine accuses nobody.
`alone`  measures what others would disturb (Web Vitals, load, the demo's own budgets): one at a time, last.

A test says its pool by a marker, on itself or on its module; without one it belongs to `wait` where it asks for a fixture
of RESOURCES, and to `cpu` otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from pathlib import Path

import pytest

POOLS = {
    "cpu": "computes: as many workers as cores",
    "wait": "mostly waits, for a browser or a whole run: more workers than cores",
    "alone": "measures what others would disturb: one at a time",
}
POOLED = pytest.StashKey[dict[str, list[str]]]()
"""Of every test that was collected, before any was deselected, the pools that it belongs to."""
RESOURCES = frozenset({"job", "probe", "stored", "smoke", "short"})
"""Fixtures that start a whole run or a browser."""
PURE = frozenset({"formats", "gate", "checks", "environment"})
"""Folders whose tests are of `cpu` unless they say otherwise, four fifths of all: other pools need not even read them."""


def pools_of(marked: Iterable[Collection[str]], fixtures: Collection[str]) -> list[str]:
    """The pools of a test, by the markers on itself, on its class, on its module, and by its fixtures; of a test that is right
    it is one."""
    said = ([pool for pool in POOLS if pool in marks] for marks in marked)
    return next(filter(None, said), ["wait"] if RESOURCES & set(fixtures) else ["cpu"])


def may_hold(file: Path, pool: str) -> bool:
    """Whether a test of the pool can stand in a file, by its folder and its text alone, so that it need not be imported."""
    text = file.read_text(encoding="utf-8")
    if re.search(rf"mark\.{pool}\b", text):
        return True
    if file.parent.name in PURE:
        return pool == "cpu"
    if pool == "cpu":
        return not re.search(r"(?m)^pytestmark = \[?\s*pytest\.mark\.(wait|alone)\b", text)
    return pool == "wait" and any(re.search(rf"\b{one}\b", text) for one in RESOURCES)
