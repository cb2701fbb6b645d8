"""A hit without its parameters is counted as something else, or thrown away by the collector without a word.

Fix: send hits through the tag's own functions; look at one in the developer tools, and at the property's debug view.
See: https://developers.google.com/analytics/devguides/collection/protocol/ga4/reference
"""

from __future__ import annotations

from collections.abc import Iterator

from gonogo import Finding, Severity, check
from gonogo.check import report
from gonogo.concerns.analytics import TagVisits
from gonogo.errors import EvidenceMissing
from gonogo.formats.consent_mode import states
from gonogo.formats.ga4 import Hit

STORAGE = "analytics_storage"
PROTOCOL = "2"
"""`v` of every hit of Google Analytics 4."""


def _sent(tag: TagVisits) -> list[Hit]:
    """Hits after acceptance. Raises EvidenceMissing("invalid") where there is none: whether there must be is asked elsewhere."""
    hits = tag.hits(tag.accepted)
    if not hits:
        raise EvidenceMissing("invalid", "no hit was seen after acceptance; see consent.choice.accept-effective")
    return hits


def _lacking(tag: TagVisits, hit: Hit) -> Iterator[Finding]:
    declared = tag.declared
    name = f"hit {hit.get(declared.event_parameter)[:60]!r}"
    if absent := [parameter for parameter in declared.parameters if not hit.get(parameter)]:
        yield Finding.of(name, seen=f"without {', '.join(absent)}", wanted=f"all of {', '.join(declared.parameters)}")
    found = hit.get(declared.id_parameter)
    if declared.id and found and found != declared.id:
        yield Finding.of(name, seen=found[:60], wanted=declared.id, what=declared.id_parameter)
    version = hit.get("v")
    if declared.kind == "ga4" and version and version != PROTOCOL:
        yield Finding.of(name, seen=version[:60], wanted=PROTOCOL, what="v")


@check(title="Analytics hits carry what they are counted by", severity=Severity.HIGH, profiles={"nightly"})
def test_parameters(analytics: TagVisits) -> None:
    """Every hit between acceptance and withdrawal: the declared parameters, the declared id, the protocol's version."""
    hits = _sent(analytics)
    report(dict.fromkeys(finding for hit in hits for finding in _lacking(analytics, hit)))


@check(
    title="Hits after acceptance tell the consent",
    severity=Severity.MEDIUM,
    profiles={"nightly"},
    where=lambda environment, _: environment.consent is not None and environment.consent.consent_mode,
    needs="[analytics] and [consent] consent_mode",
)
def test_signals(analytics: TagVisits) -> None:
    """Judged where `consent_mode` is declared: `gcs` or `gcd` of each hit grants the storage of analytics.

    Fix: send `gtag("consent", "update", …)` before the hits that follow the choice.
    See: https://developers.google.com/tag-platform/security/guides/consent
    """
    declared = analytics.declared
    findings = {}
    for hit in _sent(analytics):
        state = states(hit.get("gcs"), hit.get("gcd")).get(STORAGE, "absent")
        if state in {"denied", "absent"}:
            name = f"hit {hit.get(declared.event_parameter)[:60]!r}"
            findings[name] = Finding.of(name, seen=state, wanted="granted", what=STORAGE)
    report(findings.values())
