"""An error tracker that is set up for another project, or not at all, tells nobody that the site is broken.

Fix: pass the DSN of this environment's project to the client, and let the build fail when it is missing.
See: https://docs.sentry.io/concepts/key-terms/dsn-explainer/
"""

from __future__ import annotations

from gonogo import Finding, Severity, check
from gonogo.check import report
from gonogo.concerns.analytics import ErrorReports
from gonogo.environment.sections.errors import ErrorTracking
from gonogo.errors import EvidenceMissing
from gonogo.formats.sentry_envelope import Address, read_dsn
from gonogo.probes.browser.behaviour import ErrorClient


def _wrong(address: Address, declared: ErrorTracking) -> list[Finding]:
    pairs = (
        ("host", address.host, declared.host.lower()),
        ("project", address.project, declared.project),
        ("public key", address.key, declared.public_key),
    )
    return [
        Finding.of("client", seen=seen[:100] or "none", wanted=wanted, what=what)
        for what, seen, wanted in pairs
        if wanted and seen != wanted
    ]


def _client(client: ErrorClient, declared: ErrorTracking) -> list[Finding]:
    findings = []
    if not client.dsn:
        findings.append(Finding.of("client", seen="no DSN, so it sends nothing", wanted=f"a DSN at {declared.host}"))
    elif isinstance(words := read_dsn(client.dsn), str):
        findings.append(Finding.of("client", seen=f"a DSN that is {words}", wanted=f"a DSN at {declared.host}"))
    if declared.tunnel and not client.tunnel.endswith(declared.tunnel):
        findings.append(Finding.of("client", seen=client.tunnel[:100] or "none", wanted=declared.tunnel, what="tunnel"))
    return findings


@check(title="The error tracker's client is set up as declared", severity=Severity.HIGH, profiles={"nightly"})
def test_configured(error_reports: ErrorReports) -> None:
    """By the client's own options where it can be found in the page, else by the address of what it sends."""
    declared, client = error_reports.declared, error_reports.visit.error_client
    findings = _client(client, declared) if client is not None else []
    addresses = error_reports.addresses
    if client is None and not addresses:
        raise EvidenceMissing("invalid", "no client was found in the page, and it sent nothing; see errors.report.sent")
    findings += [finding for address in addresses for finding in _wrong(address, declared)]
    report(dict.fromkeys(findings))
