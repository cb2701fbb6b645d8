"""A visitor gets one of a host's addresses by chance; one forgotten node breaks the site for some and for nobody who looks.

Fix: deploy the certificate to every node, or take the node's A or AAAA record away.
See: https://www.rfc-editor.org/rfc/rfc8305
Family: TLS
"""

from __future__ import annotations

from datetime import datetime

from gonogo import Finding, Severity, check
from gonogo.check import report
from gonogo.concerns.tls import Host
from gonogo.probes.tls.facts import CertificateFacts, Handshake

RENEWAL_SHARE = 1 / 3
"""Of a lifetime left: by then renewal is due (https://letsencrypt.org/docs/integration-guide/#when-to-renew)."""


def _stale(leaf: CertificateFacts, newest: CertificateFacts, at: datetime) -> bool:
    """Renewal of this one was due, and the newer one shows that it was done elsewhere."""
    begin, end = datetime.fromisoformat(leaf.not_before), datetime.fromisoformat(leaf.not_after)
    overdue = end - at < (end - begin) * RENEWAL_SHARE
    return overdue and begin < datetime.fromisoformat(newest.not_before)


def _differences(shakes: list[Handshake], at: datetime) -> list[tuple[str, str, str]]:
    """Address, what it serves and what the address with the newest certificate does."""
    newest = max((shake.presented[0] for shake in shakes), key=lambda leaf: leaf.not_before)
    found = []
    for shake in shakes:
        leaf = shake.presented[0]
        if set(leaf.names) != set(newest.names):
            found.append(
                (shake.address, f"a certificate for {', '.join(leaf.names[:5]) or 'no name'}", "the same names")
            )
        elif _stale(leaf, newest, at):
            found.append((shake.address, f"an older certificate, of {leaf.not_before[:10]}", newest.not_before[:10]))
    return found


@check(
    title="Every address answers with the same certificate",
    severity=Severity.HIGH,
    profiles={"smoke", "security", "nightly"},
)
def test_consistent(host: Host) -> None:
    """Different certificates are fine while all have the same names and none has missed its renewal. An IPv6 address
    counts where this machine has a route to it. Nodes behind one address are judged where `[tls.addresses]` names them."""
    findings = [
        Finding.of(host.where(address), seen=f"no handshake: {why}", wanted="an answer at every address")
        for address, why in host.tls.dead
    ]
    shakes = [shake for shake in host.tls.handshakes if shake.presented]
    findings += [
        Finding.of(host.where(address), seen=seen, wanted=f"{wanted}, as at the other addresses")
        for address, seen, wanted in (_differences(shakes, host.at) if shakes else [])
    ]
    report(findings)
