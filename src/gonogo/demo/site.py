"""The demo's product: www.acme.test, its pages and its API. It knows nothing of defects; see faults.py."""

from __future__ import annotations

import asyncio
import json
import math
import secrets
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jinja2
import psycopg
from markupsafe import Markup
from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Host, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gonogo.demo import openapi
from gonogo.demo.backoffice import Backoffice, Channel
from gonogo.demo.hero import draw_hero
from gonogo.demo.metrics import Metrics
from gonogo.demo.replies import PRIVATE, Reply, compress, problem
from gonogo.demo.store import Store

RELEASE = "2026.11.3"
COMMIT = "9d2e41c7b3a05f68"
HOST = "www.acme.test"
APEX = "acme.test"
HOP = "db.acme.test"
"""A name of the demo that no check of TLS is asked about."""
"""Redirects to HOST."""
FRONT_END = "https://app.acme.test"
"""An origin that may read the API's answers."""
COLLECTOR_HOST = "analytics.tagworks.test"
ERRORS_HOST = "errors.faultline.test"
COLLECT = "/g/collect"
"""Where the analytics collector takes hits, in the manner of Google Analytics 4."""
MEASUREMENT = "G-ACME2026X1"
ERRORS_PROJECT = "4507"
ERRORS_KEY = "5f1c0a9be3d74c28a6b1d0e92f7346aa"
"""Public, as in every DSN."""
ENVELOPE = f"/api/{ERRORS_PROJECT}/envelope/"
"""Where the error tracker takes Sentry's envelopes."""

SCRIPT = "/assets/app.5c1f3a9e.js"
STYLESHEET = "/assets/site.b72d04c8.css"
HERO = "/assets/hero.4e91aa70.svg"
FIELD = "/vitals.json"
SEARCH = "/api/public/search"
ACCOUNT = "account"
"""Cookie of whoever has signed in; enough to read, not to change anything."""
SEARCHES, SEARCH_WINDOW_S = 5, 2.0
"""So many searches a client may make in so many seconds."""

PAGES = {"/": "home", "/pricing": "pricing", "/privacy": "privacy", "/dashboard": "dashboard"}

IMMUTABLE = "public, max-age=31536000, immutable"
REVALIDATED = "private, no-cache"
UNCACHED = "no-store"

CACHE_S = 5.0
FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Setup:
    """What the product is told by whoever deploys it. Ports are those of the loopback listeners."""

    https_port: int
    http_port: int
    collector_port: int
    user_token: str = field(repr=False)
    admin_token: str = field(repr=False)

    @property
    def origin(self) -> str:
        return f"https://{HOST}:{self.https_port}"

    @property
    def collector(self) -> str:
        return f"https://{COLLECTOR_HOST}:{self.collector_port}"

    @property
    def errors(self) -> str:
        return f"https://{ERRORS_HOST}:{self.collector_port}"

    def role(self, authorization: str) -> str:
        """Whose token an Authorization header carries: `anonymous`, `user`, `admin` or `unknown`."""
        if not authorization:
            return "anonymous"
        scheme, _, token = authorization.partition(" ")
        for role, known in (("user", self.user_token), ("admin", self.admin_token)):
            if scheme.lower() == "bearer" and secrets.compare_digest(token.encode(), known.encode()):
                return role
        return "unknown"


# --- what every response gets ---


Change = Callable[[Request, Reply], None]
Detour = Callable[[Request], Awaitable[Response | None]]


def security_headers(setup: Setup, nonce: str) -> dict[str, str]:
    policy = {
        "default-src": "'self'",
        "script-src": f"'nonce-{nonce}' 'strict-dynamic' 'self'",
        "style-src": "'self'",
        "img-src": "'self' data:",
        "connect-src": f"'self' {setup.collector} {setup.errors}",
        "object-src": "'none'",
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
        "require-trusted-types-for": "'script'",
        "trusted-types": "'none'",
        "report-to": "csp",
    }
    return {
        "Strict-Transport-Security": "max-age=63072000; includeSubDomains; preload",
        "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "strict-origin-when-cross-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Embedder-Policy": "require-corp",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Reporting-Endpoints": f'csp="{setup.origin}/reports"',
    }


