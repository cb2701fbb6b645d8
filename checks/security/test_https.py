"""People type addresses without https; if plain HTTP is not sent on at once, what they do can be read and changed.

Fix: answer every plain-http request with 301 or 308 to the same address on https.
See: https://www.rfc-editor.org/rfc/rfc9110#section-15.4
"""

from __future__ import annotations

from urllib.parse import urlsplit

from gonogo import Finding, Severity, check
from gonogo.check import report
from gonogo.nouns import MAX_HOPS, Redirects

PERMANENT = frozenset({301, 308})


def _scheme_and_host(url: str) -> tuple[str, str]:
    try:
        parts = urlsplit(url)
        return parts.scheme.lower(), (parts.hostname or "").lower()
    except ValueError:
        return "", ""


@check(title="Plain HTTP redirects to HTTPS", severity=Severity.HIGH, profiles={"smoke", "nightly"})
def test_redirect(plain_root: Redirects) -> None:
    """The first hop is permanent and leads to https on the same host, and no later hop goes back to plain HTTP.

    What the site itself answers at the end (a page, a log-in) is judged elsewhere.
    """
    first = plain_root.hops[0]
    target = first.location or ""
    if not target:
        report([Finding.of(first.url, seen=f"status {first.status}", wanted="301 or 308 to https")])
    findings = []
    if first.status not in PERMANENT:
        findings.append(Finding.of(first.url, seen=first.status, wanted="301 or 308", what="the redirect's status"))
    scheme, host = _scheme_and_host(target)
    if scheme != "https":
        findings.append(
            Finding.of(first.url, seen=repr(target[:100]), wanted="an https address", what="the redirect's target")
        )
    elif host not in {_scheme_and_host(first.url)[1], plain_root.site.host.lower()}:
        wanted = f"a page of {plain_root.site.host}"
        findings.append(Finding.of(first.url, seen=repr(target[:100]), wanted=wanted, what="the redirect's target"))
    later = [hop.url for hop in plain_root.hops[1:]] + [hop.location for hop in plain_root.hops[1:] if hop.location]
    findings += [
        Finding.of(first.url, seen=f"{url[:100]} on the way", wanted="https only")
        for url in later
        if _scheme_and_host(url)[0] == "http"
    ]
    if len(plain_root.hops) > MAX_HOPS and plain_root.hops[-1].location:
        findings.append(Finding.of(first.url, seen=f"more than {MAX_HOPS} redirects", wanted="an answer"))
    report(findings)
