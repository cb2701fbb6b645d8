"""The defect catalogue: small named mutations of the demo target, each naming the checks that it must trip.

What each does is in `gonogo.demo.faults`, under the same id.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from gonogo.demo.accessibility_defects import ACCESSIBILITY_DEFECTS
from gonogo.demo.analytics_defects import ANALYTICS_DEFECTS
from gonogo.demo.consent_defects import CONSENT_DEFECTS
from gonogo.demo.defect import Defect, Reach
from gonogo.demo.journey_defects import JOURNEY_DEFECTS
from gonogo.demo.security_defects import SECURITY_DEFECTS
from gonogo.demo.tls_defects import TLS_DEFECTS
from gonogo.demo.trip_defects import TRIP_DEFECTS
from gonogo.demo.vitals_defects import VITALS_DEFECTS


def _network(id_: str, title: str, *trips: str) -> Defect:
    return Defect(id_, title, trips)


def _browser(id_: str, title: str, *trips: str) -> Defect:
    return Defect(id_, title, trips, Reach.BROWSER)


def _load(id_: str, title: str, *trips: str) -> Defect:
    return Defect(id_, title, trips, Reach.LOAD)


DEFECTS: tuple[Defect, ...] = (
    # availability
    _network("health-bad", "The health answer says unhealthy", "availability.health.shallow"),
    _network(
        "health-failing",
        "The health endpoint answers 503",
        "availability.health.shallow",
        "availability.health.uncached",
    ),
    _network("health-cached", "Health answers may be cached for a minute", "availability.health.uncached"),
    _network("queue-down", "The queue does not work", "availability.health.deep"),
    _network("health-component-missing", "The deep answer leaves out the cache", "availability.health.deep"),
    Defect("page-missing", "The privacy page answers 404", ("availability.pages.reachable",), Reach.SURFACE),
    _network(
        "page-broken",
        "The dashboard is an error page with status 200",
        "availability.pages.reachable",
        "journeys.steps.complete",
    ),
    _network("page-slow", "The privacy page takes 2.5 s", "availability.pages.response-time"),
    _network("release-old", "The release before is still deployed", "availability.release.expected"),
    _network("release-unstable", "Another release answers the second time", "availability.release.unchanged"),
    _network("metrics-incomplete", "The memory metric is gone", "availability.metrics.readable"),
    _network("metrics-page", "The metrics endpoint shows a sign-in page", "availability.metrics.readable"),
    *TLS_DEFECTS,
    *ACCESSIBILITY_DEFECTS,
    # security
    _network("csp-missing", "There is no content security policy", "security.csp.present"),
    _network("csp-report-only", "The content security policy only reports", "security.csp.present"),
    _network("csp-inline-allowed", "The policy lets any inline script run", "security.csp.script-inline"),
    _network("csp-eval-allowed", "The policy lets eval run", "security.csp.script-eval"),
    _network(
        "csp-nonce-stale",
        "The privacy page carries the nonce of an earlier response",
        "security.csp.nonce-used",
        "browser.csp.violations",
    ),
    _network("framing-allowed", "Any site may frame the pages", "security.framing.restricted"),
    _network("nosniff-missing", "Browsers may guess content types", "security.content-type-options.nosniff"),
    _network("referrer-leaked", "Other sites are told the full address", "security.referrer-policy.private"),
    _network("cookie-insecure", "The session cookie lacks Secure", "security.cookies.session-secure"),
    _network("cookie-script-readable", "Scripts can read the session cookie", "security.cookies.http-only"),
    _network("cookie-cross-site", "The session cookie lacks SameSite", "security.cookies.same-site"),
    _network("redirect-missing", "Plain http serves the page itself", "security.https.redirect"),
    _network("redirect-insecure", "Plain http redirects to plain http", "security.https.redirect"),
    _network("server-version", "The Server header tells a version", "security.server.version-hidden"),
    *SECURITY_DEFECTS,
    # api
    _network("api-open", "The statistics need no token", "api.access.status"),
    _network("api-export-open", "The export is open to every user", "api.access.status"),
    _network("api-schema-drift", "A count has become a text", "api.contract.schema"),
    _network("api-media-type", "The trends are sent as plain text", "api.contract.media-type"),
    _network("api-slow", "The trends take 1.4 s", "api.latency.budget"),
    _network("openapi-invalid", "The OpenAPI document has no info", "api.contract.document"),
    _network("openapi-reference-broken", "The OpenAPI document refers to nothing", "api.contract.document"),
    # consent
    _browser("consent-banner-missing", "Nobody is asked for consent", "consent.banner.shown"),
    _browser("consent-reject-missing", "The banner has no button to reject", "consent.layers.reject-first"),
    _browser("cookie-before-choice", "The analytics cookie is set before a choice", "consent.storage.before-choice"),
    _browser("storage-before-choice", "Local storage is written before a choice", "consent.storage.before-choice"),
    _browser("tag-before-choice", "The analytics tag fires before a choice", "consent.requests.before-choice"),
    _browser("reject-ignored", "A rejection starts analytics", "consent.choice.reject-obeyed"),
    _browser("tag-missing", "Analytics never starts", "consent.choice.accept-effective"),
    # Whoever is asked again has not consented there: analytics loses its visitors, too.
    _browser(
        "choice-forgotten",
        "The choice is not stored",
        "consent.choice.persists",
        "analytics.coverage.pages",
        "analytics.hits.signals",
    ),
    *CONSENT_DEFECTS,
    *VITALS_DEFECTS,
    *ANALYTICS_DEFECTS,
    *JOURNEY_DEFECTS,
    *TRIP_DEFECTS,
    # browser
    _browser("script-error", "A script throws while the page loads", "browser.console.clean"),
    _browser("csp-violation", "A script sets a style that the policy forbids", "browser.csp.violations"),
    _browser("host-undeclared", "The dashboard loads a picture from elsewhere", "browser.requests.declared"),
    # database
    _network("database-unreachable", "Nothing listens on the database's port", "database.connection.reachable"),
    _network("database-plaintext", "The database accepts sessions without TLS", "database.connection.tls"),
    _network("verifier-writes", "The verifier's role may write", "database.role.read-only"),
    _network("column-missing", "A declared column has another name", "database.schema.tables"),
    _network("table-missing", "A declared table has another name", "database.schema.tables"),
    _network("index-missing", "The index on sessions is gone", "database.schema.indexes"),
    _network("index-invalid", "The index on sessions is invalid", "database.schema.indexes"),
    _network("migration-pending", "The last migration is not recorded", "database.migrations.pending"),
    _network("query-slow", "A row policy calls a slow function", "database.queries.latency"),
    # load
    _load("tail-latency", "Under load each eighth request waits 0.9 s", "load.latency.p95"),
    _load("errors-under-load", "Under load each twentieth request fails", "load.errors.share"),
    _load("queue-grows", "Under load answers fall behind the arrivals", "load.throughput.rate"),
    _load(
        "requests-serialised",
        "Under load requests wait for one lock",
        "load.latency.p95",
        "load.throughput.rate",
    ),
    # delivery
    _network("assets-uncached", "Hashed assets are asked for on each visit", "delivery.assets.immutable"),
    _network("compression-off", "Text is sent uncompressed", "delivery.compression.text"),
    _network("html-cached", "Browsers keep pages for a day", "delivery.html.revalidated"),
)


def misnamed(ids: Iterable[str]) -> str:
    """The first id that no defect has, with the nearest that there is; empty where all are known."""
    known = [defect.id for defect in DEFECTS]
    for one in ids:
        if one not in known:
            close = get_close_matches(one[:100], known, 1)
            hint = f"; did you mean {close[0]!r}?" if close else ";"
            return f"{one[:100]}: no such defect{hint} `gonogo defects` lists them"
    return ""
