"""A method that nobody needs is a way in that nobody watches: TRACE repeats a request back, others write files or open tunnels.

Fix: nginx refuses TRACE; Apache `TraceEnable off`, and no `mod_dav`; IIS: request filtering, and no WebDAV; behind a proxy, refuse
them there.
See: https://www.rfc-editor.org/rfc/rfc9110#section-9.3.8
Family: Exposure
"""

from __future__ import annotations

from gonogo import Finding, Severity, check
from gonogo.check import report
from gonogo.concerns.security.cors import Cors
from gonogo.concerns.security.exposure import Provoked

UNUSUAL = frozenset(
    {"CONNECT", "COPY", "DEBUG", "LOCK", "MKCOL", "MOVE", "PROPFIND", "PROPPATCH", "SEARCH", "TRACE", "TRACK", "UNLOCK"}
)
"""Of tunnels, debuggers and WebDAV (RFC 4918); an API needs them only if it says so."""
FIELDS = ("allow", "public")
"""RFC 9110 §10.2.1; IIS also says Public, as HTTP/1.1 once did."""


@check(title="TRACE is refused", severity=Severity.MEDIUM, profiles={"security", "nightly"})
def test_trace(trace: Provoked) -> None:
    """It repeats a request back with what proxies added to it: internal addresses, and credentials that script may not read.
    Sent without credentials; on tier production only where `limits.allow_methods` lists TRACE."""
    exchange = trace.exchange
    kind = (exchange.value("content-type") or "").lower()
    if exchange.status == 200 and (kind.startswith("message/http") or "x-gonogo: echo" in exchange.body.lower()):
        report([Finding.of(trace.subject, seen="the request repeated back", wanted="405 or 501")])


@check(title="No unusual method is offered", severity=Severity.LOW, profiles={"security", "nightly"})
def test_offered(cors: Cors) -> None:
    """Read in the Allow field of the answers to OPTIONS that the CORS rules ask for anyway; none is tried out. GET, POST, PUT,
    PATCH and DELETE are an API's own affair, and so is what `[api]` declares for the path.

    See: https://www.rfc-editor.org/rfc/rfc9110#section-10.2.1
    """
    offered = {
        word.strip().upper()
        for answer in cors.answers
        for field in FIELDS
        for value in answer.preflight.values(field)
        for word in value.split(",")
    }
    if unusual := sorted(offered & UNUSUAL - cors.methods):
        report([Finding.of(f"OPTIONS {cors.path}", seen=", ".join(unusual), wanted="ordinary methods", what="Allow")])
