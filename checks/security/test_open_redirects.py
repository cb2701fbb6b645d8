"""A link that begins with the site's own name and ends at a stranger's log-in page is what phishing is made of.

Fix: redirect to paths of the site only; refuse `//host`, `/\\host` and full addresses in parameters.
See: https://cwe.mitre.org/data/definitions/601.html
Family: Redirects
"""

from __future__ import annotations

from gonogo import Finding, Severity, check
from gonogo.check import report
from gonogo.concerns.security.ways import ELSEWHERE, OpenRedirect, redirect_host


@check(title="Redirects do not lead where a link says", severity=Severity.HIGH, profiles={"security", "nightly"})
def test_own_hosts(open_redirect: OpenRedirect) -> None:
    """Tried with `//host/`, `/\\host/` and the paths of `security.redirect_paths`; read as a browser reads Location."""
    host = redirect_host(open_redirect.exchange)
    if host == ELSEWHERE or host.endswith(f".{ELSEWHERE}"):
        location = open_redirect.exchange.location or ""
        report(
            [
                Finding.of(
                    open_redirect.subject, seen=repr(location[:100]), wanted="an address of the system", what="Location"
                )
            ]
        )