def allow_origin(request: Request, reply: Reply) -> None:
    """The API's answer to another origin: https://fetch.spec.whatwg.org/#http-cors-protocol"""
    if not request.url.path.startswith("/api/"):
        return
    reply.headers.add_vary_header("Origin")
    if request.headers.get("origin") == FRONT_END:
        reply.headers["Access-Control-Allow-Origin"] = FRONT_END
        reply.headers["Access-Control-Allow-Credentials"] = "true"


def preflight(request: Request) -> Response | None:
    """The answer to a CORS preflight of the API; None for any other request."""
    asks = request.method == "OPTIONS" and "access-control-request-method" in request.headers
    if not asks or not request.url.path.startswith("/api/"):
        return None
    headers = {"Cache-Control": UNCACHED}
    if request.headers.get("origin") == FRONT_END:
        headers["Access-Control-Allow-Methods"] = "GET"
        headers["Access-Control-Allow-Headers"] = "authorization"
        headers["Access-Control-Max-Age"] = "600"
    return Response(status_code=204, headers=headers)


class Finish:
    """ASGI layer around the routes: holds back the whole response, lets `detour` answer instead and `change`
    alter it, adds the headers that every response has, compresses, counts."""

    def __init__(
        self, app: ASGIApp, *, setup: Setup, metrics: Metrics, detour: Detour, change: Change, secure: bool
    ) -> None:
        self.app = app
        self.setup = setup
        self.metrics = metrics
        self.detour = detour
        self.change = change
        self.secure = secure

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = time.perf_counter()
        request = Request(scope, receive)
        request.state.nonce = secrets.token_urlsafe(16)
        reply = Reply(500, MutableHeaders(), b"")

        async def hold(message: Message) -> None:
            if message["type"] == "http.response.start":
                reply.status = message["status"]
                reply.headers = MutableHeaders(raw=list(message["headers"]))
            elif message["type"] == "http.response.body":
                reply.body += message.get("body", b"")

        answer: ASGIApp = await self.detour(request) or (preflight(request) if self.secure else None) or self.app
        await answer(scope, receive, hold)
        if self.secure:
            for name, value in security_headers(self.setup, request.state.nonce).items():
                reply.headers[name] = value
            allow_origin(request, reply)
        self.change(request, reply)
        compress(request.headers, reply)
        reply.headers["Content-Length"] = str(len(reply.body))
        self.metrics.note(scope["method"], scope["path"], reply.status, time.perf_counter() - started)
        await send({"type": "http.response.start", "status": reply.status, "headers": reply.headers.raw})
        await send({"type": "http.response.body", "body": reply.body})


# --- the product ---


def instant() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


