"""A domain on the preload list is never asked in the clear, not even by a new browser; one that is not eligible is refused or removed.

Fix: on the registrable domain itself: redirect to its own https address first, and send `Strict-Transport-Security: max-age=63072000; includeSubDomains; preload` there, on redirects too.
See: https://hstspreload.org/#submission-requirements
Family: Strict-Transport-Security
"""

from __future__ import annotations

from urllib.parse import urlsplit

from gonogo import Finding, Severity, check
from gonogo.check import report
from gonogo.concerns.security.ways import Preloading, Redirects
from gonogo.evidence.records import Failure, FailureKind
from gonogo.formats import hsts
from gonogo.formats.public_suffix import registrable
from gonogo.probes.http.facts import Exchange
from gonogo.probes.http.redirects import absolute

LEAST_MAX_AGE_S = 31_536_000
MAX_REDIRECTS = 3
HEADER = "strict-transport-security"


def _authority(url: str) -> tuple[str, int]:
    """Host and port; an empty host where the address cannot be read."""
    try:
        parts = urlsplit(url)
        return (parts.hostname or "").lower(), parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        return "", 0


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""


@check(title="The domain is eligible for HSTS preloading", severity=Severity.HIGH, profiles={"security", "nightly"})
def test_eligible(preload: Preloading) -> None:
    """Each published requirement of the list: certificate, redirect on the same host first, www, and the header's three parts."""
    report((*_domain(preload), *_plain(preload), *_secure(preload), *_www(preload)))


def _domain(preload: Preloading) -> list[Finding]:
    if registrable(preload.domain) != preload.domain:
        return [
            Finding.of(preload.domain, seen="not a registrable domain", wanted="the domain below the public suffix")
        ]
    return []


def _plain(preload: Preloading) -> list[Finding]:
    if isinstance(preload.plain, Failure):
        return []  # nothing listens there: nothing to redirect
    first = preload.plain.hops[0]
    target = absolute(first.url, first.location or "")
    if not target.startswith("https:") or _authority(target) != _authority(preload.url):
        seen = repr(target[:80]) if target else f"status {first.status}"
        return [Finding.of(first.url, seen=seen, wanted=f"https://{preload.domain} first", what="the redirect")]
    behind = preload.plain.hops[1:2]
    root = isinstance(preload.secure, Redirects) and behind and behind[0].url == preload.secure.hops[0].url
    return ([] if root else [one for hop in behind for one in _header(hop)]) + _chain(preload.plain)


def _secure(preload: Preloading) -> list[Finding]:
    if isinstance(preload.secure, Failure):
        return [Finding.of(preload.domain, seen=preload.secure.message, wanted="an answer over HTTPS")]
    return _header(preload.secure.hops[0]) + _chain(preload.secure)


def _header(hop: Exchange) -> list[Finding]:
    """The header's three parts, in one field."""
    where = hop.url[:100]
    values = hop.values(HEADER)
    policy = hsts.parse(values)
    if isinstance(policy, str):
        wanted = "max-age, includeSubDomains and preload"
        return [Finding.of(where, seen=policy, wanted=wanted, what="Strict-Transport-Security")]
    findings = []
    if hsts.several(values):
        findings.append(Finding.of(where, seen=f"{len(values)} fields", wanted="one", what="Strict-Transport-Security"))
    if policy.max_age < LEAST_MAX_AGE_S:
        findings.append(Finding.of(where, seen=policy.max_age, wanted=f"at least {LEAST_MAX_AGE_S}", what="max-age"))
    if not policy.include_subdomains:
        findings.append(Finding.of(where, seen="absent", wanted="present", what="includeSubDomains"))
    if not policy.preload:
        findings.append(Finding.of(where, seen="absent", wanted="present", what="preload"))
    return findings


def _chain(way: Redirects) -> list[Finding]:
    findings = [
        Finding.of(hop.url[:100], seen=repr((hop.location or "")[:80]), wanted="https only", what="a redirect's target")
        for hop in way.hops
        if hop.location and absolute(hop.url, hop.location).startswith("http:")
    ]
    if way.failure is not None and way.failure.kind is FailureKind.TLS:
        findings.append(Finding.of(way.failed_url[:100], seen=way.failure.message, wanted="an answer over HTTPS"))
    redirects = sum(hop.location is not None for hop in way.hops)
    if redirects > MAX_REDIRECTS and not findings:
        findings.append(
            Finding.of(way.hops[0].url[:100], seen=f"{redirects} redirects", wanted=f"at most {MAX_REDIRECTS}")
        )
    return findings


def _www(preload: Preloading) -> list[Finding]:
    if isinstance(preload.www, Failure) and preload.www.kind is not FailureKind.DNS:
        return [Finding.of(f"www.{preload.domain}", seen=preload.www.message, wanted="HTTPS, as its name resolves")]
    return []
