"""A page that jumps while it loads makes people press the wrong thing.

Fix: give images and embeds their width and height, and reserve room for what comes late.
See: https://web.dev/articles/cls
"""

from __future__ import annotations

from gonogo import Severity, check
from gonogo.check import report
from gonogo.concerns.vitals.fixtures import VitalsRuns
from gonogo.formats.vitals import over_budget


@check(title="The layout does not shift (CLS)", severity=Severity.HIGH, profiles={"nightly"})
def test_cls(vitals: VitalsRuns) -> None:
    """Median of the runs; the value depends on the viewport, which the evidence states."""
    element = vitals.worst("cls", "cls_element")
    report(over_budget(vitals.page, "CLS", vitals.series("cls"), vitals.declared.cls, "", element=element))
