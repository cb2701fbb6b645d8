"""A tag that starts at the click on "accept" alone counts one page of each visit; bounce rates and funnels are then fiction.

Fix: read the stored choice on every page, before the first event, and start the tag from it.
See: https://developers.google.com/tag-platform/security/guides/consent
"""

from __future__ import annotations

from gonogo import Finding, Severity, check
from gonogo.check import report
from gonogo.concerns.analytics import TagVisits
from gonogo.errors import EvidenceMissing


@check(title="Every page of a consenting visitor is counted", severity=Severity.HIGH, profiles={"nightly"})
def test_pages(analytics: TagVisits) -> None:
    """Each load after acceptance, with the stored choice: a reload, another page, and after the browser was closed."""
    loads = analytics.loads()
    if not any(hits for _, hits in loads):
        raise EvidenceMissing("invalid", "no hit was seen after acceptance; see consent.choice.accept-effective")
    counted = sum(bool(hits) for _, hits in loads)
    report(
        Finding.of(label, seen=f"no hit ({counted} of {len(loads)} loads were counted)", wanted="at least one")
        for label, hits in loads
        if not hits
    )
