"""An uncaught error in the console is a feature that does not work for somebody.

Fix: open the page with the developer tools, and follow the message to its source.
See: https://html.spec.whatwg.org/multipage/webappapis.html#report-the-error
"""

from __future__ import annotations

from gonogo import Finding, Severity, check
from gonogo.check import report
from gonogo.concerns.browser.fixtures import PageVisit
from gonogo.concerns.browser.judgements import errors


@check(title="Pages run without errors", severity=Severity.HIGH, profiles={"nightly"})
def test_clean(visit: PageVisit) -> None:
    """Uncaught exceptions and console errors; what the policy or gonogo itself blocked has checks of its own."""
    report(
        dict.fromkeys(
            Finding.of(
                visit.page.path,
                seen=f"{message.text[:200]!r} ({message.source[:100] or 'inline'})",
                wanted="none",
                what=message.level,
            )
            for message in errors(visit.visit)
        )
    )
