"""People type addresses without https; if plain HTTP is not sent on at once, what they do can be read and changed.

Fix: answer every plain-http request with 301 or 308 to the same address on https.
See: https://www.rfc-editor.org/rfc/rfc9110#section-15.4
Family: Redirects
"""

from __future__ import annotations

from urllib.parse import urlsplit

from gonogo import Finding, Severity, check
from gonogo.check import report
from gonogo.concerns.fixture import MAX_HOPS
from gonogo.concerns.security.ways import Redirects
from gonogo.errors import EvidenceMissing
from gonogo.evidence.records import FailureKind
from gonogo.formats.public_suffix import registrable
from gonogo.probes.http.redirects import absolute

PERMANENT = frozenset({301, 308})
MAX_REDIRECTS = 3


def _parts(url: str) -> tuple[str, str, str]:
    """Scheme, host and path without its last slash; empty where a URL cannot be read."""
    try:
        parts = urlsplit(url)
        return parts.scheme.lower(), (parts.hostname or "").lower(), parts.path.rstrip("/")
    except ValueError:
        return "", "", ""


def _target(way: Redirects) -> str:
    """Where the first hop leads, as an absolute address; empty when it is no redirect."""
    first = way.hops[0]
    return absolute(first.url, first.location or "") or first.location or ""


@check(title="Plain HTTP redirects to HTTPS", severity=Severity.CRITICAL, profiles={"smoke", "security", "nightly"})
def test_redirect(plain_way: Redirects) -> None:
    """The root and a deep path, at once, to the site and with the path kept (a language may be put before it). A door that is
    shut sends nobody astray.

    What the site itself answers at the end (a page, a log-in) is judged elsewhere.
    """
    if not plain_way.hops:
        return
    first, target = plain_way.hops[0], _target(plain_way)
    if not target:
        report([Finding.of(first.url, seen=f"status {first.status}", wanted="301 or 308 to https")])
    scheme, host, path = _parts(target)
    if scheme != "https":
        report(
            [Finding.of(first.url, seen=repr(target[:100]), wanted="an https address", what="the redirect's target")]
        )
    known = {_parts(first.url)[1], plain_way.site.host.lower(), *(_parts(alias)[1] for alias in plain_way.site.aliases)}
    if host not in known and registrable(host) not in {registrable(one) for one in known} - {None}:
        wanted = f"a page of {plain_way.site.host}"
        report([Finding.of(first.url, seen=repr(target[:100]), wanted=wanted, what="the redirect's target")])
    if not path.endswith(_parts(first.url)[2]):
        wanted = "the same path"
        report([Finding.of(first.url, seen=repr(target[:100]), wanted=wanted, what="the redirect's target")])


@check(title="The redirect to HTTPS is permanent", severity=Severity.MEDIUM, profiles={"smoke", "security", "nightly"})
def test_permanent(plain_way: Redirects) -> None:
    """A temporary redirect is asked for again each time, in the clear, and search engines keep the insecure address."""
    first = next(iter(plain_way.hops), None)
    if first is not None and first.location and first.status not in PERMANENT:
        report([Finding.of(first.url, seen=first.status, wanted="301 or 308", what="the redirect's status")])


@check(
    title="The first redirect stays on its host", severity=Severity.MEDIUM, profiles={"smoke", "security", "nightly"}
)
def test_same_host_first(plain_way: Redirects) -> None:
    """http://example.org must meet https://example.org before it is sent to www: only so that host's HSTS is ever learnt.

    See: https://hstspreload.org/#submission-requirements
    """
    if not plain_way.hops:
        return
    first, (scheme, host, _) = plain_way.hops[0], _parts(_target(plain_way))
    known = {plain_way.site.host.lower(), *(_parts(alias)[1] for alias in plain_way.site.aliases)}
    if scheme == "https" and host in known and host != _parts(first.url)[1]:
        wanted = f"https://{_parts(first.url)[1]} first"
        report(
            [Finding.of(first.url, seen=repr(_target(plain_way)[:100]), wanted=wanted, what="the redirect's target")]
        )


@check(
    title="No redirect leads back to plain HTTP", severity=Severity.CRITICAL, profiles={"smoke", "security", "nightly"}
)
def test_no_downgrade(way: Redirects) -> None:
    """One hop in the clear is enough to take the visitor elsewhere."""
    findings = []
    for hop in way.hops:
        location = hop.location or ""
        if hop.url.startswith("https:") and _parts(absolute(hop.url, location))[0] == "http":
            findings.append(
                Finding.of(
                    hop.url[:100], seen=repr(location[:100]), wanted="an https address", what="the redirect's target"
                )
            )
    report(findings)


@check(title="Few redirects lead to the site", severity=Severity.HIGH, profiles={"smoke", "security", "nightly"})
def test_bounded(way: Redirects) -> None:
    """A loop is an outage for whoever comes that way, and each hop costs a round trip."""
    if not way.hops:
        return
    urls = [hop.url for hop in way.hops]
    looping = len(set(urls)) < len(urls) or (way.hops[-1].location and _again(way))
    redirects = sum(hop.location is not None for hop in way.hops)
    if looping or redirects > MAX_REDIRECTS:
        seen = (
            "a loop"
            if looping
            else f"{redirects} redirects"
            if redirects <= MAX_HOPS
            else f"more than {MAX_HOPS} redirects"
        )
        report([Finding.of(urls[0], seen=seen, wanted=f"at most {MAX_REDIRECTS} redirects")])


def _again(way: Redirects) -> bool:
    """The last hop leads to one that was met before."""
    last = way.hops[-1]
    return absolute(last.url, last.location or "").rstrip("/") in {hop.url.rstrip("/") for hop in way.hops}


@check(
    title="Every redirecting host has a good certificate",
    severity=Severity.CRITICAL,
    profiles={"smoke", "security", "nightly"},
)
def test_certificates(entrance: Redirects) -> None:
    """An expired certificate on the short name stops visitors before they reach the site, whose own is fine."""
    failure, url = entrance.failure, entrance.failed_url
    if failure is not None and failure.kind is FailureKind.TLS:
        if _parts(url)[1] == entrance.site.host.lower():
            raise EvidenceMissing(failure.kind, failure.message)  # the site's own is judged by the checks of TLS
        report([Finding.of(url[:100], seen=failure.message, wanted="a certificate that browsers accept")])
