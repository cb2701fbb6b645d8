"""What a host's headers, cookies and handshakes are in effect, in a few words for a reader of the report.

Each function takes what was sent and returns lines; text of the target is shortened.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

from gonogo.concerns.security.family import Family
from gonogo.environment.sections.security import Security
from gonogo.formats import cross_origin, csp, csp_review, hsts, permissions_policy, referrer_policy, set_cookie
from gonogo.formats.csp import Kind, Policy
from gonogo.formats.csp_review import Verdict
from gonogo.formats.permissions_policy import PermissionsPolicy, Reach
from gonogo.probes.http.facts import Exchange
from gonogo.probes.tls.facts import Handshake

YEAR_S, DAY_S, HOUR_S = 31_536_000, 86_400, 3_600


def host_name(url: str) -> str:
    """The host of a URL in lower case, or an empty text where it has none."""
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""


def span(seconds: int) -> str:
    """`2 years`, `364 days`, `5 minutes`, `60 seconds`."""
    for size, unit in ((YEAR_S, "year"), (DAY_S, "day"), (HOUR_S, "hour"), (60, "minute")):
        if seconds >= 2 * size or seconds == size:
            count = seconds / size
            return f"{count:.3g} {unit}{'' if count == 1 else 's'}" if count < 1000 else f"more than 1,000 {unit}s"
    return f"{seconds} seconds"


def hsts_words(page: Exchange) -> tuple[str, ...]:
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


def csp_words(policies: Sequence[Policy], *, report_only: bool) -> tuple[str, ...]:
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


def framing_words(page: Exchange) -> tuple[str, ...]:
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


def content_type_words(page: Exchange) -> tuple[str, ...]:
    first = (page.value("x-content-type-options") or "").split(",")[0].strip().lower()
    return ("browsers keep to the declared type" if first == "nosniff" else "browsers may guess another type",)


def referrer_words(page: Exchange) -> tuple[str, ...]:
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


def permission_words(page: Exchange, settings: Security) -> tuple[str, ...]:
    policy = permissions_policy.parse(page.values(Family.PERMISSIONS))
    if not isinstance(policy, PermissionsPolicy):
        return ("each feature keeps its own default", policy if len(policy) <= 160 else f"{policy[:160]}…")
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


def isolation_words(page: Exchange) -> tuple[str, ...]:
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


def cookie_words(cookie: set_cookie.Cookie) -> str:
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


def plain_words(exchange: Exchange) -> str:
    location = (exchange.location or "").strip()
    if not location:
        return "plain http is answered without a redirect"
    if not location.lower().startswith("https:"):
        return "plain http is redirected, not to https"
    lasting = "permanently" if exchange.status in {301, 308} else "for the moment"
    same = "the same host" if host_name(location) == host_name(exchange.url) else "another host first"
    return f"plain http goes to https at once, {lasting}, to {same}"


def tls_words(shake: Handshake) -> Iterator[str]:
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


def handshake_lines(shake: Handshake) -> Iterator[str]:
    yield f"{shake.address}: {shake.version} {shake.cipher}, ALPN {shake.alpn or 'none'}"
    for one in shake.presented[:1]:
        yield f"{one.subject}, issued by {one.issuer}, {one.key}, {one.signature}, {one.not_before[:10]} to {one.not_after[:10]}"
