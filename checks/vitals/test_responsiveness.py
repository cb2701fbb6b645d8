"""A press that shows no effect is pressed again, or given up; INP is how long a page takes to show one.

Fix: break the handler in the finding into smaller pieces and show feedback first.
See: https://web.dev/articles/inp
"""

from __future__ import annotations

from gonogo import Severity, check
from gonogo.check import report
from gonogo.formats.vitals import over_budget
from gonogo.nouns import VitalsRuns


@check(title="The page reacts to a press in time (INP)", severity=Severity.HIGH, profiles={"nightly"})
def test_inp(interaction: VitalsRuns) -> None:
    """One trusted click on the declared element; median of the runs."""
    declared = interaction.declared
    report(
        over_budget(
            interaction.page, "INP", interaction.values("inp_ms"), declared.inp_ms, "ms", element=declared.interaction
        )
    )
