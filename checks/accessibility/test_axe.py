"""What axe-core finds keeps people out: an image without words, a field without a name, text too pale to read.

Fix: do what the finding says at the element it names; the rule's page shows examples. A violation that cannot be mended yet goes into `[[accessibility.known]]` by its fingerprint, with a reason and a date.
See: https://www.w3.org/TR/WCAG22/
"""

from __future__ import annotations

from gonogo import Severity, check
from gonogo.check import report
from gonogo.concerns.accessibility.fixtures import AccessiblePage
from gonogo.concerns.accessibility.judgements import violations
from gonogo.errors import EvidenceMissing


def _judge(page: AccessiblePage, *, grave: bool) -> None:
    report(violations(page.path, page.runs, page.baseline, grave=grave))
    if unseen := dict.fromkeys(frame for run in page.runs for frame in run.unseen):
        raise EvidenceMissing("invalid", f"frames that could not be judged: {'; '.join(unseen)}")


@check(title="axe-core finds nothing critical or serious", severity=Severity.HIGH, profiles={"nightly"})
def test_critical_and_serious(accessible_page: AccessiblePage) -> None:
    """WCAG 2.1 and 2.2, levels A and AA, in all frames and shadow roots, with the consent banner open and closed. Who meets such a fault often cannot go on at all."""
    _judge(accessible_page, grave=True)


@check(title="axe-core finds nothing moderate or minor", severity=Severity.MEDIUM, profiles={"nightly"})
def test_moderate_and_minor(accessible_page: AccessiblePage) -> None:
    """The same runs, rules of less impact: a page that cannot be zoomed by fingers, sound that starts by itself."""
    _judge(accessible_page, grave=False)
