"""The defects of headers, cookies, CORS, redirects and exposure, and how each is done to the demo; see faults.py."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response

from gonogo.demo.defects.defect import Defect, network, surface
from gonogo.demo.defects.fault import Fault, Switch, Traffic, content, cookie, header, instead, policy
from gonogo.demo.replies import Reply
from gonogo.demo.site import APEX, FRONT_END, HOP, HOST, PAGES, SCRIPT, SEARCH

CSP = "content-security-policy"
HSTS = "strict-transport-security"
STATS = "/api/analytics/stats"
STATIC_NONCE = "mB4vT7yQk2WnX9cLr8DzHg"


# --- small words ---


def on_host(name: str, value: str | None, *, host: str = HOST, plain: bool = False) -> Fault:
    """Set a header, or with None take it away, on the answers of one host."""

    def change(request: Request, reply: Reply) -> None:
        if request.url.hostname == host:
            if value is None:
                del reply.headers[name]
            else:
                reply.headers[name] = value

    return Fault(change=change, plain=plain)


def added(name: str, value: str, *, host: str = HOST) -> Fault:
    """One field more of the same name, on pages."""

    def change(request: Request, reply: Reply) -> None:
        if request.url.path in PAGES and request.url.hostname == host:
            reply.headers.append(name, value)

    return Fault(change=change)


def directive(name: str, value: str | None) -> Fault:
    """Another value for a directive of the policy, or none of it."""
    new = "" if value is None else f"{name} {value}; "
    return policy(lambda text: re.sub(rf"(?:^|(?<=; )){name} [^;]*(?:; |$)", lambda _: new, text).rstrip("; "))


def more(name: str, sources: str) -> Fault:
    """Further sources in a directive of the policy."""
    return policy(lambda text: re.sub(rf"(?:^|(?<=; )){name} [^;]*", lambda found: f"{found[0]} {sources}", text))


def page(edit: Callable[[bytes], bytes]) -> Fault:
    """Alter every page."""

    def change(request: Request, reply: Reply) -> None:
        if request.url.path in PAGES and reply.status == 200:
            reply.body = edit(reply.body)

    return Fault(change=change)


def in_head(markup: bytes) -> Fault:
    return page(lambda body: body.replace(b"<head>", b"<head>" + markup, 1))


def in_body(markup: bytes) -> Fault:
    return page(lambda body: body.replace(b"</footer>", markup + b"</footer>", 1))


def renonced(make: Callable[[], str]) -> Fault:
    """Another nonce in policy and page, the same in both."""

    def change(_: Request, reply: Reply) -> None:
        nonce = make()
        if CSP in reply.headers:
            reply.headers[CSP] = re.sub(r"'nonce-[^']*'", f"'nonce-{nonce}'", reply.headers[CSP])
        if reply.headers.get("content-type", "").startswith("text/html"):
            reply.body = re.sub(rb'nonce="[^"]*"', f'nonce="{nonce}"'.encode(), reply.body)

    return Fault(change=change)


def cors(allowed: Callable[[str], bool], *, credentials: bool) -> Fault:
    """An API that names every origin for which `allowed` holds."""

    def change(request: Request, reply: Reply) -> None:
        origin = request.headers.get("origin", "")
        if request.url.path.startswith("/api/") and origin and origin != FRONT_END and allowed(origin):
            reply.headers["Access-Control-Allow-Origin"] = origin
            if credentials:
                reply.headers["Access-Control-Allow-Credentials"] = "true"

    return Fault(change=change)


# --- single faults ---


def _charset_missing(request: Request, reply: Reply) -> None:
    if request.url.path in PAGES:
        reply.headers["content-type"] = "text/html"
        reply.body = reply.body.replace(b'<meta charset="utf-8">', b"")


def _json_as_page(request: Request, reply: Reply) -> None:
    if request.url.path == STATS and reply.status == 401:
        reply.headers["content-type"] = "text/html; charset=utf-8"


def _errors_bare(_: Request, reply: Reply) -> None:
    """nginx without `always`."""
    if reply.status >= 400:
        for name in (HSTS, "x-content-type-options"):
            del reply.headers[name]


async def _count(request: Request, traffic: Traffic) -> Response | None:
    request.state.turn = traffic.next("pricing") if request.url.path == "/pricing" else 0
    return None


def _second_node(request: Request, reply: Reply) -> None:
    if request.state.turn > 1:
        del reply.headers["referrer-policy"]


def _found(request: Request, reply: Reply) -> None:
    if request.url.hostname == HOST:
        reply.status = 302


def _to_apex(request: Request, reply: Reply) -> None:
    if request.url.hostname == HOST:
        reply.headers["location"] = reply.headers["location"].replace(HOST, APEX, 1)


def _to_hop(request: Request, reply: Reply) -> None:
    if request.url.hostname == HOST:
        reply.headers["location"] = reply.headers["location"].replace(HOST, HOP, 1)


def _apex_to_www(request: Request, reply: Reply) -> None:
    if request.url.hostname == APEX:
        reply.headers["location"] = reply.headers["location"].replace(APEX, HOST, 1)


def _downgrade(request: Request, reply: Reply) -> None:
    if request.url.hostname == APEX:
        reply.headers["location"] = reply.headers["location"].replace("https://", "http://", 1)


async def _many_hops(request: Request, _: Traffic) -> Response | None:
    """The short name leads from one address of its own to the next before it leads to the site."""
    hop = int(request.query_params.get("hop", "0"))
    return RedirectResponse(f"/?hop={hop + 1}", 308) if request.url.hostname == APEX and hop < 4 else None


async def _open_redirect(request: Request, _: Traffic) -> Response | None:
    """As routers do that take a trailing slash away by redirecting to the path as it came."""
    path = request.url.path
    return RedirectResponse(path.rstrip("/"), 302) if path.startswith("//") else None


async def _trace(request: Request, _: Traffic) -> Response | None:
    if request.method != "TRACE":
        return None
    lines = [f"TRACE {request.url.path} HTTP/1.1", *(f"{name}: {value}" for name, value in request.headers.items())]
    return Response("\r\n".join(lines), media_type="message/http")


async def _unlimited(request: Request, _: Traffic) -> Response | None:
    return JSONResponse({"results": []}) if request.url.path == SEARCH else None


def _without_retry_after(request: Request, reply: Reply) -> None:
    if request.url.path == SEARCH:
        del reply.headers["retry-after"]


TRACEBACK = b"""<pre>Traceback (most recent call last):
  File "/srv/acme/app/views.py", line 212, in page
    return render(pages[path])
  File "/srv/acme/app/render.py", line 40, in render
    raise LookupError(path)
