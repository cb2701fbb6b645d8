"""Judgements that several consent checks share; pure."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from urllib.parse import urlsplit

from gonogo.environment.models import Consent, ThirdParty
from gonogo.evidence.facts import BrowserRequest, Snapshot
from gonogo.result import Finding


def asked(request: BrowserRequest) -> str:
    """The host a request went to, in lower case."""
    try:
        return (urlsplit(request.url).hostname or "").lower()
    except ValueError:
        return ""


def stored_without_need(snapshot: Snapshot, declared: Consent) -> list[Finding]:
    """Cookies and storage entries that no declared essential name covers."""
    patterns = [pattern.lower() for pattern in declared.essential_cookies]
    stored = [
        *(("cookie", cookie.name) for cookie in snapshot.cookies),
        *(("local storage entry", name) for name, _ in snapshot.local_storage),
        *(("session storage entry", name) for name, _ in snapshot.session_storage),
    ]
    return [
        Finding.of(
            f"{urlsplit(snapshot.url).path or '/'} ({snapshot.label})",
            seen=f"{kind} {name[:60]!r}",
            wanted="essential ones only",
        )
        for kind, name in stored
        if not any(fnmatchcase(name.lower(), pattern) for pattern in patterns)
    ]


def requests_without_need(
    requests: Iterable[BrowserRequest], parties: Iterable[ThirdParty], when: str
) -> list[Finding]:
    """Third-party requests to hosts that are not declared essential, one finding a host."""
    essential = {party.host.lower() for party in parties if party.essential}
    seen: dict[str, BrowserRequest] = {}
    for request in requests:
        if request.third_party and (host := asked(request)) not in essential:
            seen.setdefault(host, request)
    return [
        Finding.of(host, seen=f"{request.method} {request.url[:150]} ({when})", wanted="no request without consent")
        for host, request in seen.items()
    ]
