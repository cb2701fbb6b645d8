"""What is sent beside the needed certificates costs every visitor bytes, often a round trip, and confuses old clients.

Fix: send the server's certificate, then each intermediate in the order of issue, and neither the root nor anything else
(with ACME clients: `fullchain.pem`).
See: https://www.rfc-editor.org/rfc/rfc8446#section-4.4.2
Family: TLS
"""

from __future__ import annotations

from gonogo import Finding, Severity, check
from gonogo.check import report
from gonogo.concerns.tls import Host
from gonogo.probes.tls.facts import CertificateFacts


def _flaws(sent: tuple[CertificateFacts, ...]) -> list[str]:
    """What is wrong with certificates after the first; whether they suffice is not judged here."""
    flaws, ordered = [], list(sent[:1])
    known = {one.sha256 for one in sent[:1]}
    issuers = {one.issuer for one in sent}
    for place, one in enumerate(sent[1:], start=2):
        name = f"certificate {place}, {one.subject[:60]},"
        if one.sha256 in known:
            flaws.append(f"{name} is sent twice")
        elif one.self_issued:
            flaws.append(f"{name} is a root")
        elif one.subject not in issuers:
            flaws.append(f"{name} has issued none of the others")
        else:
            if one.subject != ordered[-1].issuer:
                flaws.append(f"{name} is out of order")
            ordered.append(one)
        known.add(one.sha256)
    return flaws


@check(
    title="The chain is sent in order and without extras",
    severity=Severity.MEDIUM,
    profiles={"smoke", "security", "nightly"},
)
def test_order(host: Host) -> None:
    """Judged on what is sent; a chain that lacks a certificate is told by `tls.certificate.trust`."""
    report(
        Finding.of(host.where(shake.address), seen=flaw, wanted="the intermediates only, in order of issue")
        for shake in host.tls.served
        for flaw in _flaws(shake.presented)
    )
