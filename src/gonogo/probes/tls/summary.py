"""Handshakes in a few lines."""

from __future__ import annotations

from pathlib import Path

from gonogo.environment.models import Environment
from gonogo.evidence.records import Evidence
from gonogo.evidence.summary import Summary, clip
from gonogo.probes.tls.facts import TlsFacts


def summary(evidence: Evidence, environment: Environment, folder: Path) -> Summary:  # noqa: ARG001 - one shape for all kinds
    """Each address: what it chose, what it offers, its chain."""
    title = f"TLS handshake with {evidence.request.get('host')}:{evidence.request.get('port')}"
    if evidence.facts is None:
        return Summary(title)
    found = evidence.seen(TlsFacts)
    lines = []
    for shake in found.handshakes:
        lines.append(
            f"{shake.address}: {shake.version} {shake.cipher} alpn={shake.alpn or 'none'}; older versions: {shake.legacy}"
        )
        groups = ", ".join(f"{name} {said}" for name, said in shake.offers.groups)
        lines.append(f"  {groups}; OCSP staple {shake.offers.stapled}; without SNI: {shake.offers.unnamed}")
        lines += [
            f"  {one.subject} ({one.key}, {one.not_before} to {one.not_after})"
            for one in shake.verified or shake.presented
        ]
        if shake.verified:
            first, last = (min(one.not_after for one in chain) for chain in (shake.presented, shake.verified))
            lines.append(f"  earliest end: {first} of what was sent, {last} of the verified chain")
        if why := shake.error or shake.second_error:
            lines.append(f"  not verified: {why}")
    lines += [f"{address}: no handshake: {why}" for address, why in found.dead]
    lines += [f"{address}: this machine has no route to it" for address in found.unrouted]
    return Summary(title, clip(lines))
