"""A stack trace tells an attacker the framework, its version, file paths and sometimes the settings.

Fix: switch debug mode off in production; answer errors with a page of your own and keep the trace in the log.
See: https://cwe.mitre.org/data/definitions/209.html
"""

from __future__ import annotations

from gonogo import Finding, Severity, check
from gonogo.check import report
from gonogo.formats import debug_pages
from gonogo.nouns import Provoked


@check(title="Errors tell nothing of the inside", severity=Severity.HIGH, profiles={"security", "nightly"})
def test_quiet(provoked: Provoked) -> None:
    """A path that is not there, one that is not UTF-8, an odd query; `exposure.error_paths` adds more."""
    report(
        Finding.of(provoked.subject, seen=repr(found.excerpt[:120]), wanted="no details", what=found.name)
        for found in debug_pages.find(provoked.exchange.body)
    )
