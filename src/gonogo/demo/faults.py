"""How each defect of the catalogue is done to the running demo, one entry a defect.

The product (site.py, assets, pages) is healthy and knows nothing of this; a fault stands in its way
(`detour`), alters a finished response (`change`), patches the script, runs SQL, changes the certificate, or
turns a switch of the server.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from gonogo.demo.accessibility_faults import ACCESSIBILITY_FAULTS
from gonogo.demo.analytics_faults import ANALYTICS_FAULTS
from gonogo.demo.certificates import Variant
from gonogo.demo.consent_faults import CONSENT_FAULTS
from gonogo.demo.fault import (
    Fault,
    Switch,
    Traffic,
    at_begin,
    content,
    cookie,
    header,
    instead,
    patched,
    policy,
    replaced,
    script,
    slow,
    under_load,
)
from gonogo.demo.journey_faults import JOURNEY_FAULTS
from gonogo.demo.security_faults import SECURITY_FAULTS
from gonogo.demo.site import HERO, HOST, PAGES, SCRIPT, STYLESHEET, Reply, problem
from gonogo.demo.tls_faults import TLS_FAULTS
from gonogo.demo.trip_faults import TRIP_FAULTS
from gonogo.demo.vitals_faults import VITALS_FAULTS

TRENDS = "/api/analytics/engagement/trends"
METRICS = "/api/analytics/engagement/metrics"
EXPORT = "/api/analytics/engagement/export"

# --- lines of the script that faults alter ---

OPEN = "      else this.open();\n"
REJECT = '          button("Reject all", () => this.choose("denied")),\n'
STORE = "      writeCookie(CONSENT, `${choice}.${REVISION}`, HALF_YEAR);\n"
FORGET = 'localStorage.removeItem("_ax_first");'
EARLY_STORAGE = (
    (OPEN, '      else { localStorage.setItem("_ax_first", "1"); this.open(); }\n'),
    ("      removeCookie(VISITOR);\n", f"      removeCookie(VISITOR);\n      {FORGET}\n"),
    ("      this.identify();\n", f"      {FORGET}\n      this.identify();\n"),
)


def instead_of_opening(statement: str) -> Fault:
    """A statement that runs before the banner opens."""
    return script((OPEN, f"      else {{ {statement} this.open(); }}\n"))


# --- single faults that need more than a line ---


async def _release_changes(request: Request, traffic: Traffic) -> Response | None:
    if request.url.path != "/version" or traffic.next("version") == 1:
        return None
    return JSONResponse({"release": "2026.11.4", "commit": "41b0c6de52f7a983"}, headers={"Cache-Control": "no-store"})


def _unhealthy(request: Request) -> Response | None:
    if request.query_params.get("deep") == "1":
        return None
    return JSONResponse({"status": "unhealthy"}, headers={"Cache-Control": "no-store"})


def _shallow_health(request: Request) -> Response | None:
    if request.query_params.get("deep") == "1":
        return None
    return JSONResponse({"status": "unhealthy"}, status_code=503, headers={"Cache-Control": "no-store"})


def _deep_health(edit: Callable[[dict[str, object]], None], *, status: int) -> Fault:
    def change(request: Request, reply: Reply) -> None:
        if request.url.path == "/health" and request.query_params.get("deep") == "1":
            answer = json.loads(reply.body)
            edit(answer)
            reply.body = json.dumps(answer).encode()
            reply.status = status

    return Fault(change=change)


def _queue_down(answer: dict[str, object]) -> None:
    answer["status"] = "degraded"
    checks = answer["checks"]
    assert isinstance(checks, dict)
    checks["queue"] = {"status": "down", "depth": 1000}


def _cache_unchecked(answer: dict[str, object]) -> None:
    checks = answer["checks"]
    assert isinstance(checks, dict)
    del checks["cache"]


def _stats_for_anybody(request: Request) -> Response | None:
    if request.headers.get("authorization"):
        return None
    made = "2026-11-20T00:00:00Z"
    return JSONResponse(
        {"period_days": 7, "events": 0, "sessions": 0, "top_events": [], "generated_at": made},
        headers={"Cache-Control": "private, no-store"},
    )


def _export_for_users(request: Request, reply: Reply) -> None:
    if request.url.path == EXPORT and reply.status == 403:
        reply.status = 200
        reply.headers["content-type"] = "application/json"
        reply.body = b'{"format": "json", "count": 0, "rows": []}'


def _sessions_as_text(body: bytes) -> bytes:
    answer = json.loads(body)
    answer["sessions"] = str(answer["sessions"])
    return json.dumps(answer).encode()


def _without_info(body: bytes) -> bytes:
    document = json.loads(body)
    del document["info"]
    return json.dumps(document).encode()


def _framed(_: Request, reply: Reply) -> None:
    del reply.headers["x-frame-options"]
    name = "content-security-policy"
    reply.headers[name] = re.sub(r"; frame-ancestors [^;]*", "", reply.headers[name])


def _inline_policy(_: Request, reply: Reply) -> None:
    """The policy of a page that was never cleaned up: no nonces, anything inline runs."""
    name, loose = "content-security-policy", "script-src 'self' 'unsafe-inline'"
    reply.headers[name] = re.sub(r"script-src [^;]*", loose, reply.headers[name])
    if reply.headers.get("content-type", "").startswith("text/html"):
        reply.body = re.sub(rb' nonce="[^"]*"', b"", reply.body)


def _report_only(_: Request, reply: Reply) -> None:
    name = "content-security-policy"
    reply.headers["content-security-policy-report-only"] = reply.headers[name]
    del reply.headers[name]


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


def _undeclared_image(request: Request, reply: Reply) -> None:
    """Somebody added a picture from elsewhere, and widened the policy for it."""
    if request.url.path == "/dashboard":
        name, wider = "content-security-policy", "img-src 'self' https://cdn.undeclared.test"
        reply.headers[name] = reply.headers[name].replace("img-src 'self'", wider)
        picture = b'<img src="https://cdn.undeclared.test/badge.png" width="1" height="1" alt="">'
        reply.body = reply.body.replace(b"</footer>", picture + b"</footer>")


def _uncompressed(request: Request, reply: Reply) -> None:
    if request.url.path in {"/", SCRIPT, STYLESHEET}:
        reply.compressible = False


async def _pause() -> None:
    await asyncio.sleep(0.9)


async def _overloaded() -> Response:
    return problem(503, "Too many connections to the database.")


def _queue_grows() -> Fault:
    """Each answer waits a little longer than the one before, so answers fall behind the arrivals; the wait
    stays below the p95 budget of the demo's profile (500 ms)."""

    async def detour(request: Request, traffic: Traffic) -> Response | None:
        if traffic.busy(request.url.path):
            await asyncio.sleep(min(0.44, 0.0017 * traffic.next("queued")))
        return None

    return Fault(detour=detour)


