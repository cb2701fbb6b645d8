"""A policy that blocks the site's own parts breaks pages for every visitor, silently.

Fix: add the blocked source to the policy, or remove what asks for it.
See: https://www.w3.org/TR/CSP3/#reporting
"""

from __future__ import annotations

import re

from gonogo import Severity, check
from gonogo.check import report
from gonogo.concerns.browser.fixtures import PageVisit
from gonogo.concerns.browser.judgements import enforced, violated
from gonogo.errors import EvidenceMissing
from gonogo.probes.browser.facts import ConsoleMessage

_VIOLATED = re.compile(r"violates the following|requires 'Trusted")
_NOT_OURS = re.compile(r"\[Report Only\]|policy is report-only|frame-ancestors")
"""Policies that only report, and those of others' pages about who may embed them: no event tells of the latter."""


def _blocked(message: ConsoleMessage) -> bool:
    return message.level == "csp" and bool(_VIOLATED.search(message.text)) and not _NOT_OURS.search(message.text)


@check(title="The content security policy blocks nothing of ours", severity=Severity.HIGH, profiles={"nightly"})
def test_violations(visit: PageVisit) -> None:
    """Violations that the browser itself reported while the page ran."""
    report(dict.fromkeys(violated(visit.page.path, violation) for violation in enforced(visit.visit)))
    told = next((one.text for one in visit.visit.console if _blocked(one)), "")
    if told:
        raise EvidenceMissing("invalid", f"the console tells of a violation whose event was not seen: {told[:200]}")