LookupError: no such page</pre>"""


def _traceback(_: Request, reply: Reply) -> None:
    if reply.status == 404 and reply.headers.get("content-type", "").startswith("text/html"):
        reply.body = reply.body.replace(b"</main>", TRACEBACK + b"</main>", 1)


def _leaked_key(body: bytes) -> bytes:
    """A key in the form of a payment provider's, made up at the time, so that no scanner of repositories finds one."""
    key = "_".join(("sk", "live", secrets.token_hex(16)))
    return body + f'\nconst billing = {{ key: "{key}" }};\n'.encode()


def _git(_: Request) -> Response:
    return Response(b"ref: refs/heads/main\n", media_type="application/octet-stream")


def _environment_file(_: Request) -> Response:
    return PlainTextResponse(
        f"APP_ENV=production\nDB_PASSWORD={secrets.token_hex(8)}\nAPP_DEBUG=false\nDB_HOST=10.0.0.5\n"
    )


def _source_map(_: Request) -> Response:
    return JSONResponse({"version": 3, "sources": ["src/app.ts"], "names": [], "mappings": "AAAA"})


def _expired(body: bytes) -> bytes:
    past = (datetime.now(UTC) - timedelta(days=2)).strftime("%Y-%m-%dT00:00:00Z").encode()
    return re.sub(rb"Expires: \S+", b"Expires: " + past, body)