def _serialised(*, rate_per_s: float) -> Fault:
    """One lock around everything, as with a pool of one connection."""
    lock = asyncio.Lock()

    async def detour(request: Request, traffic: Traffic) -> Response | None:
        if traffic.busy(request.url.path):
            async with lock:
                await asyncio.sleep(1 / rate_per_s)
        return None

    return Fault(detour=detour)


READS = "gonogo_verifier"

# A row policy that asks a slow function once a query; the application's own role is not held up.
SLOW_POLICY = f"""
create function audit_access() returns boolean language plpgsql as
    'begin perform pg_sleep(0.2); return true; end';
alter table events enable row level security;
create policy audited on events for select to {READS} using ((select audit_access()));
create policy application on events to acme_app using (true);
"""
FAST_POLICY = """
alter table events disable row level security;
drop policy if exists audited on events;
drop policy if exists application on events;
drop function if exists audit_access();
"""

FAULTS: Mapping[str, Fault] = MappingProxyType(
    {
        # availability
        "health-bad": instead("/health", _unhealthy),
        "health-failing": instead("/health", _shallow_health),
        "health-cached": header("Cache-Control", "public, max-age=60", paths=["/health"]),
        "queue-down": _deep_health(_queue_down, status=503),
        "health-component-missing": _deep_health(_cache_unchecked, status=200),
        "page-missing": instead("/privacy", lambda _: problem(404, "There is nothing here.")),
        "page-broken": content("/dashboard", replaced(b"Engagement dashboard", b"Something went wrong")),
        "page-slow": slow("/privacy", 4.5),
        "release-old": content("/version", replaced(b"2026.11.3", b"2026.11.2")),
        "release-unstable": Fault(detour=_release_changes),
        "metrics-incomplete": content(
            "/metrics", lambda body: re.sub(rb"(?m)^(# \w+ )?process_resident_memory_bytes.*\n", b"", body)
        ),
        "metrics-page": instead("/metrics", lambda _: HTMLResponse("<!doctype html><p>Sign in")),
        **TLS_FAULTS,
        **ACCESSIBILITY_FAULTS,
        # security
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
        # api
        "api-open": instead("/api/analytics/stats", _stats_for_anybody),
        "api-export-open": Fault(change=_export_for_users),
        "api-schema-drift": content(METRICS, _sessions_as_text),
        "api-media-type": header("Content-Type", "text/plain; charset=utf-8", paths=[TRENDS]),
        "api-slow": slow(TRENDS, 3.0),
        "openapi-invalid": content("/openapi.json", _without_info),
        "openapi-reference-broken": content("/openapi.json", replaced(b"schemas/Version", b"schemas/Release")),
        # consent
        "consent-banner-missing": script((OPEN, "")),
        "consent-reject-missing": script((REJECT, "")),
        "cookie-before-choice": instead_of_opening("writeCookie(VISITOR, crypto.randomUUID(), HALF_YEAR);"),
        "storage-before-choice": Fault(patches=EARLY_STORAGE),
        "tag-before-choice": instead_of_opening("analytics.view();"),
        "reject-ignored": script(('"denied") analytics.stop();', '"denied") analytics.start();')),
        "tag-missing": script(("      this.identify();\n      this.view();\n", "")),
        "choice-forgotten": script((STORE, "")),
        **VITALS_FAULTS,
        # browser
        "script-error": at_begin("setTimeout(() => settings.campaign.title.trim(), 50);"),
        "csp-violation": at_begin('document.body.setAttribute("style", "--theme: blue");'),
        "host-undeclared": Fault(change=_undeclared_image),
        # database
        "database-unreachable": Fault(switch=Switch.CLOSED_DATABASE),
        "database-plaintext": Fault(switch=Switch.PLAIN_DATABASE),
        "verifier-writes": Fault(
            break_sql=f"grant insert, delete on error_logs to {READS}",
            mend_sql=f"revoke insert, delete on error_logs from {READS}",
        ),
        "column-missing": Fault(
            break_sql="alter table error_logs rename column stack to trace",
            mend_sql="alter table error_logs rename column trace to stack",
        ),
        "table-missing": Fault(
            break_sql="alter table performance_metrics rename to performance_metrics_old",
            mend_sql="alter table performance_metrics_old rename to performance_metrics",
        ),
        "index-missing": Fault(
            break_sql="drop index events_session",
            mend_sql="create index events_session on events (session_id, occurred_at)",
        ),
        "index-invalid": Fault(
            break_sql="update pg_index set indisvalid = false where indexrelid = 'events_session'::regclass",
            mend_sql="update pg_index set indisvalid = true where indexrelid = 'events_session'::regclass",
        ),
        "migration-pending": Fault(
            break_sql="delete from schema_migrations where version = '0004'",
            mend_sql="insert into schema_migrations (version) values ('0004')",
        ),
        "query-slow": Fault(break_sql=SLOW_POLICY, mend_sql=FAST_POLICY),
        # load
        "tail-latency": under_load(every=8, then=_pause),
        "errors-under-load": under_load(every=20, then=_overloaded),
        "queue-grows": _queue_grows(),
        "requests-serialised": _serialised(rate_per_s=35),
        # delivery
        "assets-uncached": header("Cache-Control", "no-cache", paths=[SCRIPT, STYLESHEET, HERO]),
        "compression-off": Fault(change=_uncompressed),
        "html-cached": header("Cache-Control", "private, max-age=86400", paths=PAGES),
        **SECURITY_FAULTS,
        **CONSENT_FAULTS,
        **ANALYTICS_FAULTS,
        **JOURNEY_FAULTS,
        **TRIP_FAULTS,
    }
)


