"""[tls]."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from gonogo.environment.model import Model
from gonogo.environment.values import Reached, Share, _address

POST_QUANTUM = "X25519MLKEM768"


Group = Literal[
    "X25519MLKEM768",
    "SecP256r1MLKEM768",
    "SecP384r1MLKEM1024",
    "x25519",
    "x448",
    "secp256r1",
    "secp384r1",
    "secp521r1",
    "ffdhe2048",
    "ffdhe3072",
]


class Tls(Model):
    """Certificates and protocol versions."""

    min_version: Literal["1.2", "1.3"] = "1.2"
    """Oldest protocol version that may be accepted."""
    hosts: tuple[Reached, ...] = ()
    """Further `host` or `host:port` to judge, beside the site's."""
    fail_share: Share = 1 / 6
    """A certificate with less than this share of its lifetime left fails; 14 days are always enough."""
    lifetime_days: Annotated[int, Field(ge=1)] | None = None
    """Longest lifetime of a certificate; default: what the CA/Browser Forum allows, judged for public issuers only."""
    groups: tuple[Group, ...] = ()
    """Key agreement groups that TLS 1.3 must offer; `X25519MLKEM768` is the one that a quantum computer does not break."""
    alpn: Literal["", "h2", "http/1.1"] = ""
    """Protocol that must be chosen when h2 and http/1.1 are offered; empty: not judged."""
    addresses: dict[str, Annotated[tuple[Annotated[str, AfterValidator(_address)], ...], Field(min_length=1)]] = {}
    """Every address of a host, where they are more than its name resolves to: the nodes behind a load balancer."""
