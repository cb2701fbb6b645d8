"""A session cookie that script, plain HTTP or another site can use is a session that somebody else can use.

Fix: `Set-Cookie: __Host-session=…; Path=/; Secure; HttpOnly; SameSite=Lax`.
See: https://datatracker.ietf.org/doc/html/draft-ietf-httpbis-rfc6265bis
Family: Cookies
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from fnmatch import fnmatchcase

from gonogo import Finding, Severity, check
from gonogo.check import report
from gonogo.concerns.security.pages import Response
from gonogo.concerns.security.ways import Redirects
from gonogo.errors import EvidenceMissing
from gonogo.formats.public_suffix import is_public
from gonogo.formats.set_cookie import Cookie, is_session, parse_all, problems_at, read

DAY_S = 86_400
MAX_AGE_S = 400 * DAY_S
"""Browsers keep no cookie longer (RFC 6265bis §5.5)."""


def _at(response: Response) -> datetime:
    return datetime.fromisoformat(response.exchange.ended)


def _fields(response: Response) -> tuple[Cookie, ...]:
    """Cookies that the answer sets or deletes."""
    found = parse_all(response.exchange.values("set-cookie"), at=_at(response))
    return tuple(cookie for cookie in found if not _foreign(cookie))


def _cookies(response: Response) -> tuple[Cookie, ...]:
    """Cookies that the answer sets; those it deletes carry nothing to protect."""
    return tuple(cookie for cookie in _fields(response) if not cookie.deletes)


FOREIGN = (
    "__cf_bm", "_cfuvid", "cf_clearance", "__cfruid", "__cflb", "awsalb*", "awselb*", "arraffinity*", "bigip*", "incap_ses_*",
    "visid_incap_*", "ak_bmsc", "bm_s*", "_abck",
)  # fmt: skip
"""Set by networks and load balancers in front, which their customer cannot change; they hold no session of the site's."""
RFC_2109 = frozenset({"version", "comment", "commenturl", "discard", "port"})
"""Attributes of the first specifications that some servers still send; browsers ignore them."""


def _foreign(cookie: Cookie) -> bool:
    return any(fnmatchcase(cookie.name.lower(), pattern) for pattern in FOREIGN)


def _clear(response: Response) -> bool:
    """A site of plain http, as in development: Secure would keep its cookies from working."""
    return response.exchange.url.startswith("http:")


def _session(response: Response, cookie: Cookie) -> bool:
    return is_session(cookie, response.security.session_cookies)


def _lacking(response: Response, cookies: Iterable[Cookie], attribute: str) -> list[Finding]:
    return [
        Finding.of(
            response.subject, seen="absent", wanted="present", what=f"{attribute} on cookie {cookie.name[:60]!r}"
        )
        for cookie in cookies
    ]


def _prefixed(cookie: Cookie) -> bool:
    """Its prefix demands Secure of every browser, so a lack of it is that check's finding."""
    return bool(cookie.prefix)


@check(
    title="Session cookies travel over HTTPS only",
    severity=Severity.CRITICAL,
    profiles={"smoke", "security", "nightly"},
)
def test_session_secure(response: Response) -> None:
    """Without Secure the session is sent with the first plain-http request, readable by anyone on the way."""
    bare = (
        one
        for one in _cookies(response)
        if not one.secure and not _prefixed(one) and _session(response, one) and not _clear(response)
    )
    report(_lacking(response, bare, "Secure"))


@check(title="Cookies travel over HTTPS only", severity=Severity.HIGH, profiles={"smoke", "security", "nightly"})
def test_secure(response: Response) -> None:
    """Judged for cookies that are no session; what they hold can be read and changed on the way."""
    bare = (
        one
        for one in _cookies(response)
        if not one.secure and not _prefixed(one) and not _session(response, one) and not _clear(response)
    )
    report(_lacking(response, bare, "Secure"))


