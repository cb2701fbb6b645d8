"""A stack trace tells an attacker the framework, its version, file paths and sometimes the settings.

Fix: switch debug mode off in production; answer errors with a page of your own and keep the trace in the log.
See: https://cwe.mitre.org/data/definitions/209.html
Family: Exposure
"""

from __future__ import annotations

from gonogo import Finding, Severity, check
from gonogo.check import report
from gonogo.concerns.security.exposure import Provoked
from gonogo.errors import EvidenceMissing
from gonogo.formats import debug_pages


@check(title="Errors tell nothing of the inside", severity=Severity.HIGH, profiles={"security", "nightly"})
def test_quiet(provoked: Provoked) -> None:
    """A path that is not there, one that is not UTF-8, an odd query; `exposure.error_paths` adds more. What stands in `<code>` is
    told from status 400 on; below it is a documentation's example. UNKNOWN is an answer that is binary data, or longer than
    a million characters."""
    exchange = provoked.exchange
    report(
        Finding.of(provoked.subject, seen=repr(found.excerpt[:120]), wanted="no details", what=found.name)
        for found in debug_pages.find(exchange.body, code=exchange.status >= 400)
    )
    if len(exchange.body) > debug_pages.MAX_LENGTH:
        long = f"the answer has {len(exchange.body)} characters, and {debug_pages.MAX_LENGTH} were searched"
        raise EvidenceMissing("too-large", f"{provoked.subject}: {long}")
    if exchange.body_bytes and not exchange.body:
        kind = (exchange.value("content-type") or "")[:60]
        raise EvidenceMissing("invalid", f"{provoked.subject}: the answer came as {kind!r}, which is not read as text")
