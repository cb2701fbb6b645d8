"""Figures that go to another property, or nowhere, are missed weeks later, when they cannot be had any more.

Fix: compare the id in the tag's snippet or container with the property's data stream, for this environment.
See: https://developers.google.com/tag-platform/gtagjs
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from urllib.parse import urlsplit

from gonogo import Finding, Severity, check
from gonogo.check import report
from gonogo.concerns.analytics import TagVisits
from gonogo.errors import EvidenceMissing
from gonogo.probes.browser.facts import BrowserRequest


def _asks_for(request: BrowserRequest, pattern: str) -> bool:
    try:
        return fnmatchcase(urlsplit(request.url).path, pattern)
    except ValueError:
        return False


@check(
    title="The analytics tag runs with the declared id",
    severity=Severity.HIGH,
    profiles={"nightly"},
    where=lambda _, analytics: analytics.id or analytics.script,
    needs="[analytics] id or script",
)
def test_id(analytics: TagVisits) -> None:
    """By the address of Google's script, and by the `config` commands in the page's dataLayer, after acceptance."""
    declared = analytics.declared
    findings = []
    asked = [one for one in analytics.accept.requests if declared.script and _asks_for(one, declared.script)]
    loaded = any(200 <= one.status < 400 and not one.local for one in asked)
    kept_away = not loaded and any(one.local for one in asked)
    if declared.script and not loaded and not kept_away:
        findings.append(Finding.of("script", seen="not loaded", wanted=declared.script))
    ids = analytics.ids
    if declared.id and declared.kind == "ga4" and declared.id not in ids:
        findings.append(Finding.of("id", seen=", ".join(ids)[:150] or "none", wanted=declared.id))
    report(findings)
    if kept_away:
        raise EvidenceMissing(
            "invalid",
            f"{declared.script} was answered inside the browser, so it never ran: give its host `intercept = false`",
        )
