"""From evidence to the security policy of each host, in words: what was sent, what browsers make of it, what to change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlsplit

from gonogo.environment.models import Environment, Security, split_host
from gonogo.evidence.facts import Exchange, Handshake, TlsFacts, from_json
from gonogo.evidence.records import Evidence
from gonogo.formats import cross_origin, csp, csp_review, hsts, html, permissions_policy, referrer_policy, set_cookie
from gonogo.formats.csp import Kind, Policy
from gonogo.formats.csp_review import Verdict
from gonogo.formats.permissions_policy import PermissionsPolicy, Reach
from gonogo.hardening import DEPRECATED, Seen, authority, changes
from gonogo.reports.policy import Family, FamilyPolicy, HostPolicy, family_of
from gonogo.result import Outcome, Result

MAX_HOSTS = 20
"""Hosts that are told; their order is that of the environment file."""
MAX_LINES = 12
"""Lines of one cell."""
MAX_TEXT = 2_000
"""Characters of one line as sent: a policy of usual length stands whole."""
YEAR_S, DAY_S, HOUR_S = 31_536_000, 86_400, 3_600
TELLING = ("server", "x-powered-by", "x-aspnet-version", "x-aspnetmvc-version", "x-generator")


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
    environment: Environment, evidence: Iterable[Evidence], results: Iterable[Result]
) -> tuple[HostPolicy, ...]:
    """The site's host first, then the API's, those of TLS and the aliases; none where no security rule was run.

    Raises ValueError when facts are not of their probe.
    """
    told = [one for one in results if family_of(one.check)]
    if not told:
        return ()
    hosts = _declared(environment)
    where = _gather(hosts, evidence)
    site = next(iter(hosts.values()))
    for result in told:
        hosts.get(_host_of(result, hosts, where), site).results.append(result)
    seen = [one for one in hosts.values() if one.answers or one.shakes or one.results]
    return tuple(_policy_of(one, environment) for one in seen[:MAX_HOSTS])


def unvalued(cookie: str) -> str:
    """A Set-Cookie field without the cookie's value: it may be a session that somebody could use."""
    pair, semicolon, attributes = cookie.partition(";")
    name, equals, _ = pair.partition("=")
    return f"{name}{equals}…{semicolon}{attributes}"


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
        name = _name(url)
        if name not in found:
            scheme, _, rest = url.partition("://")
            origin = authority(url) if scheme == "https" else authority(f"https://{rest}")
            found[name] = _Host(name, role, scheme, origin, authority(plain) if plain else f"http://{name}")
        elif plain:
            found[name].plain = authority(plain)
    return found


