"""A session cookie that script, plain HTTP or another site can use is a session that somebody else can use.

Fix: `Set-Cookie: __Host-session=…; Path=/; Secure; HttpOnly; SameSite=Lax`.
See: https://datatracker.ietf.org/doc/html/draft-ietf-httpbis-rfc6265bis
"""

from __future__ import annotations

from datetime import datetime
from fnmatch import fnmatchcase

from gonogo import Finding, Severity, check
from gonogo.check import report
from gonogo.formats.set_cookie import Cookie, parse_all
from gonogo.nouns import Document


def _cookies(document: Document) -> tuple[Cookie, ...]:
    """Cookies that the page sets; those it deletes carry nothing to protect."""
    at = datetime.fromisoformat(document.exchange.ended)
    return tuple(cookie for cookie in parse_all(document.exchange.values("set-cookie"), at=at) if not cookie.deletes)


def _lacking(document: Document, cookies: list[Cookie], attribute: str) -> list[Finding]:
    return [
        Finding.of(
            document.page.path, seen="absent", wanted="present", what=f"{attribute} on cookie {cookie.name[:60]!r}"
        )
        for cookie in cookies
    ]


@check(title="Cookies travel over HTTPS only", severity=Severity.HIGH, profiles={"smoke", "nightly"})
def test_secure(document: Document) -> None:
    """Without Secure the cookie is sent on the first plain-http request, readable by anyone on the way."""
    report(_lacking(document, [cookie for cookie in _cookies(document) if not cookie.secure], "Secure"))


@check(title="Script cannot read session cookies", severity=Severity.HIGH, profiles={"smoke", "nightly"})
def test_http_only(document: Document) -> None:
    """One cross-site scripting hole then gives away every session. Judged for names in `security.session_cookies`."""
    patterns = [pattern.lower() for pattern in document.security.session_cookies]
    bare = [
        cookie
        for cookie in _cookies(document)
        if not cookie.http_only and any(fnmatchcase(cookie.name.lower(), pattern) for pattern in patterns)
    ]
    report(_lacking(document, bare, "HttpOnly"))


@check(title="Cookies say which sites may use them", severity=Severity.MEDIUM, profiles={"smoke", "nightly"})
def test_same_site(document: Document) -> None:
    """Browsers differ in what an absent SameSite means; `None` without Secure is rejected."""
    report(_lacking(document, [cookie for cookie in _cookies(document) if not cookie.same_site], "SameSite"))
