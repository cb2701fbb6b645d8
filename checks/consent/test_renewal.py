"""People forget what they agreed to, and what they agreed to changes; then they are asked anew.

Fix: let the stored choice end after six to thirteen months, and store with it the policy's revision.
See: https://www.cnil.fr/en/cookies-and-other-trackers-cnil-publishes-new-guidelines
"""

from __future__ import annotations

from gonogo import Finding, Severity, check
from gonogo.check import report
from gonogo.concerns.consent.fixtures import ConsentFlow, able, shown
from gonogo.errors import EvidenceMissing


@check(title="Visitors are asked again when their choice is old", severity=Severity.MEDIUM, profiles={"nightly"})
def test_expiry(consent: ConsentFlow) -> None:
    """With the clock moved forward and the cookies gone that would have ended by then."""
    able(consent.withdraw, "consent accept", "expire")
    days = consent.declared.expiry_days
    if not shown(consent.withdraw, "expired"):
        report(
            [
                Finding.of(
                    consent.declared.page, seen=f"no banner {days} days after the choice", wanted="to be asked again"
                )
            ]
        )


@check(
    title="Visitors are asked again when the policy changes",
    severity=Severity.MEDIUM,
    profiles={"nightly"},
    where=lambda _, law: law.consent.record and law.consent.revised,
    needs="[consent] revised",
)
def test_revision(consent: ConsentFlow) -> None:
    """With the choice in place that the environment declares as one of an earlier policy."""
    able(consent.preferences, "cookie")
    if not consent.first.banner.visible:
        raise EvidenceMissing("invalid", "no banner was seen without a choice either")
    declared = consent.declared
    if not shown(consent.preferences, "revised"):
        seen_ = f"no banner with {declared.record}={declared.revised}"
        report([Finding.of(declared.page, seen=seen_, wanted="to be asked again")])
