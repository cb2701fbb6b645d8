"""Judgements that several consent checks share; pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from urllib.parse import urlsplit

from gonogo.concerns.consent.fixtures import ConsentFlow, OptOutFlow, able, seen, view
from gonogo.environment.sections.consent import Consent
from gonogo.errors import EvidenceMissing
from gonogo.formats import consent_mode
from gonogo.probes.browser.facts import BrowserCookie, BrowserRequest, ConsentSignals, Layer, Snapshot, Visit
from gonogo.result import Finding

LATER = ("chosen", "reloaded", "other page")
"""Snapshots after a choice."""
OWN_HITS = ("*/g/collect", "*/j/collect", "*/r/collect", "*/mp/collect")
"""Where Google's tags send their hits, on whatever host."""
EXEMPT_HITS = ("*/matomo.php", "*/piwik.php")
"""Hits that need no consent where the tool is set up so (CNIL, audience measurement); `collectors` says that they do."""
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
        stored += [("file", name) for name in snapshot.privacy.files]
    return [
        Finding.of(
            f"{urlsplit(snapshot.url).path or '/'} ({snapshot.label})",
            seen=f"{kind} {name[:60]!r}",
            wanted="essential ones only",
        )
        for kind, name in stored
        if not any(fnmatchcase(name.lower(), pattern) for pattern in patterns)
    ]


def needs_consent(request: BrowserRequest, flow: ConsentFlow | OptOutFlow) -> bool:
    """It tells of the visit to somebody who is not declared essential: a third party, a declared party under a name of the
    site's, or whoever takes analytics hits on the site's own host."""
    host = asked(request)
    declared = next((party for party in flow.third_parties if party.host.lower() == host), None)
    if declared is not None:
        return not declared.essential
    return request.third_party or _hits(request, (*OWN_HITS, *flow.declared.collectors, *flow.own_paths))


def requests_without_need(
    requests: Iterable[BrowserRequest], flow: ConsentFlow | OptOutFlow, when: str
) -> list[Finding]:
    """Requests that need consent, one finding a host, or a path of the site's own."""
    seen: dict[str, BrowserRequest] = {}
    for request in requests:
        if needs_consent(request, flow):
            place = asked(request) if request.third_party else request.url.partition("?")[0][:150]
            seen.setdefault(place, request)
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


def allowed(flow: ConsentFlow) -> tuple[BrowserRequest, ...]:
    """Requests of the accepting visit from the choice on."""
    begin = flow.accept.snapshot("first")
    return flow.accept.requests[begin.requests if begin else 0 :]


def effective(flow: ConsentFlow, when: str) -> None:
    """Raise EvidenceMissing("invalid") when acceptance led to nothing that needs consent: silence at another time, such as
    "after a rejection", proves nothing then."""
    stored = (snapshot for snapshot in flow.accept.snapshots if snapshot.label in LATER)
    if not any(needs_consent(request, flow) for request in allowed(flow)) and not any(
        stored_without_need(snapshot, flow.declared) for snapshot in stored
    ):
        raise EvidenceMissing(
            "invalid", f"acceptance stored and sent nothing that needs consent, so silence {when} proves nothing"
        )


def silent_parties(flow: ConsentFlow) -> list[str]:
    """Declared parties that need consent and were not asked for anything after acceptance."""
    asked_for = {asked(request) for request in allowed(flow)}
    return [party.host for party in flow.third_parties if not party.essential and party.host.lower() not in asked_for]


def disobeyed(flow: ConsentFlow) -> list[Finding]:
    """What was stored or sent after the rejection. Raises EvidenceMissing("invalid") when it could not be made."""
    chosen(flow.reject, "reject")
    labels = (*LATER, "restarted")
    able(flow.reject, *(f"snapshot {label}:" for label in labels))
    findings = []
    for label in labels:
        findings += stored_without_need(seen(flow.reject, label), flow.declared)
    sent = flow.reject.requests[seen(flow.reject, "first").requests : seen(flow.reject, "restarted").requests]
    findings += requests_without_need(sent, flow, "after the rejection")
    return list(dict.fromkeys(findings))


def commands(signals: ConsentSignals) -> consent_mode.Mode:
    """The page's calls of gtag."""
    return consent_mode.fold((one.name, one.target, one.values) for one in signals.commands)


def hit_of_analytics(request: BrowserRequest, patterns: Iterable[str]) -> bool:
    """It has the address of an analytics hit: a well-known one, or one that the environment declares."""
    return _hits(request, (*OWN_HITS, *EXEMPT_HITS, *patterns))