@dataclass(slots=True)
class Active:
    """The faults that are done at the moment; `detour` and `change` are called around each request."""

    faults: dict[str, Fault] = field(default_factory=dict)
    traffic: Traffic = field(default_factory=Traffic)

    def choose(self, ids: Iterable[str]) -> None:
        """Activate these and no others; counters start anew. Raises KeyError for an unknown id."""
        self.faults = {one: FAULTS[one] for one in ids}
        self.traffic = Traffic()

    async def detour(self, request: Request) -> Response | None:
        self.traffic.arrived(request.url.path)
        for fault in self._of(request):
            if fault.detour and (answer := await fault.detour(request, self.traffic)) is not None:
                return answer
        return None

    def change(self, request: Request, reply: Reply) -> None:
        patches = [patch for fault in self.faults.values() for patch in fault.patches]
        if patches and request.url.path == SCRIPT:
            reply.body = patched(reply.text, patches).encode()
        for fault in self._of(request):
            if fault.change:
                fault.change(request, reply)

    def _of(self, request: Request) -> list[Fault]:
        plain = request.url.scheme == "http"
        return [fault for fault in self.faults.values() if fault.plain is plain]

    def switched(self, switch: Switch) -> bool:
        return any(fault.switch is switch for fault in self.faults.values())

    @property
    def certificate(self) -> Variant:
        chosen = [fault.certificate for fault in self.faults.values() if fault.certificate]
        return chosen[-1] if chosen else Variant.GOOD
