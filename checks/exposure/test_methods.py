"""TRACE repeats a request back with what proxies added to it: internal addresses, and credentials that script may not read.

Fix: nginx refuses it; Apache `TraceEnable off`; behind a proxy, refuse it there.
See: https://www.rfc-editor.org/rfc/rfc9110#section-9.3.8
"""

from __future__ import annotations

from gonogo import Finding, Severity, check
from gonogo.check import report
from gonogo.nouns import Provoked


@check(title="TRACE is refused", severity=Severity.MEDIUM, profiles={"security", "nightly"})
def test_trace(trace: Provoked) -> None:
    """Sent without credentials; on tier production only where `limits.allow_methods` lists TRACE."""
    exchange = trace.exchange
    kind = (exchange.value("content-type") or "").lower()
    if exchange.status == 200 and (kind.startswith("message/http") or "x-gonogo: echo" in exchange.body.lower()):
        report([Finding.of(trace.subject, seen="the request repeated back", wanted="405 or 501")])
