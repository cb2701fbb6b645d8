"""Menus, dialogs and error messages are where pages break for people with a screen reader, and where nobody looks.

Fix: do what the finding says at the element it names, in the state it names.
See: https://www.w3.org/TR/WCAG22/
"""

from __future__ import annotations

from gonogo import Severity, check
from gonogo.check import report
from gonogo.concerns.accessibility.fixtures import AccessibleState
from gonogo.concerns.accessibility.judgements import violations
from gonogo.errors import EvidenceMissing


@check(title="axe-core finds nothing new in declared states", severity=Severity.HIGH, profiles={"nightly"})
def test_violations(accessible_state: AccessibleState) -> None:
    """Rules of any impact, at elements that the page did not already show before the interaction."""
    run = accessible_state.run
    report(violations(accessible_state.state.page, [run], accessible_state.baseline, but=accessible_state.others))
    if run.unseen:
        raise EvidenceMissing("invalid", f"frames that could not be judged: {'; '.join(run.unseen)}")
