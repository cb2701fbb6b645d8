"""Headers that contradict each other, are long out of use, or grow without bound are read differently by each browser.

Fix: send each security header from one place, once; remove what browsers no longer read.
See: https://www.rfc-editor.org/rfc/rfc9110#section-5.3
Family: Headers as a whole
"""

from __future__ import annotations

from gonogo import Finding, Severity, check
from gonogo.check import report
from gonogo.concerns.security.pages import Response

SINGLE = (
    "content-type",
    "location",
    "x-frame-options",
    "cross-origin-opener-policy",
    "cross-origin-embedder-policy",
    "cross-origin-resource-policy",
    "access-control-allow-origin",
    "access-control-allow-credentials",
)
"""Fields that are no lists: browsers take the first, the last, or none. Strict-Transport-Security has its own check."""
DEPRECATED = {
    "x-xss-protection": "0, or none at all: filters that it turned on opened holes of their own",
    "public-key-pins": "none: a lost key locks every visitor out",
    "public-key-pins-report-only": "none",
    "expect-ct": "none: certificate transparency is enforced without it",
    "feature-policy": "Permissions-Policy in its place",
    "x-content-security-policy": "Content-Security-Policy in its place",
    "x-webkit-csp": "Content-Security-Policy in its place",
    "p3p": "none",
    "x-permitted-cross-domain-policies": "none or `none`: nothing reads it since Flash has gone",
}
MAX_HEADER_BYTES = 8 * 1024
"""Many servers and proxies refuse more (nginx `large_client_header_buffers`, Node's 16 KiB, HTTP/2 field lists)."""
MAX_POLICY_BYTES = 4 * 1024


@check(title="Headers that are no lists stand once", severity=Severity.HIGH, profiles={"smoke", "security", "nightly"})
def test_single(response: Response) -> None:
    """Application and proxy both add them; a structured header that stands twice is switched off."""
    report(
        Finding.of(response.subject, seen=f"{len(values)} times", wanted="once", what=name.title())
        for name in SINGLE
        if len(values := response.exchange.values(name)) > 1
    )


@check(title="No outdated security header is sent", severity=Severity.MEDIUM, profiles={"smoke", "security", "nightly"})
def test_current(response: Response) -> None:
    """They do nothing in current browsers, or harm in old ones."""
    report(
        Finding.of(response.subject, seen=repr(value[:80]), wanted=wanted, what=name.title())
        for name, wanted in DEPRECATED.items()
        for value in response.exchange.values(name)
        if value.strip().lower()
        not in ({"0"} if name == "x-xss-protection" else {"none"} if name.startswith("x-permitted") else set())
    )


@check(
    title="Headers stay below the limits of proxies", severity=Severity.LOW, profiles={"smoke", "security", "nightly"}
)
def test_size(response: Response) -> None:
    """A response whose headers are too large is replaced by an error of the proxy, often only for some visitors."""
    headers = response.exchange.headers
    total = sum(len(name) + len(value) + 4 for name, value in headers)
    policies = max(
        (len(value) for name, value in headers if name.lower().startswith("content-security-policy")), default=0
    )
    findings = []
    if total > MAX_HEADER_BYTES:
        findings.append(
            Finding.of(
                response.subject, seen=f"{total} bytes", wanted=f"at most {MAX_HEADER_BYTES}", what="the header's size"
            )
        )
    elif policies > MAX_POLICY_BYTES:
        findings.append(
            Finding.of(
                response.subject, seen=f"{policies} bytes", wanted=f"at most {MAX_POLICY_BYTES}", what="the CSP's size"
            )
        )
    report(findings)
