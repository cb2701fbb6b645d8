"""What TLS judges: hosts at each of their addresses."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from gonogo.concerns.fixture import Asked, Fixture, Subject
from gonogo.environment import models
from gonogo.environment.models import Environment
from gonogo.probes.tls.facts import TlsFacts
from gonogo.probes.tls.request import handshake


@dataclass(frozen=True, slots=True)
class Host:
    tls: TlsFacts
    declared: models.Tls
    at: datetime

    def where(self, address: str) -> str:
        """How findings name one of its addresses: `www.acme.test (192.0.2.1)`."""
        return f"{self.tls.host} ({address})"


def _hosts(environment: Environment) -> list[Subject[models.Tls]]:
    if environment.tls is None:
        return []
    named = (
        [(environment.site.host, urlsplit(environment.site.url).port or 443)]
        if environment.site.url.startswith("https")
        else []
    )
    if environment.api and environment.api.url and environment.api.url.startswith("https"):
        parts = urlsplit(environment.api.url)
        named.append((parts.hostname or "", parts.port or 443))
    named += [(host, port or 443) for host, port in map(models.split_host, environment.tls.hosts)]
    aliases = [urlsplit(url) for url in environment.site.aliases]
    named += [(one.hostname or "", one.port or 443) for one in aliases if one.scheme == "https"]
    hosts = list(dict.fromkeys(named))
    several = len({host for host, _ in hosts}) < len(hosts)
    return [
        Subject(f"{host}:{port}" if several else host, (handshake(environment, host, port),), environment.tls)
        for host, port in hosts
    ]


def _host(asked: Asked[models.Tls]) -> Host:
    evidence = asked.evidence()
    return Host(asked.facts(TlsFacts), asked.declared, datetime.fromisoformat(evidence.ended))


TLS = (Fixture("host", "[tls]", "What a TLS host presents at each of its addresses.", _hosts, _host),)
