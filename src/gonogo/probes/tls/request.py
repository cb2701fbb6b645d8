"""What can be asked of a TLS host."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from gonogo.environment.models import Environment
from gonogo.environment.sections.tls import POST_QUANTUM, Tls
from gonogo.evidence.records import Lane, PlanEntry, identity


@dataclass(frozen=True, slots=True)
class TlsRequest:
    """TLS handshakes with each address of a host: one verified, the others asking what it accepts."""

    probe: ClassVar[str] = "tls"
    host: str
    port: int = 443
    floor: str = "1.2"
    """The environment's minimum version, `1.2` or `1.3`; one handshake offers less."""
    groups: tuple[str, ...] = ()
    """Key agreement groups to ask for beside X25519MLKEM768, one handshake each."""
    lane: Lane = Lane.NETWORK


HANDSHAKES = 10
"""Per address: one verified, one without a server name, six that ask for old versions, weak ciphers, authenticated
encryption in TLS 1.2, finite-field Diffie-Hellman, TLS 1.3 and X25519MLKEM768, and two that ask for a certificate with
another kind of key in TLS 1.2 and 1.3; one more for each declared group. The probe makes a further one where a certificate
does not verify, after each weak class that is accepted, to verify a second certificate, and where a certificate demands a
staple that was not seen with it."""


def handshake(environment: Environment, host: str, port: int) -> TlsRequest:
    """The handshake with a host, the same as the TLS checks ask for."""
    tls = environment.tls or Tls()
    return TlsRequest(host, port, tls.min_version, tuple(name for name in tls.groups if name != POST_QUANTUM))


def plan_lines(request: TlsRequest, environment: Environment) -> tuple[PlanEntry, ...]:  # noqa: ARG001 - one shape for all kinds
    """One line; `count` holds for each address of the host."""
    target, count = f"{request.host}:{request.port}", HANDSHAKES + len(request.groups)
    return (PlanEntry("tls", "handshake", target, "anonymous", request.lane.value, count, identity(request)),)