@check(
    title="Script cannot read session cookies", severity=Severity.CRITICAL, profiles={"smoke", "security", "nightly"}
)
def test_http_only(response: Response) -> None:
    """One cross-site scripting hole then gives away every session. Judged for names in `security.session_cookies` and for
    values that are a JWT; where the prefix demands HttpOnly, prefixes have their own check."""
    bare = (
        one
        for one in _cookies(response)
        if not one.http_only and _session(response, one) and (_clear(response) or not one.prefix_problems)
    )
    report(_lacking(response, bare, "HttpOnly"))


@check(title="Cookies say which sites may use them", severity=Severity.HIGH, profiles={"smoke", "security", "nightly"})
def test_same_site(response: Response) -> None:
    """Browsers differ in what an absent or unknown SameSite means; `None` without Secure is dropped."""
    findings = []
    for cookie in _cookies(response):
        what = f"SameSite on cookie {cookie.name[:60]!r}"
        if not cookie.same_site:
            seen = "absent" if cookie.same_site_raw is None else repr(cookie.same_site_raw[:30])
            findings.append(Finding.of(response.subject, seen=seen, wanted="Lax, Strict or None", what=what))
    report(findings)


@check(
    title="Cookie prefixes keep their promise", severity=Severity.CRITICAL, profiles={"smoke", "security", "nightly"}
)
def test_prefix(response: Response) -> None:
    """Browsers drop `__Host-` without Secure and `Path=/` or with a Domain, `__Secure-` without Secure, and `__Http-` without
    Secure and HttpOnly: nobody can log in. A deletion is dropped just so: nobody can log out.

    See: https://developer.mozilla.org/docs/Web/HTTP/Reference/Headers/Set-Cookie#cookie_prefixes
    """
    report(
        Finding.of(
            response.subject,
            seen=problem,
            wanted="what the prefix demands",
            what=f"{'deletion of ' if cookie.deletes else ''}cookie {cookie.name[:60]!r}",
        )
        for cookie in _fields(response)
        if cookie.prefix and not _clear(response) and not (cookie.deletes and _is_replaced(response, cookie))
        for problem in _dropped(response, cookie)
    )


def _is_replaced(response: Response, cookie: Cookie) -> bool:
    """Another field of the answer sets or deletes the same cookie, and browsers obey it."""
    return any(one.name == cookie.name and not _dropped(response, one) for one in _fields(response))


def _dropped(response: Response, cookie: Cookie) -> tuple[str, ...]:
    """Why a browser that got this answer drops the cookie."""
    found = problems_at(cookie, url=response.exchange.url, is_public_suffix=is_public)
    return tuple(dict.fromkeys((*cookie.problems, *found, *cookie.prefix_problems)))


@check(title="Cookies stay on their host", severity=Severity.MEDIUM, profiles={"smoke", "security", "nightly"})
def test_scope(response: Response) -> None:
    """A Domain attribute hands the cookie to every subdomain, forgotten ones included. `security.cookie_domains` allows some."""
    allowed = {domain.lstrip(".").lower() for domain in response.security.cookie_domains}
    report(
        Finding.of(
            response.subject,
            seen=cookie.domain[:80],
            wanted="no Domain attribute",
            what=f"Domain of cookie {cookie.name[:60]!r}",
        )
        for cookie in _cookies(response)
        if cookie.domain and cookie.domain not in allowed and not cookie.prefix.lower().startswith("__host-")
    )


@check(title="Cookies do not live for ever", severity=Severity.MEDIUM, profiles={"smoke", "security", "nightly"})
def test_lifetime(response: Response) -> None:
    """Browsers cut at 400 days, so a longer one is a mistake in a unit; sessions have `security.session_max_age_s`."""
    findings = []
    for cookie in _cookies(response):
        most = response.security.session_max_age_s if _session(response, cookie) else MAX_AGE_S
        if cookie.asked_s is not None and cookie.asked_s > most:
            what = f"lifetime of cookie {cookie.name[:60]!r}"
            seen, wanted = f"{cookie.asked_s / DAY_S:.1f} days", f"at most {most / DAY_S:g} days"
            findings.append(Finding.of(response.subject, seen=seen, wanted=wanted, what=what))
    report(findings)