def _without_vary(request: Request, reply: Reply) -> None:
    if request.url.path.startswith("/api/"):
        kept = [part.strip() for part in reply.headers.get("vary", "").split(",") if part.strip().lower() != "origin"]
        del reply.headers["vary"]
        if any(kept):
            reply.headers["vary"] = ", ".join(kept)


def _wildcard(request: Request, reply: Reply) -> None:
    if request.url.path.startswith("/api/"):
        reply.headers["access-control-allow-origin"] = "*"
        reply.headers["access-control-allow-credentials"] = "true"


def _front_end_forgotten(_: Request, reply: Reply) -> None:
    del reply.headers["access-control-allow-origin"]


def _many_methods(_: Request, reply: Reply) -> None:
    if "access-control-allow-methods" in reply.headers:
        reply.headers["access-control-allow-methods"] = "GET, PUT, DELETE"


def _theme_cookie(request: Request, reply: Reply) -> None:
    if request.url.path in PAGES:
        reply.headers.append("set-cookie", "theme=dark; Path=/; SameSite=Lax")


def _visit_cookie(_: Request, reply: Reply) -> None:
    reply.headers.append("set-cookie", "visit=4711; Path=/; HttpOnly; SameSite=Lax")


def _framed(_: Request, reply: Reply) -> None:
    del reply.headers["x-frame-options"]
    reply.headers[CSP] = re.sub(r"; frame-ancestors [^;]*", "", reply.headers[CSP])


def _inline_policy(_: Request, reply: Reply) -> None:
    """The policy of a page that was never cleaned up: no nonces, anything inline runs."""
    reply.headers[CSP] = re.sub(r"script-src [^;]*", "script-src 'self' 'unsafe-inline'", reply.headers[CSP])
    if reply.headers.get("content-type", "").startswith("text/html"):
        reply.body = re.sub(rb' nonce="[^"]*"', b"", reply.body)


def _report_only(_: Request, reply: Reply) -> None:
    reply.headers[f"{CSP}-report-only"] = reply.headers[CSP]
    del reply.headers[CSP]


def _stale_nonce(request: Request, reply: Reply) -> None:
    """What a cache in front does that keeps the page but lets a fresh header through."""
    if request.url.path == "/privacy":
        reply.body = re.sub(rb'nonce="[^"]*"', b'nonce="c3RhbGUtbm9uY2UtMDAwMQ"', reply.body)


async def _plain_page(request: Request, _: Traffic) -> Response | None:
    if request.url.hostname != HOST:
        return None
    return HTMLResponse("<!doctype html><title>Acme Insights</title><p>Acme Insights")


def _plain_redirect(request: Request, reply: Reply) -> None:
    if request.url.hostname == HOST:
        reply.headers["location"] = reply.headers["location"].replace("https://", "http://", 1)


