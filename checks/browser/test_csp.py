"""A policy that blocks the site's own parts breaks pages for every visitor, silently.

Fix: add the blocked source to the policy, or remove what asks for it.
See: https://www.w3.org/TR/CSP3/#reporting
"""

from __future__ import annotations

from gonogo import Finding, Severity, check
from gonogo.check import report
from gonogo.nouns import PageVisit


@check(title="The content security policy blocks nothing of ours", severity=Severity.HIGH, profiles={"nightly"})
def test_violations(visit: PageVisit) -> None:
    """Violations that the browser itself reported while the page ran."""
    report(
        dict.fromkeys(
            Finding.of(
                visit.page.path,
                seen=f"{violation.blocked[:120]} blocked ({violation.source[:100]})",
                wanted="nothing blocked",
                what=violation.directive,
            )
            for violation in visit.visit.violations
            if violation.disposition != "report"
        )
    )