def _hits(request: BrowserRequest, patterns: Iterable[str]) -> bool:
    try:
        path = urlsplit(request.url).path
    except ValueError:
        return False
    return any(fnmatchcase(path, pattern) for pattern in patterns)


# --- the inventory ---


@dataclass(frozen=True, slots=True)
class Kept:
    """One cookie or storage entry of a flow, as the report's inventory tells it."""

    name: str
    kind: str
    party: str
    """As declared; else `own` or `third party` by the cookie's domain."""
    domain: str
    """The cookie's; empty for what is no cookie."""
    lifetime: str
    """`session`, `persistent`, or the longest lifetime that was asked for: `180 d`; where nobody was seen to ask, the end."""
    purpose: str
    """As declared; empty for an unknown one."""
    seen_at: tuple[str, ...]
    """Visit and snapshot, in the order in which they were made: `accept: chosen`."""

    @property
    def first_seen(self) -> str:
        return self.seen_at[0]


def inventory(flow: ConsentFlow) -> list[Kept]:
    """Every cookie and storage entry of the visits, in the order in which they were first seen."""
    return kept(flow.declared, (urlsplit(flow.first.url).hostname or "").lower(), flow.visits)


def kept(declared: Consent, host: str, visits: Iterable[tuple[str, Visit]]) -> list[Kept]:
    """Every cookie and storage entry of named visits to a host, in the order in which they were first seen."""
    found: dict[tuple[str, str, str], Kept] = {}
    for name, visit in visits:
        for snapshot in visit.snapshots:
            where = f"{name}: {snapshot.label}"
            for kind, key, cookie in _kept(snapshot):
                domain = cookie.domain.lstrip(".").lower() if cookie else ""
                foreign = "" if sent_to(host, domain) else domain
                if (known := found.get((kind, key, foreign))) is None:
                    found[kind, key, foreign] = _kept_as(declared, host, visit, kind, key, cookie, where)
                elif known.seen_at[-1] != where:
                    found[kind, key, foreign] = replace(known, seen_at=(*known.seen_at, where))
    return list(found.values())


def _kept(snapshot: Snapshot) -> list[tuple[str, str, BrowserCookie | None]]:
    """Kind and name, and the cookie where it is one."""
    listed: list[tuple[str, str, BrowserCookie | None]] = [
        ("cookie", cookie.name, cookie) for cookie in snapshot.cookies
    ]
    listed += [("local storage", name, None) for name, _ in snapshot.local_storage]
    listed += [("session storage", name, None) for name, _ in snapshot.session_storage]
    if snapshot.privacy is not None:
        listed += [("IndexedDB", name, None) for name in snapshot.privacy.databases]
        listed += [("cache", name, None) for name in snapshot.privacy.caches]
        listed += [("file", name, None) for name in snapshot.privacy.files]
    return listed


def sent_to(host: str, domain: str) -> bool:
    """What is kept for a domain (empty: no cookie) is sent to the host."""
    domain = domain.lstrip(".").lower()
    return not domain or host == domain or host.endswith(f".{domain}")


def _kept_as(
    declared: Consent, host: str, visit: Visit, kind: str, name: str, cookie: BrowserCookie | None, first: str
) -> Kept:
    known = next((one for one in declared.inventory if fnmatchcase(name.lower(), one.name.lower())), None)
    domain = cookie.domain.lstrip(".").lower() if cookie else ""
    return Kept(
        name=name,
        kind=kind,
        party=known.party if known else (OWN if sent_to(host, domain) else OTHERS),
        domain=domain,
        lifetime=_cookie_lifetime(visit, cookie) if cookie else STORED.get(kind, "persistent"),
        purpose=known.purpose if known else "",
        seen_at=(first,),
    )


STORED = {"session storage": "session"}
"""How long what is no cookie is kept, unless it is until somebody deletes it."""


def _cookie_lifetime(visit: Visit, cookie: BrowserCookie) -> str:
    asked_for = [write.lifetime_s for write in visit.writes if write.name == cookie.name and write.lifetime_s]
    if asked_for:
        return span(max(asked_for))
    if cookie.expires <= 0:
        return "session"
    return f"until {datetime.fromtimestamp(min(cookie.expires, _LATEST), UTC):%Y-%m-%d}"


_LATEST = datetime(9999, 12, 31, tzinfo=UTC).timestamp()


def span(seconds: float) -> str:
    """A lifetime in its largest unit that leaves no zero: `180 d`, `12 h`, `30 min`, `45 s`."""
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"