SECURITY_FAULTS: Mapping[str, Fault] = MappingProxyType(
    {
        "csp-missing": header("Content-Security-Policy", None),
        "csp-report-only": Fault(change=_report_only),
        "csp-inline-allowed": Fault(change=_inline_policy),
        "csp-eval-allowed": policy(lambda text: text.replace("'strict-", "'unsafe-eval' 'strict-")),
        "csp-nonce-stale": Fault(change=_stale_nonce),
        "framing-allowed": Fault(change=_framed),
        "nosniff-missing": header("X-Content-Type-Options", None),
        "referrer-leaked": header("Referrer-Policy", "unsafe-url"),
        "cookie-insecure": cookie(lambda value: value.replace("; Secure", "")),
        "cookie-script-readable": cookie(lambda value: value.replace("; HttpOnly", "")),
        "cookie-cross-site": cookie(lambda value: re.sub(r"; SameSite=\w+", "", value, flags=re.IGNORECASE)),
        "redirect-missing": Fault(detour=_plain_page, plain=True),
        "redirect-insecure": Fault(change=_plain_redirect, plain=True),
        "server-version": header("Server", "nginx/1.18.0 (Ubuntu)"),
        # headers
        "hsts-missing": on_host(HSTS, None),
        "hsts-short": on_host(HSTS, "max-age=60; includeSubDomains"),
        "hsts-host-only": on_host(HSTS, "max-age=63072000"),
        "hsts-misspelt": on_host(HSTS, "max-age=63072000; includeSubdomain"),
        "hsts-malformed": on_host(HSTS, "max-age=1y; includeSubDomains"),
        "hsts-twice": added(HSTS, "max-age=63072000; includeSubDomains"),
        "hsts-on-http": on_host(HSTS, "max-age=63072000", plain=True),
        "frame-options-obsolete": header("X-Frame-Options", "ALLOW-FROM https://partner.example"),
        "referrer-policy-missing": header("Referrer-Policy", None),
        "referrer-leaked-by-page": in_head(b'<meta name="referrer" content="unsafe-url">'),
        "permissions-malformed": header("Permissions-Policy", "camera 'none'; geolocation 'none'; microphone 'none'"),
        "permissions-open": header("Permissions-Policy", "camera=*, geolocation=(), microphone=()"),
        "opener-policy-quoted": header("Cross-Origin-Opener-Policy", '"same-origin"'),
        "embedder-policy-misspelt": header("Cross-Origin-Embedder-Policy", "required-corp"),
        "resource-policy-misspelt": header("Cross-Origin-Resource-Policy", "sameorigin"),
        "isolation-lost": header("Cross-Origin-Embedder-Policy", None),
        "private-answer-cached": header("Cache-Control", "public, max-age=600", paths=[STATS]),
        "charset-missing": Fault(change=_charset_missing),
        "json-as-page": Fault(change=_json_as_page),
        "opener-policy-twice": added("Cross-Origin-Opener-Policy", "same-origin"),
        "header-outdated": header("X-XSS-Protection", "1; mode=block"),
        "proxy-told": header("X-Forwarded-For", "10.0.3.7"),
        "inside-told": header("X-Backend-Server", "app-07.internal:8000"),
        "headers-huge": header("X-Debug", "0123456789" * 900),
        "errors-bare": Fault(change=_errors_bare),
        "redirect-bare": on_host("X-Content-Type-Options", None, host=APEX),
        "node-differs": Fault(detour=_count, change=_second_node),
        # content security policy
        "csp-misspelt": policy(lambda text: text.replace("object-src", "object-scr")),
        "csp-directive-twice": policy(lambda text: f"{text}; img-src 'none'"),
        "csp-script-missing": policy(lambda text: re.sub(r"(?:default|script)-src [^;]*; ", "", text)),
        "csp-script-of-anybody": policy(lambda text: text.replace("'strict-dynamic' 'self'", "https:")),
        "csp-handler-hashes": more(
            "script-src", "'unsafe-hashes' 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"
        ),
        "csp-strict-dynamic-alone": directive("script-src", "'strict-dynamic'"),
        "csp-host-for-all": policy(lambda text: text.replace("'strict-dynamic' 'self'", "https://cdn.jsdelivr.net")),
        "csp-plugins-open": directive("object-src", "*"),
        "csp-base-open": directive("base-uri", None),
        "csp-forms-open": directive("form-action", None),
        "csp-framing-missing": directive("frame-ancestors", None),
        "csp-default-missing": directive("default-src", None),
        "csp-insecure-source": more("img-src", "http://images.acme.test"),
        "csp-none-mixed": directive("base-uri", "'none' 'self'"),
        "csp-developer-address": more("connect-src", "http://localhost:3000"),
        "csp-nonce-short": renonced(lambda: secrets.token_urlsafe(4)),
        "csp-nonce-static": renonced(lambda: STATIC_NONCE),
        "csp-meta-ignored": in_head(b'<meta http-equiv="Content-Security-Policy" content="frame-ancestors \'none\'">'),
        "csp-trusted-types-missing": directive("require-trusted-types-for", None),
        "csp-trusted-types-any": directive("trusted-types", "*"),
        "csp-report-nowhere": directive("report-to", "violations"),
        "csp-reports-in-the-clear": policy(lambda text: f"{text}; report-uri http://reports.acme.test/csp"),
        "csp-outdated": policy(lambda text: f"{text}; block-all-mixed-content"),
        "csp-styles-inline": more("style-src", "'unsafe-inline'"),
        "mixed-content": in_body(b'<img src="http://images.acme.test/badge.png" alt="">'),
        "integrity-missing": in_body(b'<script src="https://cdn.undeclared.test/lib.js"></script>'),
        # ways to the site
        "preload-short": on_host(HSTS, "max-age=300; includeSubDomains; preload", host=APEX),
        "preload-host-only": on_host(HSTS, "max-age=63072000; preload", host=APEX),
        "preload-unsaid": on_host(HSTS, "max-age=63072000; includeSubDomains", host=APEX),
        "preload-bare": on_host(HSTS, None, host=APEX),
        "preload-twice": added(HSTS, "max-age=63072000; includeSubDomains; preload", host=APEX),
        "preload-other-host-first": Fault(change=_apex_to_www, plain=True),
        "redirect-temporary": Fault(change=_found, plain=True),
        "redirect-other-host-first": Fault(change=_to_apex, plain=True),
        "redirect-downgrade": Fault(change=_downgrade),
        "redirect-chain": Fault(detour=_many_hops),
        "redirect-certificate": Fault(change=_to_hop, plain=True, switch=Switch.HOP_CERTIFICATE),
        "redirect-open": Fault(detour=_open_redirect),
        # cookies
        "cookie-plain": Fault(change=_theme_cookie),
        "cookie-prefix-broken": cookie(
            lambda value: value.replace("session=", "__Host-session=").replace("Path=/", "Path=/app")
        ),
        "cookie-wide": cookie(lambda value: f"{value}; Domain=acme.test"),
        "cookie-eternal": cookie(lambda value: f"{value}; Max-Age=315360000"),
        "cookie-lifetime-worded": cookie(lambda value: f"{value}; Max-Age=1d"),
        "cookie-on-http": Fault(change=_visit_cookie, plain=True),
        "cookie-joined": cookie(lambda value: f"{value}, theme=dark; Path=/; Secure; SameSite=Lax"),
        # CORS
        "cors-any-with-credentials": cors(lambda _: True, credentials=True),
        "cors-any": cors(lambda _: True, credentials=False),
        "cors-null": cors(lambda origin: origin == "null", credentials=True),
        "cors-by-ending": cors(
            lambda origin: f"{APEX}:" in origin and origin.startswith("https://gonogo"), credentials=True
        ),
        "cors-by-beginning": cors(lambda origin: origin.startswith(f"https://{HOST}."), credentials=True),
        "cors-plain-http": cors(lambda origin: origin.startswith(f"http://{HOST}"), credentials=True),
        "cors-wildcard-credentials": Fault(change=_wildcard),
        "cors-vary-missing": Fault(change=_without_vary),
        "cors-front-end-forgotten": Fault(change=_front_end_forgotten),
        "cors-methods-many": Fault(change=_many_methods),
        # limits, disclosure
        "rate-unlimited": Fault(detour=_unlimited),
        "rate-hint-missing": Fault(change=_without_retry_after),
        "rate-fields-malformed": header("RateLimit", "five left", paths=[SEARCH]),
        "security-txt-expired": content("/.well-known/security.txt", _expired),
        "security-txt-missing": instead("/.well-known/security.txt", lambda _: PlainTextResponse("nothing", 404)),
        "security-txt-as-page": header("Content-Type", "text/html; charset=utf-8", paths=["/.well-known/security.txt"]),
        "logout-unquoted": header("Clear-Site-Data", "cookies, storage", paths=["/logout"]),
        # exposure
        "git-published": instead("/.git/HEAD", _git),
        "environment-published": instead("/.env", _environment_file),
        "source-map-published": instead(f"{SCRIPT}.map", _source_map),
        "secret-published": content(SCRIPT, _leaked_key),
        "traceback-shown": Fault(change=_traceback),
        "trace-answered": Fault(detour=_trace),
        "methods-unusual": header("Allow", "GET, HEAD, OPTIONS, PROPFIND, MKCOL, LOCK", paths=[STATS]),
    }
)


