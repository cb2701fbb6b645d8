"""The demo with further faults, made for rules of the compared tools that the catalogue has no defect for.

Run as a process it is the demo, as `python -m gonogo.demo` is; imported it is the list of what was added. The
catalogue stays as it is: no test knows these.
"""

from __future__ import annotations

import re
import ssl
import sys
from collections.abc import Collection
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import Any

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from gonogo.demo.defects.fault import Fault, Traffic, header, policy
from gonogo.demo.defects.security import directive, in_body, in_head, more, on_host
from gonogo.demo.replies import Reply
from gonogo.demo.site import PAGES

HSTS = "strict-transport-security"


class Tls(Enum):
    """Something that the site's TLS does beside what `gonogo.demo.fault.Switch` names."""

    CBC_BESIDE = "TLS 1.2 has CBC ciphers beside the authenticated ones"
    RENEGOTIATION = "clients may renegotiate"


@dataclass(frozen=True)
class More:
    id: str
    title: str
    subject: str
    """As the id of a check begins: what a tool must look at to see it."""
    fault: Fault


def _cors_on_pages(request: Request, reply: Reply) -> None:
    if origin := request.headers.get("origin"):
        reply.headers["access-control-allow-origin"] = origin
        reply.headers["access-control-allow-credentials"] = "true"


async def _cors_preflight(request: Request, _: Traffic) -> Response | None:
    return Response(status_code=204) if request.method == "OPTIONS" and request.url.path in PAGES else None


async def _robots_cookie(request: Request, _: Traffic) -> Response | None:
    if request.url.path != "/robots.txt":
        return None
    return PlainTextResponse("User-agent: *\nDisallow:\n", headers={"set-cookie": "session_hint=1; Path=/"})


def _csrf_cookie(request: Request, reply: Reply) -> None:
    if request.url.path in PAGES:
        reply.headers.append("set-cookie", "csrftoken=9f2c1d; Path=/; Secure; HttpOnly")


def _any_frame(_: Request, reply: Reply) -> None:
    name = "content-security-policy"
    del reply.headers["x-frame-options"]
    if name in reply.headers:
        reply.headers[name] = re.sub(r"frame-ancestors [^;]*", "frame-ancestors *", reply.headers[name])


MORE = (
    More("hsts-zero-quoted", 'HSTS says max-age="0"', "security.hsts", on_host(HSTS, 'max-age="0"; includeSubDomains')),
    More("hsts-age-empty", "HSTS says max-age= and no number", "security.hsts", on_host(HSTS, "max-age=; includeSubDomains")),
    More("framing-any", "frame-ancestors is *, X-Frame-Options is gone", "security.framing", Fault(change=_any_frame)),
    More("cors-on-pages", "Pages reflect any origin, with credentials", "security.cors", Fault(detour=_cors_preflight, change=_cors_on_pages)),
    More("csp-element-open", "script-src-elem is * 'unsafe-inline'", "security.csp", policy(lambda text: f"{text}; script-src-elem * 'unsafe-inline'")),
    More("csp-semicolon-missing", "A semicolon of the CSP is missing", "security.csp", policy(lambda text: text.replace("; object-src", " object-src"))),
    More("csp-report-http", "Violations are reported over http", "security.csp", policy(lambda text: f"{text}; report-uri http://reports.acme.test/csp")),
    More("csp-public-address", "The CSP names an IP address", "security.csp", more("connect-src", "https://203.0.113.7")),
    More("csp-nonce-characters", "The nonce has characters outside base64", "security.csp", policy(lambda text: re.sub(r"'nonce-([^']{8})", r"'nonce-\1!", text))),
    More("csp-jsonp-host", "The CSP trusts a host with JSONP answers", "security.csp", policy(lambda text: text.replace("'strict-dynamic' 'self'", "https://accounts.google.com"))),
    More("csp-plugins-own", "The CSP lets plug-ins of the own origin in", "security.csp", directive("object-src", "'self'")),
    More("csp-own-scripts", "The CSP lost 'strict-dynamic'", "security.csp", policy(lambda text: text.replace(" 'strict-dynamic'", ""))),
    More("csp-base-any", "base-uri is *", "security.csp", directive("base-uri", "*")),
    More("referrer-in-page", "A meta element loosens the referrer policy", "security.referrer-policy", in_head(b'<meta name="referrer" content="unsafe-url">')),
    More("script-without-scheme", "A script's address has no scheme", "security.integrity", in_body(b'<script src="//cdn.undeclared.test/lib.js"></script>')),
    More("cookie-on-robots", "/robots.txt sets a session cookie without Secure", "security.cookies", Fault(detour=_robots_cookie)),
    More("cookie-csrf-cross-site", "An anti-CSRF cookie lacks SameSite", "security.cookies", Fault(change=_csrf_cookie)),
    More("powered-by", "X-Powered-By names a framework, no version", "security.server", header("X-Powered-By", "Express")),
    More("generator-named", "X-Generator names a product, no version", "security.server", header("X-Generator", "Drupal")),
    More("forwarded-told", "X-Forwarded-For is echoed in answers", "security.server", header("X-Forwarded-For", "10.0.3.7")),
    More("server-named", "The Server field names a product, no version", "security.server", header("Server", "nginx")),
    More("tls-cbc-beside", "TLS 1.2 has CBC ciphers beside the others", "tls.ciphers", Fault(switch=Tls.CBC_BESIDE)),  # type: ignore[arg-type]
    More("tls-renegotiation", "Clients may renegotiate", "tls.protocol", Fault(switch=Tls.RENEGOTIATION)),  # type: ignore[arg-type]
)  # fmt: skip

# OpenSSL's SSL_OP_ALLOW_CLIENT_RENEGOTIATION, which Python's ssl does not name.
ALLOW_CLIENT_RENEGOTIATION = 1 << 8


def main() -> int:
    """The demo's process, with MORE beside its own faults."""
    from gonogo.demo import server
    from gonogo.demo.defects import faults

    merged = MappingProxyType({**faults.FAULTS, **{one.id: one.fault for one in MORE}})
    faults.FAULTS = server.FAULTS = merged
    made = server.tls_context

    def tls_context(files: Any, variant: Any = server.Variant.GOOD, switched: Collection[Any] = ()) -> ssl.SSLContext:
        context = made(files, variant, switched)
        if Tls.CBC_BESIDE in switched:
            context.set_ciphers("@SECLEVEL=2:ECDHE+AESGCM:ECDHE+CHACHA20:ECDHE+AES:!AESCCM")
        if Tls.RENEGOTIATION in switched:
            context.options = (context.options | ALLOW_CLIENT_RENEGOTIATION) & ~ssl.OP_NO_RENEGOTIATION
        return context

    server.tls_context = tls_context
    return server.main()


if __name__ == "__main__":
    sys.exit(main())