def _name(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""


def _gather(hosts: Mapping[str, _Host], evidence: Iterable[Evidence]) -> dict[str, str]:
    """Hand each record to its host. Returns the host of each record by its id."""
    where = {}
    for one in evidence:
        request = one.request
        probe = request.get("probe")
        name = str(request.get("host", "")).lower() if probe == "tls" else _name(str(request.get("url", "")))
        where[one.id] = name
        if (host := hosts.get(name)) is None or one.facts is None:
            continue
        if probe == "http":
            host.answers.append((one, from_json(Exchange, one.facts)))
        elif probe == "tls":
            host.shakes.append(from_json(TlsFacts, one.facts))
    return where


def _host_of(result: Result, hosts: Mapping[str, _Host], where: Mapping[str, str]) -> str:
    """The host that all findings or the subject name, else the only one that was asked; or an empty text."""
    told = {_name(one.subject) for one in result.findings}
    if len(told) == 1 and (only := told.pop()) in hosts:
        return only
    subject = result.subject
    named = _name(subject) if "://" in subject else split_host(subject)[0]
    if named in hosts:
        return named
    asked = {where[one] for one in result.evidence if one in where}
    return asked.pop() if len(asked) == 1 else ""


# --- one host ---


def _policy_of(host: _Host, environment: Environment) -> HostPolicy:
    page = _start(host, environment)
    cookies = _cookies(host)
    failed = frozenset(one.check for one in host.results if one.outcome is Outcome.FAIL)
    seen = Seen(host.name, page, failed, tuple(cookie for _, cookie in cookies))
    rows = [
        *(_of_headers(page, environment.security or Security()) if page else ()),
        FamilyPolicy(Family.COOKIES, *_told_cookies(cookies)),
        FamilyPolicy(Family.CORS, *_cors(host)),
        FamilyPolicy(Family.REDIRECTS, *_redirects(host)),
        FamilyPolicy(Family.TLS, *_tls(host)),
    ]
    told = {one.family: one for one in rows}
    judged = {family_of(one.check) for one in host.results}
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
    """Each field, one of many as it came; several names, or none of its own, are told with the name."""
    fields = [f"{name}: {value}" for name in names for value in page.values(name)]
    return _bounded(fields)


def _bounded(lines: Iterable[str]) -> tuple[str, ...]:
    every = list(lines)
    shown = tuple(one if len(one) <= MAX_TEXT else f"{one[:MAX_TEXT]} …" for one in every[:MAX_LINES])
    return (*shown, f"… and {len(every) - MAX_LINES} more") if len(every) > MAX_LINES else shown


def _of_headers(page: Exchange, settings: Security) -> Iterator[FamilyPolicy]:
    yield FamilyPolicy(Family.HSTS, _sent(page, Family.HSTS), _hsts_words(page))
    reported = "Content-Security-Policy-Report-Only"
    policies = csp_review.enforced(page.values(Family.CSP), html.read(page.body))
    yield FamilyPolicy(
        Family.CSP, _sent(page, Family.CSP, reported), _csp_words(policies, report_only=bool(page.values(reported)))
    )
    yield FamilyPolicy(Family.FRAMING, (*_sent(page, "X-Frame-Options"), *_ancestors(page)), _framing_words(page))
    yield FamilyPolicy(
        Family.CONTENT_TYPE, _sent(page, "X-Content-Type-Options", "Content-Type"), _content_type_words(page)
    )
    yield FamilyPolicy(Family.REFERRER, _sent(page, Family.REFERRER), _referrer_words(page))
    yield FamilyPolicy(Family.PERMISSIONS, _sent(page, Family.PERMISSIONS), _permission_words(page, settings))
    names = ("Cross-Origin-Opener-Policy", "Cross-Origin-Embedder-Policy", "Cross-Origin-Resource-Policy")
    yield FamilyPolicy(Family.ISOLATION, _sent(page, *names), _isolation_words(page))
    size = sum(len(name) + len(value) + 4 for name, value in page.headers)
    words = (f"{len(page.headers)} fields, {size:,} bytes",)
    yield FamilyPolicy(Family.HEADERS, _sent(page, *(one.title() for one in TELLING), *DEPRECATED), words)


# --- in words ---


def span(seconds: int) -> str:
    """`2 years`, `364 days`, `5 minutes`, `60 seconds`."""
    for size, unit in ((YEAR_S, "year"), (DAY_S, "day"), (HOUR_S, "hour"), (60, "minute")):
        if seconds >= 2 * size or seconds == size:
            count = seconds / size
            return f"{count:.3g} {unit}{'' if count == 1 else 's'}" if count < 1000 else f"more than 1,000 {unit}s"
    return f"{seconds} seconds"


def _hsts_words(page: Exchange) -> tuple[str, ...]:
    policy = hsts.parse(page.values(Family.HSTS))
    if isinstance(policy, str):
        return (
            (f"HTTPS is not enforced: the header is {policy}",)
            if policy == "absent"
            else (f"HTTPS is not enforced: {policy}",)
        )
    if policy.max_age == 0:
        return ("HTTPS is not enforced: max-age=0 makes browsers forget it",)
    parts = [
        f"HTTPS only for {span(policy.max_age)}",
        "subdomains included" if policy.include_subdomains else "this host alone",
    ]
    parts += ["preload asked for"] if policy.preload else []
    parts += [f"ignored: {', '.join(policy.unknown)[:200]}"] if policy.unknown else []
    return (", ".join(parts),)


def _csp_words(policies: Sequence[Policy], *, report_only: bool) -> tuple[str, ...]:
    if not policies:
        return ("nothing is blocked: violations are reported only" if report_only else "nothing is blocked",)
    found = csp_review.verdict(policies)
    inline = (
        "blocked"
        if not (found.inline_script or found.inline_handler)
        else "handlers allowed"
        if not found.inline_script
        else "allowed"
    )
    styles = "allowed" if found.inline_style else "blocked"
    last = ["1 policy" if len(policies) == 1 else f"{len(policies)} policies, all of which must allow"]
    last += ["http is upgraded to https"] if csp_review.upgrades(policies) else []
    last += ["Trusted Types enforced"] if not csp_review.trusted_types(policies) else []
    last += ["a further policy only reports"] if report_only else []
    evaluated = "allowed" if found.string_evaluation else "blocked"
    base, forms, framing = (_listed(policies, name) for name in ("base-uri", "form-action", "frame-ancestors"))
    return (
        f"scripts: {_scripts(policies, found)}; inline: {inline}; eval: {evaluated}",
        f"inline styles: {styles}; plug-ins: {_listed(policies, 'object-src')}",
        f"base address: {base}; forms: {forms}; framing: {framing}",
        "; ".join(last),
    )


def _scripts(policies: Sequence[Policy], found: Verdict) -> str:
    if found.any_script:
        return "any"
    strict = next((one for one in policies if "strict-dynamic" in one.keywords("script-src-elem")), None)
    policy = strict or next(one for one in policies if one.effective("script-src-elem") is not None)
    sources = policy.sources("script-src-elem") or ()
    kinds = {one.kind for one in sources}
    said = [name for kind, name in ((Kind.NONCE, "nonce"), (Kind.HASH, "hashes")) if kind in kinds]
    if strict:
        return " + ".join([*said, "strict-dynamic"])
    said += ["own origin"] if "self" in policy.keywords("script-src-elem") else []
    said += [one.text[:80] for one in sources if one.kind in {Kind.HOST, Kind.SCHEME}]
    return ", ".join(said[:8]) + (f" and {len(said) - 8} more" if len(said) > 8 else "") if said else "none"


def _listed(policies: Sequence[Policy], name: str) -> str:
    """Who a directive lets in, by the first policy that restricts it."""
    sources = next((found for policy in policies if (found := policy.effective(name)) is not None), None)
    if sources is None:
        return "anybody" if name == "frame-ancestors" else "anywhere" if name in {"base-uri", "form-action"} else "any"
    words = [word for word in sources if word.lower() != "'none'"]
    if not words:
        return {"frame-ancestors": "nobody", "form-action": "nowhere", "base-uri": "fixed"}.get(name, "none")
    said = ["own origin" if word.lower() == "'self'" else word[:80] for word in words[:5]]
    return ", ".join(said) + (f" and {len(words) - 5} more" if len(words) > 5 else "")


def _ancestors(page: Exchange) -> tuple[str, ...]:
    return _bounded(
        " ".join(("Content-Security-Policy: frame-ancestors", *sources))
        for policy in csp.parse(page.values(Family.CSP))
        if (sources := policy.directive("frame-ancestors")) is not None
    )


def _framing_words(page: Exchange) -> tuple[str, ...]:
    policies = csp.parse(page.values(Family.CSP))
    if any(policy.directive("frame-ancestors") is not None for policy in policies):
        return (f"framed by: {_listed(policies, 'frame-ancestors')}",)
    said = {
        part.strip().upper() for value in page.values("x-frame-options") for part in value.split(",") if part.strip()
    }
    if said == {"DENY"}:
        return ("framed by: nobody, by the old header alone",)
    if said == {"SAMEORIGIN"}:
        return ("framed by: own origin, by the old header alone",)
    return (
        ("framed by: anybody",)
        if not said
        else ("framed by: anybody in some browsers; the value is not one that they know",)
    )


def _content_type_words(page: Exchange) -> tuple[str, ...]:
    first = (page.value("x-content-type-options") or "").split(",")[0].strip().lower()
    return ("browsers keep to the declared type" if first == "nosniff" else "browsers may guess another type",)


def _referrer_words(page: Exchange) -> tuple[str, ...]:
    policy = referrer_policy.parse(page.values(Family.REFERRER))
    if isinstance(policy, str):
        return (f"{policy}: browsers take their own default, strict-origin-when-cross-origin in current ones",)
    return (_REFERRERS[policy.policy],)


_REFERRERS = {
    "no-referrer": "no address is sent to anybody",
    "no-referrer-when-downgrade": "the full address is sent to every https site",
    "same-origin": "addresses stay on the site",
    "origin": "other sites are told the origin, on http too",
    "strict-origin": "everybody is told the origin, on https alone",
    "origin-when-cross-origin": "other sites are told the origin, on http too; own pages the full address",
    "strict-origin-when-cross-origin": "other sites are told the origin, on https alone; own pages the full address",
    "unsafe-url": "every site is told the full address",
}
assert set(_REFERRERS) == set(referrer_policy.POLICIES)


def _permission_words(page: Exchange, settings: Security) -> tuple[str, ...]:
    policy = permissions_policy.parse(page.values(Family.PERMISSIONS))
    if not isinstance(policy, PermissionsPolicy):
        return ("each feature keeps its own default", policy[:160])
    by: dict[str, list[str]] = {}
    for name in dict.fromkeys((*settings.permissions, *policy.features)):
        by.setdefault(_REACH[policy.allowed(name)], []).append(name[:60])
    return tuple(
        f"{who}: {', '.join(names[:12])}" + (f" and {len(names) - 12} more" if len(names) > 12 else "")
        for who, names in by.items()
    )


_REACH = {
    Reach.EVERYONE: "every frame",
    Reach.SELF: "own pages",
    Reach.ORIGINS: "named origins",
    Reach.NONE: "nobody",
    Reach.DEFAULT: "by default",
}


def _isolation_words(page: Exchange) -> tuple[str, ...]:
    opener = cross_origin.opener_policy(page.values("cross-origin-opener-policy"))
    embedder = cross_origin.embedder_policy(page.values("cross-origin-embedder-policy"))
    resource = cross_origin.resource_policy(page.values("cross-origin-resource-policy"))
    said = [
        "the page is cross-origin isolated"
        if cross_origin.isolates(opener, embedder)
        else "the page is not cross-origin isolated"
    ]
    read = (
        ("opener", opener, "unsafe-none"),
        ("embedder", embedder, "unsafe-none"),
        ("resource", resource, "any site"),
    )
    said += [f"{name}: {one.value if not isinstance(one, str) else default}" for name, one, default in read]
    return tuple(said)


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
    return sent, _bounded(_cookie_words(one) for _, one in cookies) or ("no cookie was set",)


def _cookie_words(cookie: set_cookie.Cookie) -> str:
    if cookie.problems:
        return f"{cookie.name[:60]}: browsers drop it, {cookie.problems[0]}"
    parts = [
        "HTTPS only" if cookie.secure else "in the clear too",
        "not for scripts" if cookie.http_only else "readable by scripts",
        f"SameSite {cookie.same_site}" if cookie.same_site else "no SameSite",
        "this host" if cookie.host_only else f"{cookie.domain[:80]} and its subdomains",
        span(cookie.expires_in_s) if cookie.expires_in_s is not None else "until the browser closes",
    ]
    return f"{cookie.name[:60]}: {', '.join(parts)}"


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
            words.append(_plain_words(exchange))
    return _bounded(sent), tuple(dict.fromkeys(words))


def _plain_words(exchange: Exchange) -> str:
    location = (exchange.location or "").strip()
    if not location:
        return "plain http is answered without a redirect"
    if not location.lower().startswith("https:"):
        return "plain http is redirected, not to https"
    lasting = "permanently" if exchange.status in {301, 308} else "for the moment"
    same = "the same host" if _name(location) == _name(exchange.url) else "another host first"
    return f"plain http goes to https at once, {lasting}, to {same}"


def _tls(host: _Host) -> tuple[tuple[str, ...], tuple[str, ...]]:
    shakes = [shake for facts in host.shakes for shake in facts.handshakes]
    sent = [line for shake in shakes for line in _shake(shake)]
    words = dict.fromkeys(word for shake in shakes for word in _tls_words(shake))
    dead = [f"{address}: no handshake, {why}" for facts in host.shakes for address, why in facts.dead]
    return _bounded([*dict.fromkeys(sent), *dead]), _bounded(words)


def _shake(shake: Handshake) -> Iterator[str]:
    yield f"{shake.address}: {shake.version} {shake.cipher}, ALPN {shake.alpn or 'none'}"
    for one in shake.presented[:1]:
        yield f"{one.subject}, issued by {one.issuer}, {one.key}, {one.signature}, {one.not_before[:10]} to {one.not_after[:10]}"


def _tls_words(shake: Handshake) -> Iterator[str]:
    thirteen = {"offered": "TLS 1.3 offered", "refused": "TLS 1.3 not offered"}.get(
        shake.offers.tls13, "TLS 1.3 not known"
    )
    known = shake.legacy == "refused" or shake.legacy.startswith("unknown")
    older = f"older than the declared minimum: {shake.legacy}{'' if known else ' accepted'}"
    yield f"{thirteen}; {older}"
    yield f"weak suites: {', '.join(sorted({kind for kind, _ in shake.offers.weak})) or 'none'}"
    for one in shake.presented[:1]:
        trusted = (
            "trusted"
            if not (shake.error or shake.second_error)
            else f"not trusted ({shake.error or shake.second_error})"
        )
        name = "name matches" if shake.name_matches else "name does not match"
        yield f"certificate until {one.not_after[:10]}, key {one.key}, {trusted}, {name}"
    if groups := [name for name, said in shake.offers.groups if said == "offered"]:
        yield f"key agreement: {', '.join(groups)}"