SECURITY_DEFECTS: tuple[Defect, ...] = (
    network("csp-missing", "There is no content security policy", "security.csp.present"),
    network("csp-report-only", "The content security policy only reports", "security.csp.present"),
    network("csp-inline-allowed", "The policy lets any inline script run", "security.csp.script-inline"),
    network("csp-eval-allowed", "The policy lets eval run", "security.csp.script-eval"),
    network(
        "csp-nonce-stale",
        "The privacy page carries the nonce of an earlier response",
        "security.csp.nonce-used",
        "browser.csp.violations",
    ),
    network("framing-allowed", "Any site may frame the pages", "security.framing.restricted"),
    network("nosniff-missing", "Browsers may guess content types", "security.content-type-options.nosniff"),
    network("referrer-leaked", "Other sites are told the full address", "security.referrer-policy.private"),
    network("cookie-insecure", "The session cookie lacks Secure", "security.cookies.session-secure"),
    network("cookie-script-readable", "Scripts can read the session cookie", "security.cookies.http-only"),
    network("cookie-cross-site", "The session cookie lacks SameSite", "security.cookies.same-site"),
    network("redirect-missing", "Plain http serves the page itself", "security.https.redirect"),
    network("redirect-insecure", "Plain http redirects to plain http", "security.https.redirect"),
    network("server-version", "The Server header tells a version", "security.server.version-hidden"),
    # headers
    surface("hsts-missing", "HSTS is not sent", "security.hsts.present"),
    surface("hsts-short", "HSTS lasts one minute", "security.hsts.max-age"),
    surface("hsts-host-only", "HSTS leaves out subdomains", "security.hsts.subdomains"),
    surface("hsts-misspelt", "HSTS misspells includeSubDomains", "security.hsts.subdomains"),
    surface("hsts-malformed", "HSTS has a max-age in years", "security.hsts.valid"),
    surface("hsts-twice", "HSTS is sent by application and proxy", "security.hsts.single"),
    surface("hsts-on-http", "HSTS is sent over plain HTTP", "security.hsts.not-on-http"),
    surface("frame-options-obsolete", "X-Frame-Options says ALLOW-FROM", "security.framing.header-valid"),
    surface("referrer-policy-missing", "No referrer policy is sent", "security.referrer-policy.present"),
    surface("referrer-leaked-by-page", "Pages tell other sites the full address", "security.referrer-policy.private"),
    surface("permissions-malformed", "Permissions-Policy is in the old syntax", "security.permissions-policy.valid"),
    surface("permissions-open", "Every frame may ask for the camera", "security.permissions-policy.restricted"),
    surface("opener-policy-quoted", "The opener policy stands in quotes", "security.cross-origin.opener"),
    surface("embedder-policy-misspelt", "The embedder policy is misspelt", "security.cross-origin.embedder"),
    surface("resource-policy-misspelt", "The resource policy is misspelt", "security.cross-origin.resource"),
    surface("isolation-lost", "Pages are not isolated any more", "security.cross-origin.isolated"),
    surface("private-answer-cached", "Shared caches keep a user's answer", "security.caching.private-answers"),
    surface("charset-missing", "Pages declare no encoding", "security.content-type.charset"),
    surface("json-as-page", "An API error is served as a page", "security.content-type.json"),
    surface("opener-policy-twice", "The opener policy is sent twice", "security.header-fields.single"),
    surface("header-outdated", "The old XSS filter is switched on", "security.header-fields.current"),
    surface("proxy-told", "A header names the address behind the proxy", "security.server.inside-hidden"),
    surface("inside-told", "A header names the machine behind the proxy", "security.server.inside-hidden"),
    surface("headers-huge", "Headers have nine kilobytes", "security.header-fields.size"),
    surface("errors-bare", "Errors are sent without the headers", "security.coverage.errors"),
    surface("redirect-bare", "The short name's redirect lacks nosniff", "security.coverage.redirects"),
    surface("node-differs", "A second node sends no referrer policy", "security.coverage.repeats"),
    # content security policy
    surface("csp-misspelt", "The CSP misspells object-src", "security.csp.syntax"),
    surface("csp-directive-twice", "The CSP holds img-src twice", "security.csp.duplicate"),
    surface("csp-script-missing", "The CSP does not govern scripts", "security.csp.script-missing"),
    surface("csp-script-of-anybody", "The CSP trusts any script over https", "security.csp.script-wildcard"),
    surface("csp-handler-hashes", "The CSP admits event handlers by hash", "security.csp.unsafe-hashes"),
    surface("csp-strict-dynamic-alone", "The CSP lost its nonce", "security.csp.strict-dynamic"),
    surface("csp-host-for-all", "The CSP trusts a host of anybody's files", "security.csp.allowlist-bypass"),
    surface("csp-plugins-open", "The CSP lets any plug-in in", "security.csp.object-src"),
    surface("csp-base-open", "The CSP does not fix the base address", "security.csp.base-uri"),
    surface("csp-forms-open", "The CSP lets forms go anywhere", "security.csp.form-action"),
    surface("csp-framing-missing", "Only the old header restricts framing", "security.csp.frame-ancestors"),
    surface("csp-default-missing", "The CSP has no default", "security.csp.default-src"),
    surface("csp-insecure-source", "The CSP trusts pictures over http", "security.csp.insecure-scheme"),
    surface("csp-none-mixed", "The CSP puts 'self' beside 'none'", "security.csp.none-alone"),
    surface("csp-developer-address", "The CSP names localhost", "security.csp.local-source"),
    surface("csp-nonce-short", "Nonces have four bytes", "security.csp.nonce-entropy"),
    surface("csp-nonce-static", "The nonce is always the same", "security.csp.nonce-fresh"),
    surface("csp-meta-ignored", "A page's own policy has no effect", "security.csp.meta"),
    surface("csp-trusted-types-missing", "Trusted Types are not demanded", "security.csp.trusted-types"),
    surface("csp-trusted-types-any", "Trusted Types allow any policy", "security.csp.trusted-type-names"),
    surface("csp-report-nowhere", "Violations are reported nowhere", "security.csp.reporting"),
    surface("csp-reports-in-the-clear", "Violations are reported over http", "security.csp.reporting"),
    surface("csp-outdated", "The CSP holds an outdated directive", "security.csp.deprecated"),
    surface("csp-styles-inline", "The CSP lets inline styles in", "security.csp.style-inline"),
    surface("mixed-content", "Pages load a picture over http", "security.csp.mixed-content"),
    surface("integrity-missing", "A foreign script has no integrity", "security.integrity.external"),
    # ways to the site
    surface("preload-short", "The domain's HSTS lasts five minutes", "security.preload.eligible"),
    surface("preload-host-only", "The domain's HSTS leaves out subdomains", "security.preload.eligible"),
    surface("preload-unsaid", "The domain's HSTS does not say preload", "security.preload.eligible"),
    surface(
        "preload-bare", "The domain's redirect has no HSTS", "security.preload.eligible", "security.coverage.redirects"
    ),
    surface("preload-other-host-first", "The domain redirects to www at once", "security.preload.eligible"),
    surface("redirect-temporary", "The redirect to https is temporary", "security.https.permanent"),
    surface("redirect-other-host-first", "The first redirect leaves its host", "security.https.same-host-first"),
    surface(
        "redirect-downgrade",
        "The short name redirects to plain http",
        "security.https.no-downgrade",
        "security.preload.eligible",
    ),
    surface("preload-twice", "The domain's HSTS is sent twice", "security.preload.eligible"),
    surface("redirect-chain", "Five redirects lead to the site", "security.https.bounded", "security.preload.eligible"),
    surface(
        "redirect-certificate",
        "A host on the way has an expired certificate",
        "security.https.certificates",
    ),
    surface("redirect-open", "A double slash redirects anywhere", "security.open-redirects.own-hosts"),
    # cookies
    surface("cookie-plain", "A cookie travels in the clear", "security.cookies.secure"),
    surface("cookie-prefix-broken", "A __Host- cookie has a path", "security.cookies.prefix"),
    surface("cookie-wide", "The session is shared with subdomains", "security.cookies.scope"),
    surface("cookie-eternal", "The session lasts ten years", "security.cookies.lifetime"),
    surface("cookie-lifetime-worded", "The session's lifetime is `1d`", "security.cookies.lifetime-valid"),
    surface("cookie-on-http", "The redirect to https sets a cookie", "security.cookies.plain-http"),
    surface("cookie-joined", "A proxy joined two cookies", "security.cookies.kept"),
    # CORS
    surface(
        "cors-any-with-credentials", "Any origin reads private answers", "security.cors.reflected-with-credentials"
    ),
    surface("cors-any", "Any origin is repeated back", "security.cors.reflected"),
    surface("cors-null", "The origin null is trusted", "security.cors.null"),
    surface("cors-by-ending", "Origins are compared by their ending", "security.cors.compared-whole"),
    surface("cors-by-beginning", "Origins are compared by their beginning", "security.cors.compared-whole"),
    surface("cors-plain-http", "The insecure origin is trusted", "security.cors.plain-http"),
    surface("cors-wildcard-credentials", "`*` stands with credentials", "security.cors.wildcard-with-credentials"),
    surface("cors-vary-missing", "Caches mix up answers to origins", "security.cors.vary"),
    surface("cors-front-end-forgotten", "The front end is not allowed", "security.cors.declared"),
    surface("cors-methods-many", "Preflights allow every method", "security.cors.methods"),
    # limits, disclosure
    surface("rate-unlimited", "Searches are not limited", "security.rate-limit.limited"),
    surface("rate-hint-missing", "Refusals do not say for how long", "security.rate-limit.retry-after"),
    surface("rate-fields-malformed", "RateLimit is malformed", "security.rate-limit.fields"),
    surface("security-txt-expired", "security.txt has expired", "security.security-txt.valid"),
    surface("security-txt-missing", "There is no security.txt", "security.security-txt.valid"),
    surface("security-txt-as-page", "security.txt is served as a page", "security.security-txt.canonical"),
    surface("logout-unquoted", "Log-out clears nothing", "security.logout.clears-site-data"),
    # exposure
    surface("git-published", "The repository is published", "exposure.files.absent"),
    surface("environment-published", "The environment file is published", "exposure.files.absent"),
    surface("source-map-published", "The source map is published", "exposure.source-maps.absent"),
    surface("secret-published", "A script holds a payment key", "exposure.secrets.absent"),
    surface("traceback-shown", "Error pages show a stack trace", "exposure.errors.quiet"),
    surface("trace-answered", "TRACE is answered", "exposure.methods.trace"),
    surface("methods-unusual", "OPTIONS offers methods of WebDAV", "exposure.methods.offered"),
)
