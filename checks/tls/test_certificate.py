"""A certificate that browsers do not accept takes the whole site down for everybody at one moment.

Fix: install a certificate for this host name, with its intermediates, and renew it automatically at two thirds of its life.
See: https://www.rfc-editor.org/rfc/rfc5280#section-6
"""

from __future__ import annotations

from datetime import datetime, timedelta

from gonogo import Finding, Severity, check
from gonogo.check import report
from gonogo.evidence.facts import Handshake
from gonogo.nouns import Host

SHORTEST_REST = timedelta(hours=24)
"""Nobody can react in less, whatever the lifetime."""


def _told_elsewhere(shake: Handshake, at: datetime) -> bool:
    """Whether the checks for name or expiry report what the verification found, so that one cause is one finding."""
    error = shake.error.lower()
    if "hostname mismatch" in error or "ip address mismatch" in error:
        return not shake.name_matches
    if "has expired" in error or "not yet valid" in error:
        return any(
            not datetime.fromisoformat(one.not_before) <= at <= datetime.fromisoformat(one.not_after)
            for one in shake.presented
        )
    return False


@check(title="The certificate chain is trusted", severity=Severity.CRITICAL, profiles={"smoke", "nightly"})
def test_trust(host: Host) -> None:
    """Judged at every address of the host, against the system's roots or the environment's `ca_file`."""
    report(
        Finding.of(
            f"{host.tls.host} ({shake.address})",
            seen=shake.error,
            wanted="a chain to a trusted root",
            what="verification",
        )
        for shake in host.tls.handshakes
        if shake.error and not _told_elsewhere(shake, host.at)
    )


@check(title="The certificate is for this host name", severity=Severity.CRITICAL, profiles={"smoke", "nightly"})
def test_name(host: Host) -> None:
    """Only subjectAltName counts; browsers have not read the common name since 2017.

    See: https://www.rfc-editor.org/rfc/rfc9525
    """
    report(
        Finding.of(
            f"{host.tls.host} ({shake.address})",
            seen=", ".join(shake.presented[0].names[:5]) or "no name at all",
            wanted=host.tls.host,
            what="the certificate's name",
        )
        for shake in host.tls.handshakes
        if shake.presented and not shake.name_matches
    )


def _rest(not_before: str, not_after: str, at: datetime) -> tuple[timedelta, timedelta]:
    """What is left of a lifetime, and the lifetime."""
    begin, end = datetime.fromisoformat(not_before), datetime.fromisoformat(not_after)
    return end - at, max(end - begin, timedelta(seconds=1))


@check(title="The certificate does not expire soon", severity=Severity.CRITICAL, profiles={"smoke", "nightly"})
def test_expiry(host: Host) -> None:
    """Relative to its lifetime, since lifetimes differ by a factor of sixty: below a sixth, renewal has already failed.

    See: https://letsencrypt.org/docs/integration-guide/#when-to-renew
    """
    findings = []
    for shake in host.tls.handshakes:
        for certificate in shake.verified or shake.presented:
            rest, lifetime = _rest(certificate.not_before, certificate.not_after, host.at)
            where = f"{host.tls.host} ({shake.address})"
            least = max(lifetime * host.declared.fail_share, min(SHORTEST_REST, lifetime / 3))
            if datetime.fromisoformat(certificate.not_before) > host.at:
                findings.append(
                    Finding.of(where, seen=certificate.not_before, wanted="a date in the past", what="not-before")
                )
            elif rest < least:
                seen = f"{rest.total_seconds() / 86400:.1f} of {lifetime.total_seconds() / 86400:.0f} days"
                wanted = f"at least {least.total_seconds() / 86400:.1f} days"
                findings.append(
                    Finding.of(where, seen=seen, wanted=wanted, what=f"the rest of {certificate.subject[:60]}")
                )
    report(findings)
