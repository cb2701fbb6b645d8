"""Judgements that several consent checks share; pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from urllib.parse import urlsplit

from gonogo.environment.models import Consent, ThirdParty
from gonogo.errors import EvidenceMissing
from gonogo.evidence.facts import BrowserRequest, ConsentSignals, Layer, Snapshot, Visit
from gonogo.formats import consent_mode
from gonogo.nouns.consent import ConsentFlow, able, seen, view
from gonogo.result import Finding

LATER = ("chosen", "reloaded", "other page")
"""Snapshots after a choice."""
ANALYTICS_PATHS = ("*/g/collect", "*/j/collect", "*/r/collect", "*/mp/collect", "*/matomo.php", "*/piwik.php")
"""Where well-known tags send their hits, on whatever host."""
OTHERS, OWN = "third party", "own"


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
    if snapshot.privacy is not None:
        stored += [("IndexedDB database", name) for name in snapshot.privacy.databases]
        stored += [("cache", name) for name in snapshot.privacy.caches]
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


# --- visits ---


def chosen(visit: Visit, choice: str) -> None:
    """Raise EvidenceMissing when the choice could not be made: then nothing after it says anything."""
    if problems := [problem for problem in visit.problems if problem.startswith(f"consent {choice}")]:
        raise EvidenceMissing("invalid", f"{choice} could not be chosen: {'; '.join(problems)}")
    for label in LATER:
        seen(visit, label)


def first_layer(flow: ConsentFlow) -> Layer:
    """The banner before any choice. Raises EvidenceMissing("invalid") when there is none: another check tells that."""
    layer = view(flow.first).layer
    if not flow.first.banner.visible or layer is None:
        raise EvidenceMissing("invalid", "no consent banner was seen")
    return layer


def silent_parties(flow: ConsentFlow) -> list[str]:
    """Declared parties that need consent and were not asked for anything after acceptance."""
    asked_for = {asked(request) for request in flow.accept.requests}
    return [party.host for party in flow.third_parties if not party.essential and party.host.lower() not in asked_for]


def disobeyed(flow: ConsentFlow) -> list[Finding]:
    """What was stored or sent after the rejection. Raises EvidenceMissing("invalid") when it could not be made."""
    chosen(flow.reject, "reject")
    able(flow.reject, *(f"snapshot {label}:" for label in LATER))
    findings = []
    for label in LATER:
        findings += stored_without_need(seen(flow.reject, label), flow.declared)
    sent = flow.reject.requests[seen(flow.reject, "first").requests : seen(flow.reject, "restarted").requests]
    findings += requests_without_need(sent, flow.third_parties, "after the rejection")
    return list(dict.fromkeys(findings))


def commands(signals: ConsentSignals) -> consent_mode.Mode:
    """The page's calls of gtag."""
    return consent_mode.fold((one.name, one.target, one.values) for one in signals.commands)


def hit_of_analytics(request: BrowserRequest, patterns: Iterable[str]) -> bool:
    """It has the address of an analytics hit: a well-known one, or one that the environment declares."""
    try:
        path = urlsplit(request.url).path
    except ValueError:
        return False
    return any(fnmatchcase(path, pattern) for pattern in (*ANALYTICS_PATHS, *patterns))


# --- the inventory ---


@dataclass(frozen=True, slots=True)
class Kept:
    """One cookie or storage entry of a flow, as the report's inventory tells it."""

    name: str
    kind: str
    party: str
    """As declared; else `own` or `third party` by the cookie's domain."""
    lifetime: str
    """`session`, `persistent`, or days from the asked lifetime: `180 d`."""
    purpose: str
    """As declared; empty for an unknown one."""
    first_seen: str
    """Visit and snapshot: `accept: chosen`."""


def inventory(flow: ConsentFlow) -> list[Kept]:
    """Every cookie and storage entry of the visits, in the order in which they were first seen."""
    found: dict[tuple[str, str], Kept] = {}
    for name, visit in flow.visits:
        for snapshot in visit.snapshots:
            for kind, key, domain in _kept(snapshot):
                if (kind, key) not in found:
                    found[kind, key] = _kept_as(flow, visit, kind, key, domain, f"{name}: {snapshot.label}")
    return list(found.values())


def _kept(snapshot: Snapshot) -> list[tuple[str, str, str]]:
    """Kind, name and, for a cookie, domain."""
    listed = [("cookie", cookie.name, cookie.domain) for cookie in snapshot.cookies]
    listed += [("local storage", name, "") for name, _ in snapshot.local_storage]
    listed += [("session storage", name, "") for name, _ in snapshot.session_storage]
    if snapshot.privacy is not None:
        listed += [("IndexedDB", name, "") for name in snapshot.privacy.databases]
        listed += [("cache", name, "") for name in snapshot.privacy.caches]
    return listed


def _kept_as(flow: ConsentFlow, visit: Visit, kind: str, name: str, domain: str, first: str) -> Kept:
    declared = next((one for one in flow.declared.inventory if fnmatchcase(name.lower(), one.name.lower())), None)
    host = (urlsplit(flow.first.url).hostname or "").lower()
    own = not domain or host == domain.lstrip(".") or host.endswith(f".{domain.lstrip('.')}")
    return Kept(
        name=name,
        kind=kind,
        party=declared.party if declared else (OWN if own else OTHERS),
        lifetime=_lifetime(visit, kind, name),
        purpose=declared.purpose if declared else "",
        first_seen=first,
    )


def _lifetime(visit: Visit, kind: str, name: str) -> str:
    if kind != "cookie":
        return "session" if kind == "session storage" else "persistent"
    asked_for = [write.lifetime_s for write in visit.writes if write.name == name and write.lifetime_s]
    return f"{max(asked_for) / 86_400:.0f} d" if asked_for else "session"
