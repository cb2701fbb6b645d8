"""People type addresses without https; if plain HTTP is not sent on at once, what they do can be read and changed.

Fix: answer every plain-http request with 301 or 308 to the same address on https.
See: https://www.rfc-editor.org/rfc/rfc9110#section-15.4
"""

from __future__ import annotations

from urllib.parse import urlsplit

from gonogo import Finding, Severity, check
from gonogo.check import report
from gonogo.nouns import Redirects

PERMANENT = frozenset({301, 308})


@check(title="Plain HTTP redirects to HTTPS", severity=Severity.HIGH, profiles={"smoke", "nightly"})
def test_redirect(plain_root: Redirects) -> None:
    """The first hop must be permanent and lead to https on the same host, and the chain must end on a page."""
    first, last = plain_root.hops[0], plain_root.hops[-1]
    target = first.location or ""
    if not target:
        report([Finding.of(first.url, seen=f"status {first.status}", wanted="301 or 308 to https")])
    findings = []
    if first.status not in PERMANENT:
        findings.append(Finding.of(first.url, seen=first.status, wanted="301 or 308", what="the redirect's status"))
    if urlsplit(target).scheme.lower() != "https":
        findings.append(
            Finding.of(first.url, seen=repr(target[:100]), wanted="an https address", what="the redirect's target")
        )
    elif (urlsplit(target).hostname or "").lower() not in {
        (urlsplit(first.url).hostname or "").lower(),
        plain_root.site.host.lower(),
    }:
        findings.append(
            Finding.of(
                first.url,
                seen=repr(target[:100]),
                wanted=f"a page of {plain_root.site.host}",
                what="the redirect's target",
            )
        )
    elif last.location is not None or (plain_root.unfollowed and last.url == first.url):
        findings.append(
            Finding.of(
                first.url,
                seen=f"{len(plain_root.hops)} hops, then {plain_root.unfollowed or last.location}",
                wanted="a page",
            )
        )
    elif last.status != 200:
        findings.append(
            Finding.of(first.url, seen=f"status {last.status} at {last.url[:100]}", wanted="status 200 at the end")
        )
    report(findings)