class Site:
    """The running product: its cache, its queue and the handlers of its routes."""

    def __init__(self, setup: Setup) -> None:
        self.setup = setup
        self.metrics = Metrics()
        self.store: Store | None = None
        """Set when the database is ready."""
        self.channel = Channel()
        self.backoffice = Backoffice(release=RELEASE, channel=self.channel, store=self._database, require=self._require)
        self._cache: dict[str, tuple[float, dict[str, Any]]] = {}
        self._searches: dict[str, deque[float]] = {}
        self._queue: asyncio.Queue[tuple[str, float]] = asyncio.Queue(maxsize=1000)
        self._pages = jinja2.Environment(
            loader=jinja2.FileSystemLoader(FOLDER / "pages"), autoescape=True, trim_blocks=True
        )
        self._assets = {
            SCRIPT: ((FOLDER / "assets/app.js").read_bytes(), "text/javascript; charset=utf-8"),
            STYLESHEET: ((FOLDER / "assets/site.css").read_bytes(), "text/css; charset=utf-8"),
            HERO: (draw_hero().encode(), "image/svg+xml"),
        }
        self.metrics.expect(route.path for route in self.routes())

    def routes(self) -> list[Route]:
        api = "/api/analytics"
        return [
            *(Route(path, self._page) for path in PAGES),
            *(Route(path, self._asset) for path in self._assets),
            Route("/favicon.svg", self._favicon),
            Route(FIELD, self._field),
            Route("/robots.txt", self._robots),
            Route("/health", self._health),
            Route("/version", self._version),
            Route("/metrics", self._metrics),
            Route("/openapi.json", self._openapi),
            Route("/.well-known/security.txt", self._security_txt),
            Route("/dashboard/team", self._team),
            Route("/logout", self._logout, methods=["POST"]),
            Route("/reports", self._reports, methods=["POST"]),
            Route("/collect", self._reports, methods=["POST"]),
            Route("/api/public/summary", self._summary),
            Route(SEARCH, self._search),
            Route(f"{api}/stats", self._stats),
            Route(f"{api}/engagement/metrics", self._engagement),
            Route(f"{api}/engagement/trends", self._trends),
            Route(f"{api}/engagement/export", self._export),
            Route(f"{api}/cache", self._clear, methods=["DELETE"]),
            *self.backoffice.routes(),
        ]

    def app(self, *, detour: Detour, change: Change) -> ASGIApp:
        """The https site. `detour` and `change` are called around each request."""
        routed = Starlette(
            routes=[
                Host(APEX, Starlette(routes=[Route("/{path:path}", self._to_site)])),
                *self.routes(),
            ],
            exception_handlers={HTTPException: self._refused, psycopg.Error: self._failed},
        )
        return Finish(routed, setup=self.setup, metrics=self.metrics, detour=detour, change=change, secure=True)

    def plain_app(self, *, detour: Detour, change: Change) -> ASGIApp:
        """The plain http listener: it knows but one answer."""

        async def redirect(request: Request) -> Response:
            query = f"?{request.url.query}" if request.url.query else ""
            host = APEX if request.url.hostname == APEX else HOST
            origin = f"https://{host}:{self.setup.https_port}"
            return RedirectResponse(f"{origin}{request.url.path}{query}", status_code=308)

        routed = Starlette(routes=[Route("/{path:path}", redirect, methods=["GET", "HEAD", "POST"])])
        return Finish(routed, setup=self.setup, metrics=self.metrics, detour=detour, change=change, secure=False)

    async def work(self) -> None:
        """The queue's worker: writes performance metrics into the database until it is cancelled."""
        while True:
            metric, value = await self._queue.get()
            if self.store is not None:
                try:
                    await self.store.record(metric, value)
                except psycopg.Error:
                    continue  # one sample is lost; the deep health answer tells of the database

    async def sample(self, *, every_s: float = 1.0) -> None:
        """Each second with traffic, queue the mean response time of that second."""
        while True:
            await asyncio.sleep(every_s)
            if recent := list(self.metrics.recent_ms):
                self.metrics.recent_ms.clear()
                if not self._queue.full():
                    self._queue.put_nowait(("request_ms", sum(recent) / len(recent)))

    # --- pages ---

    def render(self, page: str, nonce: str) -> str:
        settings = {
            "release": RELEASE,
            "environment": "demo",
            "collector": f"{self.setup.collector}{COLLECT}",
            "measurement": MEASUREMENT,
            "dsn": self.setup.errors.replace("//", f"//{ERRORS_KEY}@") + f"/{ERRORS_PROJECT}",
            "errors": f"{self.setup.errors}{ENVELOPE}?sentry_version=7&sentry_key={ERRORS_KEY}",
        }
        return self._pages.get_template(f"{page}.html").render(
            page=page,
            nonce=nonce,
            release=RELEASE,
            settings=Markup(json.dumps(settings).replace("<", "\\u003c")),  # noqa: S704 - our own values, escaped
            script=SCRIPT,
            stylesheet=STYLESHEET,
            hero=HERO,
        )

    def _html(self, request: Request, page: str, status: int = 200) -> Response:
        headers = {"Cache-Control": REVALIDATED}
        response = Response(
            self.render(page, request.state.nonce),
            status_code=status,
            headers=headers,
            media_type="text/html",
        )
        if "session" not in request.cookies:
            response.set_cookie("session", secrets.token_urlsafe(24), secure=True, httponly=True, samesite="lax")
        return response

    async def _page(self, request: Request) -> Response:
        return self._html(request, PAGES[request.url.path])

    async def _team(self, request: Request) -> Response:
        """The dashboard of those who have signed in."""
        self._require(request, "user", "admin")
        return self._html(request, "team")

    async def _refused(self, request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        if error.status_code == 404 and not request.url.path.startswith("/api/"):
            return self._html(request, "missing", 404)
        return problem(error.status_code, error.detail, error.headers)

    async def _failed(self, _: Request, __: Exception) -> Response:
        return problem(503, "The database does not answer.", {"Retry-After": "5"})

    async def _asset(self, request: Request) -> Response:
        body, kind = self._assets[request.url.path]
        return Response(body, headers={"Cache-Control": IMMUTABLE, "Content-Type": kind})

    async def _favicon(self, _: Request) -> Response:
        icon = (
            '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24">'
            '<path d="M3 20V11h4v9zm7 0V4h4v16zm7 0v-6h4v6z" fill="#2447c8"/></svg>'
        )
        return Response(icon, media_type="image/svg+xml", headers={"Cache-Control": "public, max-age=86400"})

    async def _field(self, _: Request) -> Response:
        """What visitors' browsers reported, as the Chrome UX Report's API puts it."""
        p75 = {
            "largest_contentful_paint": 1900,
            "cumulative_layout_shift": "0.04",
            "interaction_to_next_paint": 120,
        }
        metrics = {name: {"percentiles": {"p75": value}} for name, value in p75.items()}
        text = json.dumps({"record": {"key": {"origin": self.setup.origin}, "metrics": metrics}})
        return Response(text, media_type="application/json", headers={"Cache-Control": UNCACHED})

    async def _robots(self, _: Request) -> Response:
        return PlainTextResponse("User-agent: *\nDisallow: /\n", headers={"Cache-Control": "public, max-age=86400"})

    async def _to_site(self, request: Request) -> Response:
        return RedirectResponse(f"{self.setup.origin}{request.url.path}", status_code=308)

    async def _security_txt(self, _: Request) -> Response:
        """RFC 9116."""
        expires = (datetime.now(UTC) + timedelta(days=180)).strftime("%Y-%m-%dT00:00:00Z")
        text = (
            f"Contact: mailto:security@{APEX}\nExpires: {expires}\nPreferred-Languages: en\n"
            f"Canonical: {self.setup.origin}/.well-known/security.txt\n"
        )
        return PlainTextResponse(text, headers={"Cache-Control": "public, max-age=86400"})

    async def _logout(self, _: Request) -> Response:
        headers = {"Clear-Site-Data": '"cookies", "storage"', "Cache-Control": UNCACHED}
        return RedirectResponse("/", status_code=303, headers=headers)

    async def _reports(self, _: Request) -> Response:
        """What browsers tell of violations, or tags of visits; the demo only takes it."""
        return Response(status_code=204, headers={"Cache-Control": UNCACHED})

    # --- operations ---

    async def _health(self, request: Request) -> Response:
        if request.query_params.get("deep") != "1":
            return JSONResponse({"status": "ok"}, headers={"Cache-Control": UNCACHED})
        checks = {
            "database": await self._database_health(),
            "cache": {"status": "ok", "entries": len(self._cache)},
            "queue": {"status": "down" if self._queue.full() else "ok", "depth": self._queue.qsize()},
        }
        healthy = all(check["status"] == "ok" for check in checks.values())
        return JSONResponse(
            {"status": "ok" if healthy else "degraded", "checks": checks},
            status_code=200 if healthy else 503,
            headers={"Cache-Control": UNCACHED},
        )

    async def _database_health(self) -> dict[str, Any]:
        try:
            return {"status": "ok", "latency_ms": round(await self._database().ping(), 2)}
        except (psycopg.Error, HTTPException):
            return {"status": "down"}

    async def _version(self, _: Request) -> Response:
        return JSONResponse({"release": RELEASE, "commit": COMMIT}, headers={"Cache-Control": UNCACHED})

    async def _metrics(self, _: Request) -> Response:
        return Response(
            self.metrics.text(),
            headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8", "Cache-Control": UNCACHED},
        )

    async def _openapi(self, _: Request) -> Response:
        return JSONResponse(
            openapi.document(release=RELEASE, origin=self.setup.origin),
            headers={"Cache-Control": "public, max-age=300"},
        )

    # --- API ---

    def _database(self) -> Store:
        if self.store is None:
            raise HTTPException(503, "The database is not ready.")
        return self.store

    def _require(self, request: Request, *allowed: str) -> None:
        """Raise HTTPException 401 or 403 unless the request's token has one of these roles."""
        role = self.setup.role(request.headers.get("authorization", ""))
        if role == "anonymous" and request.method == "GET" and (token := request.cookies.get(ACCOUNT)):
            role = self.setup.role(f"Bearer {token}")
        if role == "anonymous":
            raise HTTPException(401, "Send a bearer token.", {"WWW-Authenticate": 'Bearer realm="acme"'})
        if role == "unknown":
            challenge = 'Bearer realm="acme", error="invalid_token"'  # RFC 6750 §3
            raise HTTPException(401, "This token is not valid.", {"WWW-Authenticate": challenge})
        if role not in allowed:
            raise HTTPException(403, "This token may not do that.")

    async def _cached(self, key: str, make: Callable[[], Awaitable[dict[str, Any]]]) -> dict[str, Any]:
        made, content = self._cache.get(key, (-math.inf, {}))
        if time.monotonic() - made > CACHE_S:
            content = await make()
            self._cache[key] = (time.monotonic(), content)
        return content

    @staticmethod
    def _private(content: dict[str, Any]) -> Response:
        return JSONResponse(content, headers={"Cache-Control": PRIVATE})

    async def _search(self, request: Request) -> Response:
        """Some searches a client in a sliding window (draft-ietf-httpapi-ratelimit-headers)."""
        now = time.monotonic()
        recent = self._searches.setdefault(request.client.host if request.client else "", deque())
        while recent and recent[0] < now - SEARCH_WINDOW_S:
            recent.popleft()
        wait = math.ceil(recent[0] + SEARCH_WINDOW_S - now) if recent else math.ceil(SEARCH_WINDOW_S)
        left = max(0, SEARCHES - len(recent) - 1)
        headers = {
            "Cache-Control": UNCACHED,
            "RateLimit-Policy": f'"search";q={SEARCHES};w={SEARCH_WINDOW_S:.0f}',
            "RateLimit": f'"search";r={left};t={wait}',
        }
        if len(recent) >= SEARCHES:
            return problem(429, "Too many searches.", {**headers, "Retry-After": str(wait)})
        recent.append(now)
        return JSONResponse({"results": []}, headers=headers)

    async def _summary(self, _: Request) -> Response:
        async def make() -> dict[str, Any]:
            points = await self._database().trends(days=14)
            stats = await self._database().stats()
            return {
                "events": stats.events,
                "sessions": stats.sessions,
                "generated_at": instant(),
                "days": [
                    {"date": point.day.isoformat(), "events": point.events, "sessions": point.sessions}
                    for point in points
                ],
            }

        return JSONResponse(await self._cached("summary", make), headers={"Cache-Control": "public, max-age=5"})

    async def _stats(self, request: Request) -> Response:
        self._require(request, "user", "admin")

        async def make() -> dict[str, Any]:
            stats = await self._database().stats(days=7)
            return {
                "period_days": 7,
                "events": stats.events,
                "sessions": stats.sessions,
                "top_events": [{"name": name, "count": count} for name, count in stats.top_events],
                "generated_at": instant(),
            }

        return self._private(await self._cached("stats", make))

    async def _engagement(self, request: Request) -> Response:
        self._require(request, "user", "admin")

        async def make() -> dict[str, Any]:
            found = await self._database().engagement(days=7)
            sessions = max(1, found.sessions)
            return {
                "period_days": 7,
                "sessions": found.sessions,
                "events_per_session": round(found.events / sessions, 3),
                "bounce_rate": round(found.single_event_sessions / sessions, 4),
                "average_session_seconds": round(found.session_seconds, 1),
                "generated_at": instant(),
            }

        return self._private(await self._cached("engagement", make))

    async def _trends(self, request: Request) -> Response:
        self._require(request, "user", "admin")
        asked = request.query_params.get("days", "7")
        if not (asked.isascii() and asked.isdigit() and 1 <= int(asked) <= 90):
            raise HTTPException(422, "days must be a whole number from 1 to 90.")
        points = await self._database().trends(days=int(asked))
        return self._private(
            {
                "days": int(asked),
                "points": [
                    {"date": point.day.isoformat(), "events": point.events, "sessions": point.sessions}
                    for point in points
                ],
            }
        )

    async def _export(self, request: Request) -> Response:
        self._require(request, "admin")
        if request.query_params.get("format", "json") != "json":
            raise HTTPException(422, "format must be json.")
        rows = [
            {
                "id": row.id,
                "occurred_at": row.occurred_at.isoformat(),
                "name": row.name,
                "session_id": row.session_id,
            }
            for row in await self._database().export()
        ]
        return self._private({"format": "json", "count": len(rows), "rows": rows})

    async def _clear(self, request: Request) -> Response:
        self._require(request, "admin")
        cleared = len(self._cache)
        self._cache.clear()
        return self._private({"cleared": cleared})
