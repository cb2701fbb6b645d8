"""From evidence to the security policy of each host, in words: what was sent, what browsers make of it, what to change."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlsplit

from gonogo.check import Card
from gonogo.concerns.security.family import Family, FamilyPolicy, HostPolicy, families
from gonogo.concerns.security.hardening import Seen, authority, changes
from gonogo.concerns.security.words import (
    content_type_words,
    cookie_words,
    csp_words,
    framing_words,
    handshake_lines,
    host_name,
    hsts_words,
    isolation_words,
    permission_words,
    plain_words,
    referrer_words,
    tls_words,
)
from gonogo.environment.models import Environment
from gonogo.environment.sections.security import Security
from gonogo.environment.values import split_host
from gonogo.evidence.records import Evidence
from gonogo.formats import csp, csp_review, html, set_cookie
from gonogo.formats.set_cookie import unvalued
from gonogo.probes.http.facts import Exchange
from gonogo.probes.tls.facts import TlsFacts
from gonogo.result import Outcome, Result

MAX_HOSTS = 20
"""Hosts that are told; their order is that of the environment file."""
MAX_LINES = 12
"""Lines of one cell."""
MAX_TEXT = 2_000
"""Characters of one line as sent: a policy of usual length stands whole."""
UNWANTED = ("security.server.", "security.header-fields.current")
"""Checks whose findings name headers that are to go."""
_NAMED = re.compile(r": ([A-Za-z][A-Za-z0-9-]{0,60}) is ")


@dataclass(slots=True)
class _Host:
    """What the run saw of one host, in the order of evidence ids."""

    name: str
    role: str
    scheme: str
    """Of the address that the environment declares."""
    url: str
    """Its https origin."""
    plain: str
    """Its plain-http origin."""
    answers: list[tuple[Evidence, Exchange]] = field(default_factory=list)
    shakes: list[TlsFacts] = field(default_factory=list)
    results: list[Result] = field(default_factory=list)


def host_policies(
    environment: Environment, evidence: Iterable[Evidence], results: Iterable[Result], cards: Mapping[str, Card]
) -> tuple[HostPolicy, ...]:
    """The site's host first, then the API's, those of TLS and the aliases; none where no security rule was run.

    Raises ValueError when facts are not of their probe.
    """
    every = tuple(results)
    known = families((one.check for one in every), cards)
    told = [one for one in every if one.check in known]
    if not told:
        return ()
    hosts = _declared(environment)
    where = _gather(hosts, evidence)
    site = next(iter(hosts.values()))
    for result in told:
        hosts.get(_host_of(result, hosts, where), site).results.append(result)
    seen = [one for one in hosts.values() if one.answers or one.shakes or one.results]
    return tuple(_policy_of(one, environment, known) for one in seen[:MAX_HOSTS])


# --- who is told, and which results are whose ---


def _declared(environment: Environment) -> dict[str, _Host]:
    """By host name, in the order in which they are told."""
    site, preload = environment.site, environment.security.preload if environment.security else None
    urls = [("the site", site.url, site.plain)]
    if environment.api and environment.api.url:
        urls.append(("the API", environment.api.url, ""))
    named = (
        [f"https://{host}" + (f":{port}" if port else "") for host, port in map(split_host, environment.tls.hosts)]
        if environment.tls
        else []
    )
    urls += [("TLS only", url, "") for url in named]
    urls += [("an alias of the site", url, "") for url in site.aliases]
    if preload:
        urls.append(("the domain to preload", preload.url, preload.plain))
    found: dict[str, _Host] = {}
    for role, url, plain in urls:
        name = host_name(url)
        if name not in found:
            scheme, _, rest = url.partition("://")
            origin = authority(url) if scheme == "https" else authority(f"https://{rest}")
            found[name] = _Host(name, role, scheme, origin, authority(plain) if plain else f"http://{name}")
        elif plain:
            found[name].plain = authority(plain)
    return found


def _gather(hosts: Mapping[str, _Host], evidence: Iterable[Evidence]) -> dict[str, str]:
    """Hand each record to its host. Returns the host of each record by its id."""
    where = {}
    for one in evidence:
        request = one.request
        probe = request.get("probe")
        name = str(request.get("host", "")).lower() if probe == "tls" else host_name(str(request.get("url", "")))
        where[one.id] = name
        if (host := hosts.get(name)) is None or one.facts is None:
            continue
        if probe == "http":
            host.answers.append((one, one.seen(Exchange)))
        elif probe == "tls":
            host.shakes.append(one.seen(TlsFacts))
    return where


def _host_of(result: Result, hosts: Mapping[str, _Host], where: Mapping[str, str]) -> str:
    """The host that all findings or the subject name, else the only one that was asked; or an empty text."""
    told = {host_name(one.subject) for one in result.findings}
    if len(told) == 1 and (only := told.pop()) in hosts:
        return only
    subject = result.subject
    named = host_name(subject) if "://" in subject else split_host(subject)[0]
    if named in hosts:
        return named
    asked = {where[one] for one in result.evidence if one in where}
    return asked.pop() if len(asked) == 1 else ""


# --- one host ---


def _policy_of(host: _Host, environment: Environment, family_of: Mapping[str, str]) -> HostPolicy:
    page = _start(host, environment)
    cookies = _cookies(host)
    failed = {one.check: family_of[one.check] for one in host.results if one.outcome is Outcome.FAIL}
    unwanted = _unwanted(host.results)
    seen = Seen(host.name, page, failed, tuple(cookie for _, cookie in cookies), unwanted)
    rows = [
        *(_of_headers(page, environment.security or Security(), unwanted) if page else ()),
        FamilyPolicy(Family.COOKIES, *_told_cookies(cookies)),
        FamilyPolicy(Family.CORS, *_cors(host)),
        FamilyPolicy(Family.REDIRECTS, *_redirects(host)),
        FamilyPolicy(Family.TLS, *_tls(host)),
    ]
    told = {one.family: one for one in rows}
    judged = {family_of[one.check] for one in host.results}
    policies = (told.get(family, FamilyPolicy(family, (), ())) for family in Family)
    is_page = page is not None and page.location is None
    return HostPolicy(
        host=host.name,
        role=host.role,
        source=f"{page.method} {page.url}, status {page.status}" if page else "",
        policies=tuple(one for one in policies if one.family in judged or _is_telling(one, is_page=is_page)),
        results=frozenset(one.key for one in host.results),
        changes=changes(seen, environment, url=host.url, plain=host.plain),
    )


def _unwanted(results: Iterable[Result]) -> frozenset[str]:
    """The headers that findings name, as `Finding.of` words them."""
    findings = (one for result in results if result.check.startswith(UNWANTED) for one in result.findings)
    named = (_NAMED.match(one.message.removeprefix(one.subject)) for one in findings)
    return frozenset(found[1] for found in named if found)


def _is_telling(row: FamilyPolicy, *, is_page: bool) -> bool:
    """A redirect's own policies bind nobody, but for the transport's."""
    if row.family in {Family.COOKIES, Family.CORS, Family.REDIRECTS, Family.TLS, Family.HSTS}:
        return bool(row.sent)
    return is_page and bool(row.in_effect)


def _start(host: _Host, environment: Environment) -> Exchange | None:
    """The answer that stands for a host: its first declared page, or its root, or what else anybody may ask for."""
    first = environment.site.pages[0].path if environment.site.pages else "/"
    asked = [
        exchange
        for one, exchange in host.answers
        if exchange.method == "GET"
        and exchange.role == "anonymous"
        and not one.request.get("headers")
        and one.request.get("lane") == "network"
        and exchange.url.startswith(f"{host.scheme}:")
    ]
    asked.sort(key=lambda one: (_path(one) != first, _path(one) != "/", one.status >= 400, one.url))
    return asked[0] if asked else None


def _path(exchange: Exchange) -> str:
    parts = urlsplit(exchange.url)
    return f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}"


def _sent(page: Exchange, *names: str) -> tuple[str, ...]:
    """Each field of these names, a line each, in the order of the names and then as sent."""
    return _bounded(f"{name}: {value}" for name in names for value in page.values(name))


def _bounded(lines: Iterable[str]) -> tuple[str, ...]:
    every = list(lines)
    shown = tuple(one if len(one) <= MAX_TEXT else f"{one[:MAX_TEXT]} …" for one in every[:MAX_LINES])
    return (*shown, f"… and {len(every) - MAX_LINES} more") if len(every) > MAX_LINES else shown


def _of_headers(page: Exchange, settings: Security, unwanted: Collection[str]) -> Iterator[FamilyPolicy]:
    yield FamilyPolicy(Family.HSTS, _sent(page, Family.HSTS), hsts_words(page))
    reported = "Content-Security-Policy-Report-Only"
    policies = csp_review.enforced(page.values(Family.CSP), html.read(page.body))
    yield FamilyPolicy(
        Family.CSP, _sent(page, Family.CSP, reported), csp_words(policies, report_only=bool(page.values(reported)))
    )
    yield FamilyPolicy(Family.FRAMING, (*_sent(page, "X-Frame-Options"), *_ancestors(page)), framing_words(page))
    yield FamilyPolicy(
        Family.CONTENT_TYPE, _sent(page, "X-Content-Type-Options", "Content-Type"), content_type_words(page)
    )
    yield FamilyPolicy(Family.REFERRER, _sent(page, Family.REFERRER), referrer_words(page))
    yield FamilyPolicy(Family.PERMISSIONS, _sent(page, Family.PERMISSIONS), permission_words(page, settings))
    names = ("Cross-Origin-Opener-Policy", "Cross-Origin-Embedder-Policy", "Cross-Origin-Resource-Policy")
    yield FamilyPolicy(Family.ISOLATION, _sent(page, *names), isolation_words(page))
    size = sum(len(name) + len(value) + 4 for name, value in page.headers)
    words = (f"{len(page.headers)} fields, {size:,} bytes",)
    yield FamilyPolicy(Family.HEADERS, _sent(page, *sorted({"Server", "X-Powered-By", *unwanted})), words)


def _ancestors(page: Exchange) -> tuple[str, ...]:
    return _bounded(
        " ".join(("Content-Security-Policy: frame-ancestors", *sources))
        for policy in csp.parse(page.values(Family.CSP))
        if (sources := policy.directive("frame-ancestors")) is not None
    )


# --- cookies, CORS, redirects, TLS ---


def _cookies(host: _Host) -> list[tuple[str, set_cookie.Cookie]]:
    """Each cookie once, as first set, without those that are deleted; in the order of their names."""
    found: dict[tuple[str, str, str], tuple[str, set_cookie.Cookie]] = {}
    for evidence, exchange in host.answers:
        at = datetime.fromisoformat(evidence.ended)
        for value in exchange.values("set-cookie"):
            cookie = set_cookie.parse(value, at=at)
            if cookie is not None and not cookie.deletes:
                found.setdefault((cookie.name, cookie.domain, cookie.path), (value, cookie))
    return [found[key] for key in sorted(found)]


def _told_cookies(cookies: Sequence[tuple[str, set_cookie.Cookie]]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    sent = _bounded(unvalued(value) for value, _ in cookies)
    return sent, _bounded(cookie_words(one) for _, one in cookies) or ("no cookie was set",)


def _cors(host: _Host) -> tuple[tuple[str, ...], tuple[str, ...]]:
    sent, allowed, asked = [], [], 0
    for evidence, exchange in sorted(host.answers, key=lambda one: one[0].id):
        origin = next((value for name, value in evidence.request.get("headers") or () if name.lower() == "origin"), "")
        if not origin or exchange.method != "GET":
            continue
        asked += 1
        answer = exchange.value("access-control-allow-origin")
        if answer is None:
            continue
        credentials = (exchange.value("access-control-allow-credentials") or "").strip() == "true"
        sent.append(
            f"to Origin {origin}: Access-Control-Allow-Origin: {answer}" + (", with credentials" if credentials else "")
        )
        if answer.strip() in {"*", origin}:
            allowed.append(
                f"{'any origin' if answer.strip() == '*' else origin}{' with credentials' if credentials else ''}"
            )
    if not asked:
        return (), ()
    words = (
        f"read by: {', '.join(dict.fromkeys(allowed))}" if allowed else f"no other origin reads answers ({asked} tried)"
    )
    return _bounded(sorted(sent)), (words,)


def _redirects(host: _Host) -> tuple[tuple[str, ...], tuple[str, ...]]:
    sent, words = [], []
    for evidence, exchange in sorted(host.answers, key=lambda one: (one[1].url, one[0].id)):
        url, follows = exchange.url, evidence.request.get("follow")
        if not follows or (exchange.location is None and not url.startswith("http:")):
            continue
        sent.append(f"{url} → {exchange.status} {exchange.location or '(no redirect)'}")
        if url.startswith("http:"):
            words.append(plain_words(exchange))
    return _bounded(sent), tuple(dict.fromkeys(words))


def _tls(host: _Host) -> tuple[tuple[str, ...], tuple[str, ...]]:
    shakes = [shake for facts in host.shakes for shake in facts.handshakes]
    sent = [line for shake in shakes for line in handshake_lines(shake)]
    words = dict.fromkeys(word for shake in shakes for word in tls_words(shake))
    dead = [f"{address}: no handshake, {why}" for facts in host.shakes for address, why in facts.dead]
    return _bounded([*dict.fromkeys(sent), *dead]), _bounded(words)
