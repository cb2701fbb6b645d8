"""A press that shows no effect is pressed again, or given up; INP is how long a page takes to show one.

Fix: break the handler in the finding into smaller pieces and show feedback first.
See: https://web.dev/articles/inp
"""

from __future__ import annotations

from gonogo import Severity, check
from gonogo.check import report
from gonogo.concerns.vitals.fixtures import VitalsRuns
from gonogo.formats.vitals import over_budget


@check(
    title="The page reacts to a press in time (INP)",
    severity=Severity.HIGH,
    profiles={"nightly"},
    where=lambda _, measured: measured.presses,
    needs="[vitals] interaction",
)
def test_inp(vitals: VitalsRuns) -> None:
    """Trusted clicks and keys on the declared elements, the slowest of them; median of the runs."""
    element = vitals.worst("inp_ms", "inp_element")
    series, limit = vitals.series("inp_ms"), vitals.declared.inp_ms
    report(over_budget(vitals.page, "INP", series, limit, "ms", element=element, note=vitals.disturbance))


@check(title="Scripts leave room for presses while loading (TBT)", severity=Severity.MEDIUM, profiles={"nightly"})
def test_tbt(vitals: VitalsRuns) -> None:
    """Who presses something while a script runs waits for its end. Total Blocking Time is what each task takes beyond
    50 ms, from the first paint until the page has settled.

    Fix: split the script in the finding, or run its parts when the browser is idle.
    See: https://web.dev/articles/tbt
    """
    element = vitals.worst("tbt_ms", "tbt_source")
    series, limit = vitals.series("tbt_ms"), vitals.declared.tbt_ms
    report(over_budget(vitals.page, "TBT", series, limit, "ms", element=element, note=vitals.disturbance))
