"""HSTS tells a browser never again to speak plain HTTP to this host; without it the first request of each visit can be hijacked.

Fix: send `Strict-Transport-Security: max-age=31536000; includeSubDomains` on every HTTPS response, redirects and errors too.
See: https://www.rfc-editor.org/rfc/rfc6797
Family: Strict-Transport-Security
"""

from __future__ import annotations

from gonogo import Finding, Severity, check
from gonogo.check import report
from gonogo.concerns.security.pages import Document
from gonogo.concerns.security.ways import Redirects
from gonogo.environment.models import Environment
from gonogo.formats import hsts
from gonogo.formats.addresses import is_address

HEADER = "strict-transport-security"
NAME = "Strict-Transport-Security"
NEEDS = "[security] on an https site with a name"


def _named(environment: Environment, _: object) -> bool:
    """Browsers ignore HSTS over plain http and for IP addresses (RFC 6797 §8.1)."""
    site = environment.site
    return site.url.startswith("https:") and site.host != "localhost" and not is_address(site.host.strip("[]"))


@check(
    title="HSTS is sent",
    severity=Severity.CRITICAL,
    profiles={"smoke", "security", "nightly"},
    where=_named,
    needs=NEEDS,
)
def test_present(document: Document) -> None:
    """Judged on every page; errors, assets and redirects have checks of their own."""
    if not document.exchange.values(HEADER):
        wanted = f"max-age={document.security.hsts_max_age_s}"
        report([Finding.of(document.page.path, seen="absent", wanted=wanted, what=NAME)])


@check(
    title="Browsers can read the HSTS header",
    severity=Severity.CRITICAL,
    profiles={"smoke", "security", "nightly"},
    where=_named,
    needs=NEEDS,
)
def test_valid(document: Document) -> None:
    """Browsers ignore the whole header for one mistake: `max-age:1`, `max-age=1d`, no max-age, a directive twice.

    See: https://www.rfc-editor.org/rfc/rfc6797#section-6.1
    """
    values = document.exchange.values(HEADER)
    policy = hsts.parse(values)
    if values and isinstance(policy, str):
        wanted = f"max-age={document.security.hsts_max_age_s}; includeSubDomains"
        report([Finding.of(document.page.path, seen=f"{policy} ({values[0][:80]!r})", wanted=wanted, what=NAME)])


@check(
    title="HSTS lasts long enough",
    severity=Severity.HIGH,
    profiles={"smoke", "security", "nightly"},
    where=_named,
    needs=NEEDS,
)
def test_max_age(document: Document) -> None:
    """A short max-age ends between two visits, and zero removes the protection."""
    wanted = document.security.hsts_max_age_s
    policy = hsts.parse(document.exchange.values(HEADER))
    if not isinstance(policy, str) and policy.max_age < wanted:
        report([Finding.of(document.page.path, seen=policy.max_age, wanted=f"at least {wanted}", what="HSTS max-age")])


@check(
    title="HSTS covers every subdomain",
    severity=Severity.MEDIUM,
    profiles={"smoke", "security", "nightly"},
    where=_named,
    needs=NEEDS,
)
def test_subdomains(document: Document) -> None:
    """A subdomain left on plain HTTP can set cookies for the whole site. A misspelt directive is ignored."""
    policy = hsts.parse(document.exchange.values(HEADER))
    if document.security.hsts_include_subdomains and not isinstance(policy, str) and not policy.include_subdomains:
        seen = f"absent (unknown: {', '.join(policy.unknown)[:60]})" if policy.unknown else "absent"
        report([Finding.of(document.page.path, seen=seen, wanted="present", what="HSTS includeSubDomains")])


@check(
    title="HSTS is sent once",
    severity=Severity.HIGH,
    profiles={"smoke", "security", "nightly"},
    where=_named,
    needs=NEEDS,
)
def test_single(document: Document) -> None:
    """Browsers obey the first field and drop the others; which is first changes with the proxy.

    See: https://www.rfc-editor.org/rfc/rfc6797#section-8.1
    """
    values = document.exchange.values(HEADER)
    if hsts.several(values):
        report([Finding.of(document.page.path, seen=f"{len(values)} fields", wanted="one", what=NAME)])


@check(title="HSTS is not sent over plain HTTP", severity=Severity.LOW, profiles={"smoke", "security", "nightly"})
def test_not_on_http(plain_way: Redirects) -> None:
    """Browsers ignore it there; it shows a server that cannot tell its two doors apart.

    See: https://www.rfc-editor.org/rfc/rfc6797#section-7.2
    """
    report(
        Finding.of(hop.url[:100], seen=repr(hop.values(HEADER)[0][:60]), wanted="absent", what=NAME)
        for hop in plain_way.hops
        if hop.url.startswith("http:") and hop.values(HEADER)
    )
