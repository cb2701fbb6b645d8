"""A service that was ruled out, for its country or its terms, receives what breaks on a visitor's page all the same.

Fix: remove the client and its script from the build, and its host from the content security policy.
See: https://gdpr-info.eu/art-44-gdpr/
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from urllib.parse import urlsplit

from gonogo import Finding, Severity, check
from gonogo.check import report
from gonogo.concerns.analytics import ForbiddenHosts
from gonogo.concerns.consent.fixtures import able
from gonogo.concerns.consent.judgements import chosen
from gonogo.probes.browser.facts import Visit


def _asked(visit: Visit) -> list[str]:
    """Addresses that a page asked for, those included that its policy or gonogo stopped."""
    return [*(request.url for request in visit.requests), *(violation.blocked for violation in visit.violations)]


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""


@check(title="Forbidden hosts hear nothing", severity=Severity.HIGH, profiles={"nightly"})
def test_forbidden(forbidden_hosts: ForbiddenHosts) -> None:
    """On every declared page, after acceptance where consent is asked for, and after an error where one is provoked."""
    patterns = [pattern.lower() for pattern in forbidden_hosts.declared.forbid_hosts]
    report(
        dict.fromkeys(
            Finding.of(name, seen=host, wanted="no request to it")
            for name, visit in forbidden_hosts.visits
            for host in map(_host, _asked(visit))
            if any(fnmatchcase(host, pattern) for pattern in patterns)
        )
    )
    for name, visit in forbidden_hosts.visits:
        if name == "consent accept":
            chosen(visit, "accept")
        elif name == "script":
            able(visit, "throw")