@check(title="Cookie lifetimes can be read", severity=Severity.LOW, profiles={"smoke", "security", "nightly"})
def test_lifetime_valid(response: Response) -> None:
    """Browsers ignore a Max-Age that is no whole number and an Expires that is no date: the cookie ends with the session, or
    is not deleted, whatever was meant. An Expires beside a good Max-Age counts for nothing and is not judged.

    Fix: `Max-Age=86400`, in seconds; or `Expires=Wed, 21 Oct 2026 07:28:00 GMT`.
    See: https://datatracker.ietf.org/doc/html/draft-ietf-httpbis-rfc6265bis#section-5.6.2
    """
    report(
        Finding.of(
            response.subject,
            seen=repr(cookie.ignored_lifetime),
            wanted="seconds, or a date",
            what=f"lifetime of cookie {cookie.name[:60]!r}",
        )
        for cookie in _cookies(response)
        if cookie.ignored_lifetime and not cookie.looks_joined
    )


@check(title="No cookie is set over plain HTTP", severity=Severity.HIGH, profiles={"smoke", "security", "nightly"})
def test_plain_http(way: Redirects) -> None:
    """An answer that redirects to https is still plain http: whoever is on the way reads its cookies, or sets others. One with
    Secure is not kept from there, so it is no finding; nor is a cookie of a network or load balancer in front.

    Fix: set cookies on https only; let the plain-http server answer with nothing but the redirect.
    """
    if way.site.url.startswith("http:"):
        return
    report(
        Finding.of(
            hop.url, seen="set without Secure", wanted="no cookie over plain http", what=f"cookie {cookie.name[:60]!r}"
        )
        for hop in way.hops
        if hop.url.startswith("http:")
        for cookie in parse_all(hop.values("set-cookie"), at=datetime.fromisoformat(hop.ended))
        if not cookie.secure and not cookie.deletes and not _foreign(cookie)
    )
    if way.hops and way.failure is not None and way.failed_url.startswith("http:"):
        raise EvidenceMissing(way.failure.kind, f"{way.failed_url[:200]}: {way.failure.message}")


@check(
    title="Browsers keep every cookie that is set", severity=Severity.HIGH, profiles={"smoke", "security", "nightly"}
)
def test_kept(response: Response) -> None:
    """A cookie that is malformed, too large, for another host, joined with a second by a proxy, or `SameSite=None` without
    Secure is dropped without a word: log-in and consent fail for no visible reason."""
    findings = []
    for value in response.exchange.values("set-cookie"):
        cookie = read(value, at=_at(response))
        if isinstance(cookie, str):
            findings.append(Finding.of(response.subject, seen=cookie, wanted="a cookie", what=repr(value[:60])))
            continue
        if _foreign(cookie):
            continue
        name = f"cookie {cookie.name[:60]!r}"
        if cookie.looks_joined:
            findings.append(
                Finding.of(response.subject, seen="joined with another by a comma", wanted="one field each", what=name)
            )
        elif unknown := [name for name in cookie.unknown if name not in RFC_2109]:
            seen = f"with unknown attributes: {', '.join(unknown)[:80]}"
            findings.append(Finding.of(response.subject, seen=seen, wanted="attributes that browsers know", what=name))
        if not cookie.prefix and not _clear(response) and not _told_elsewhere(cookie):
            findings += [
                Finding.of(response.subject, seen=f"dropped: {problem}", wanted="kept", what=name)
                for problem in _dropped(response, cookie)
            ]
    report(findings)


def _told_elsewhere(cookie: Cookie) -> bool:
    """A lack of Secure is told by its own checks."""
    return not cookie.secure and cookie.same_site != "None" and not cookie.domain and not cookie.partitioned
