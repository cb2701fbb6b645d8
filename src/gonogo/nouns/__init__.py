"""What a check may ask for by fixture name: subjects of the environment, with the evidence that a check judges.

A noun knows which subjects the environment declares, which requests each of them needs, and how to turn the records
into one typed object. The plugin makes a parametrised fixture of each; the gate's list of expected checks comes from
the same place, without running anything.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from gonogo.environment import models
from gonogo.environment.models import Environment
from gonogo.errors import EvidenceMissing
from gonogo.evidence.facts import (
    Catalogue,
    Exchange,
    LoadRun,
    QueryTiming,
    TlsFacts,
    Visit,
)
from gonogo.evidence.plan import handshake
from gonogo.evidence.records import (
    DatabaseRequest,
    Failure,
    FailureKind,
    HttpRequest,
    Lane,
    LoadRequest,
)
from gonogo.formats import json_pointer, json_text
from gonogo.nouns.accessibility import ACCESSIBILITY, AccessiblePage, AccessibleState, FocusWalk, KnownEntry
from gonogo.nouns.analytics import (
    ANALYTICS,
    CountedEvent,
    ErrorReports,
    ForbiddenHosts,
    SinkAttempt,
    TagVisits,
)
from gonogo.nouns.consent import CONSENT, ConsentFlow, OptOutFlow, PolicyAnswer
from gonogo.nouns.core import (
    MAX_HOPS,
    Noun,
    Sight,
    Subject,
    Watched,
    answer,
    api_request,
    decode,
    facts,
    page_request,
    page_visit,
)
from gonogo.nouns.journeys import JOURNEYS, JourneyRun
from gonogo.nouns.surface import (
    SURFACE,
    Again,
    Cors,
    CorsAnswer,
    Document,
    OpenRedirect,
    Preloading,
    Pried,
    PrivateAnswer,
    Provoked,
    Published,
    RateLimited,
    Redirects,
    Response,
    ScriptMap,
    SecurityTxt,
    Surface,
    build_page,
    pages,
    redirect_host,
)
from gonogo.nouns.trips import TRIPS, DeletedTrace, DeletionTrip, ErrorTrip
from gonogo.nouns.vitals import VITALS, FieldAnswer, VitalsRuns

__all__ = [
    "MAX_HOPS",
    "NOUNS",
    "AccessiblePage",
    "AccessibleState",
    "Again",
    "Answer",
    "ConsentFlow",
    "ContractAnswer",
    "Cors",
    "CorsAnswer",
    "CountedEvent",
    "DatabaseAnswer",
    "DatabaseCatalogue",
    "DeletedTrace",
    "DeletionTrip",
    "Delivered",
    "Document",
    "EndpointAnswer",
    "ErrorReports",
    "ErrorTrip",
    "Exchange",
    "FieldAnswer",
    "FocusWalk",
    "ForbiddenHosts",
    "Host",
    "JourneyRun",
    "KnownEntry",
    "LoadResult",
    "MetricsPage",
    "Noun",
    "OpenRedirect",
    "OptOutFlow",
    "PageVisit",
    "PolicyAnswer",
    "Preloading",
    "Pried",
    "PrivateAnswer",
    "Provoked",
    "Published",
    "RateLimited",
    "Redirects",
    "ReleaseReading",
    "Response",
    "ScriptMap",
    "SecurityTxt",
    "SinkAttempt",
    "Subject",
    "Surface",
    "TagVisits",
    "TimedQuery",
    "VitalsRuns",
    "Watched",
    "redirect_host",
]

# --- what checks get ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, or why there was none; for checks that judge whether the target answers at all."""

    subject: str
    exchange: Exchange | None
    failure: Failure | None
    max_s: float = 0.0
    contains: str = ""
    components: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReleaseReading:
    """The deployed release id, read at the start and at the end of the run; an empty text where it was not found."""

    expected: str
    before: str
    after: str
    where: str


@dataclass(frozen=True, slots=True)
class EndpointAnswer:
    endpoint: models.Endpoint
    role: str
    exchange: Exchange


@dataclass(frozen=True, slots=True)
class ContractAnswer:
    """A successful answer of an endpoint, and the OpenAPI document it must keep."""

    endpoint: models.Endpoint
    role: str
    exchange: Exchange
    document: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Host:
    tls: TlsFacts
    declared: models.Tls
    at: datetime

    def where(self, address: str) -> str:
        """How findings name one of its addresses: `www.acme.test (192.0.2.1)`."""
        return f"{self.tls.host} ({address})"


@dataclass(frozen=True, slots=True)
class PageVisit:
    page: models.Page
    visit: Visit
    third_parties: tuple[models.ThirdParty, ...]


@dataclass(frozen=True, slots=True)
class DatabaseAnswer:
    """A declared database: its catalogue, or why it could not be read."""

    declared: models.Database
    catalogue: Catalogue | None
    failure: Failure | None


@dataclass(frozen=True, slots=True)
class DatabaseCatalogue:
    declared: models.Database
    catalogue: Catalogue
    expected_migrations: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TimedQuery:
    declared: models.Query
    timing: QueryTiming
    round_trip_ms: float


@dataclass(frozen=True, slots=True)
class LoadResult:
    declared: models.LoadProfile
    run: LoadRun


@dataclass(frozen=True, slots=True)
class Delivered:
    """An asset or a text resource, as it was delivered."""

    path: str
    exchange: Exchange
    declared: models.Delivery


@dataclass(frozen=True, slots=True)
class MetricsPage:
    exchange: Exchange
    declared: models.Metrics


# --- nouns --------------------------------------------------------------------------------------------------------


def _build_page_answer(environment: Environment, subject: Subject, sight: Sight) -> Answer:  # noqa: ARG001 - one shape for all nouns
    page, request = subject.declared, subject.requests[0]
    assert isinstance(page, models.Page)
    assert isinstance(request, HttpRequest)
    return Answer(subject.id, *answer(sight, request), max_s=page.max_s, contains=page.contains)


def _health(environment: Environment) -> list[Subject]:
    health = environment.health
    return [Subject(health.path, (page_request(environment, health.path),), health)] if health else []


def _deep_health(environment: Environment) -> list[Subject]:
    health = environment.health
    if health is None or health.deep_path is None:
        return []
    return [Subject(health.deep_path, (page_request(environment, health.deep_path),), health)]


def _build_health(environment: Environment, subject: Subject, sight: Sight) -> Answer:  # noqa: ARG001
    health, request = subject.declared, subject.requests[0]
    assert isinstance(health, models.Health)
    assert isinstance(request, HttpRequest)
    return Answer(subject.id, *answer(sight, request), max_s=health.max_s, components=health.components)


def _release(environment: Environment) -> list[Subject]:
    release = environment.release
    if release is None:
        return []
    before = page_request(environment, release.path)
    return [Subject(release.path, (before, HttpRequest(before.url, lane=Lane.FINAL)), release)]


def _expected_release(environment: Environment) -> list[Subject]:
    return [Subject(one.id, one.requests[:1], one.declared) for one in _release(environment)]


def release_id(exchange: Exchange, pointer: str) -> str:
    """The release id in an answer: by pointer from JSON, else the whole body; empty when it is not there."""
    if exchange.status != 200:
        return ""
    try:
        found = json_pointer.resolve(json_text.parse(exchange.body), pointer)
    except json_text.NotJson:
        found = exchange.body.strip() if not pointer or pointer == "/" else ""
    except LookupError:
        found = ""
    return str(found)[:200] if isinstance(found, str | int | float) else ""


def _build_release(environment: Environment, subject: Subject, sight: Sight) -> ReleaseReading:  # noqa: ARG001
    release = subject.declared
    assert isinstance(release, models.Release)
    before = facts(sight, subject.requests[0], Exchange)
    after = facts(sight, subject.requests[-1], Exchange)
    return ReleaseReading(
        release.expected,
        release_id(before, release.pointer),
        release_id(after, release.pointer),
        f"{release.path}{release.pointer}",
    )


def _metrics(environment: Environment) -> list[Subject]:
    metrics = environment.metrics
    if metrics is None:
        return []
    request = HttpRequest(f"{environment.site.url}{metrics.path}", role=metrics.role)
    return [Subject(metrics.path, (request,), metrics)]


def _build_metrics(environment: Environment, subject: Subject, sight: Sight) -> MetricsPage:  # noqa: ARG001
    assert isinstance(subject.declared, models.Metrics)
    return MetricsPage(facts(sight, subject.requests[0], Exchange), subject.declared)


def _hosts(environment: Environment) -> list[Subject]:
    if environment.tls is None:
        return []
    named = (
        [(environment.site.host, urlsplit(environment.site.url).port or 443)]
        if environment.site.url.startswith("https")
        else []
    )
    if environment.api and environment.api.url and environment.api.url.startswith("https"):
        parts = urlsplit(environment.api.url)
        named.append((parts.hostname or "", parts.port or 443))
    named += [(host, port or 443) for host, port in map(models.split_host, environment.tls.hosts)]
    aliases = [urlsplit(url) for url in environment.site.aliases]
    named += [(one.hostname or "", one.port or 443) for one in aliases if one.scheme == "https"]
    hosts = list(dict.fromkeys(named))
    several = len({host for host, _ in hosts}) < len(hosts)
    return [
        Subject(f"{host}:{port}" if several else host, (handshake(environment, host, port),), environment.tls)
        for host, port in hosts
    ]


def _asked(wanted: Callable[[models.Tls], object]) -> Callable[[Environment], list[Subject]]:
    """TLS hosts, only where the environment asks for more of them."""
    return lambda environment: _hosts(environment) if environment.tls and wanted(environment.tls) else []


def _build_host(environment: Environment, subject: Subject, sight: Sight) -> Host:  # noqa: ARG001
    assert isinstance(subject.declared, models.Tls)
    evidence = sight.evidence(subject.requests[0])
    return Host(facts(sight, subject.requests[0], TlsFacts), subject.declared, datetime.fromisoformat(evidence.ended))


class AsRole(NamedTuple):
    """An endpoint and the role that asks it."""

    endpoint: models.Endpoint
    role: str


def _endpoints(environment: Environment) -> list[Subject]:
    if environment.api is None:
        return []
    production = environment.tier is models.Tier.PRODUCTION
    return [
        Subject(
            f"{endpoint.name} as {role}",
            (api_request(environment, endpoint.path, method=endpoint.method, role=role),),
            AsRole(endpoint, role),
        )
        for endpoint in environment.api.endpoints
        if not (endpoint.destructive and production)
        for role in endpoint.status
    ]


def _build_endpoint(environment: Environment, subject: Subject, sight: Sight) -> EndpointAnswer:  # noqa: ARG001
    assert isinstance(subject.declared, AsRole)
    endpoint, role = subject.declared
    return EndpointAnswer(endpoint, role, facts(sight, subject.requests[0], Exchange))


def _succeeding(endpoint: models.Endpoint) -> str | None:
    """The first role that is to be answered with success."""
    return next((role for role, codes in endpoint.status.items() if any(200 <= code < 300 for code in codes)), None)


def _contract(environment: Environment) -> list[Subject]:
    api = environment.api
    if api is None or api.openapi is None:
        return []
    document = api_request(environment, api.openapi)
    production = environment.tier is models.Tier.PRODUCTION
    return [
        Subject(
            endpoint.name,
            (api_request(environment, endpoint.path, method=endpoint.method, role=role), document),
            AsRole(endpoint, role),
        )
        for endpoint in api.endpoints
        if (role := _succeeding(endpoint)) is not None and not (endpoint.destructive and production)
    ]


def openapi_document(exchange: Exchange) -> dict[str, Any]:
    """The OpenAPI document in an answer. Raises EvidenceMissing("invalid") when there is none to hold answers to."""
    try:
        document = json_text.parse(exchange.body)
    except json_text.NotJson:
        document = None
    if exchange.status != 200 or not isinstance(document, dict):
        raise EvidenceMissing("invalid", f"{exchange.url}: no OpenAPI document (status {exchange.status})")
    return document


def _build_contract(environment: Environment, subject: Subject, sight: Sight) -> ContractAnswer:  # noqa: ARG001
    assert isinstance(subject.declared, AsRole)
    endpoint, role = subject.declared
    answer = facts(sight, subject.requests[0], Exchange)
    return ContractAnswer(endpoint, role, answer, openapi_document(facts(sight, subject.requests[1], Exchange)))


def _openapi(environment: Environment) -> list[Subject]:
    api = environment.api
    return [Subject(api.openapi, (api_request(environment, api.openapi),))] if api and api.openapi else []


def _build_exchange(environment: Environment, subject: Subject, sight: Sight) -> Exchange:  # noqa: ARG001
    return facts(sight, subject.requests[0], Exchange)


def _visits(environment: Environment) -> list[Subject]:
    return [Subject(page.path, (page_visit(environment, page.path),), page) for page in environment.site.pages]


def _build_visit(environment: Environment, subject: Subject, sight: Sight) -> PageVisit:
    assert isinstance(subject.declared, models.Page)
    visit = facts(sight, subject.requests[0], Visit)
    if visit.problems:
        raise EvidenceMissing("invalid", f"the page was not seen whole: {'; '.join(visit.problems)}")
    return PageVisit(subject.declared, visit, environment.third_parties)


def _databases(environment: Environment) -> list[Subject]:
    return [Subject(one.name, (DatabaseRequest(one.name),), one) for one in environment.databases]


def _build_database_answer(environment: Environment, subject: Subject, sight: Sight) -> DatabaseAnswer:  # noqa: ARG001
    assert isinstance(subject.declared, models.Database)
    evidence = sight.evidence(subject.requests[0])
    if evidence.failure is None:
        return DatabaseAnswer(subject.declared, decode(evidence, Catalogue), None)
    if evidence.failure.kind in {
        FailureKind.GUARD,
        FailureKind.UNAVAILABLE,
        FailureKind.DEADLINE,
        FailureKind.CRASH,
        FailureKind.INVALID,
    }:
        raise EvidenceMissing(evidence.failure.kind, evidence.failure.message)
    return DatabaseAnswer(subject.declared, None, evidence.failure)


def _having(what: Callable[[models.Database], object]) -> Callable[[Environment], list[Subject]]:
    def subjects(environment: Environment) -> list[Subject]:
        return [
            one for one, database in zip(_databases(environment), environment.databases, strict=True) if what(database)
        ]

    return subjects


def _build_catalogue(environment: Environment, subject: Subject, sight: Sight) -> DatabaseCatalogue:  # noqa: ARG001
    assert isinstance(subject.declared, models.Database)
    migrations = subject.declared.migrations
    return DatabaseCatalogue(
        subject.declared, facts(sight, subject.requests[0], Catalogue), migrations.expected if migrations else ()
    )


def _queries(environment: Environment) -> list[Subject]:
    return [
        Subject(f"{database.name}: {query.name}", (DatabaseRequest(database.name),), query)
        for database in environment.databases
        for query in database.queries
    ]


def _build_query(environment: Environment, subject: Subject, sight: Sight) -> TimedQuery:  # noqa: ARG001
    query = subject.declared
    assert isinstance(query, models.Query)
    catalogue = facts(sight, subject.requests[0], Catalogue)
    timing = next((one for one in catalogue.queries if one.name == query.name), None)
    if timing is None or timing.error or not timing.samples_ms:
        raise EvidenceMissing("invalid", f"{query.name}: {timing.error if timing else 'it was not run'}")
    return TimedQuery(query, timing, catalogue.round_trip_ms)


def _load(environment: Environment) -> list[Subject]:
    return [Subject(profile.name, (LoadRequest(profile.name),), profile) for profile in environment.load]


def _build_load(environment: Environment, subject: Subject, sight: Sight) -> LoadResult:  # noqa: ARG001
    assert isinstance(subject.declared, models.LoadProfile)
    run = facts(sight, subject.requests[0], LoadRun)
    if (
        run.errors
        and all(kind.startswith("tls") for kind, _ in run.errors)
        and run.series[0].failures == run.series[0].requests
    ):
        raise EvidenceMissing("tls", f"no request got through: {run.errors[0][0]}")
    if not run.healthy:
        raise EvidenceMissing("invalid", f"the load generator could not keep its promise: {run.unhealthy_reason}")
    return LoadResult(subject.declared, run)


def _delivered(which: Callable[[models.Delivery], tuple[str, ...]]) -> Callable[[Environment], list[Subject]]:
    def subjects(environment: Environment) -> list[Subject]:
        delivery = environment.delivery
        return (
            [Subject(path, (page_request(environment, path),), delivery) for path in which(delivery)]
            if delivery
            else []
        )

    return subjects


def _build_delivered(environment: Environment, subject: Subject, sight: Sight) -> Delivered:  # noqa: ARG001
    assert isinstance(subject.declared, models.Delivery)
    return Delivered(subject.id, facts(sight, subject.requests[0], Exchange), subject.declared)


def _delivered_pages(environment: Environment) -> list[Subject]:
    return pages(environment) if environment.delivery else []


NOUNS: dict[str, Noun] = {
    noun.name: noun
    for noun in (
        *SURFACE,
        *ACCESSIBILITY,
        Noun("page_answer", "[site]", "A declared page's answer, or why there was none.", pages, _build_page_answer),
        Noun("html", "[delivery]", "A declared page, as it was delivered.", _delivered_pages, build_page),
        Noun("health", "[health]", "The shallow health answer.", _health, _build_health),
        Noun("deep_health", "[health] deep_path", "The deep health answer.", _deep_health, _build_health),
        Noun("release", "[release]", "The release id before and after the run.", _release, _build_release),
        Noun(
            "deployed_release",
            "[release]",
            "The release id at the start of the run.",
            _expected_release,
            _build_release,
        ),
        Noun("metrics_page", "[metrics]", "The metrics page.", _metrics, _build_metrics),
        Noun("host", "[tls]", "What a TLS host presents at each of its addresses.", _hosts, _build_host),
        Noun(
            "grouped_host",
            "[tls] groups",
            "A TLS host that must offer groups.",
            _asked(lambda t: t.groups),
            _build_host,
        ),
        Noun("negotiating_host", "[tls] alpn", "A TLS host that must agree.", _asked(lambda t: t.alpn), _build_host),
        Noun("endpoint", "[api]", "An API endpoint's answer to one role.", _endpoints, _build_endpoint),
        Noun(
            "contract", "[api] openapi", "A successful API answer and its OpenAPI document.", _contract, _build_contract
        ),
        Noun("openapi", "[api] openapi", "The OpenAPI document's answer.", _openapi, _build_exchange),
        *CONSENT,
        *ANALYTICS,
        *JOURNEYS,
        *TRIPS,
        Noun("visit", "[site]", "A declared page seen in a browser.", _visits, _build_visit),
        *VITALS,
        Noun(
            "database_answer",
            "[[databases]]",
            "A database's catalogue, or why it could not be read.",
            _databases,
            _build_database_answer,
        ),
        Noun(
            "encrypted_database",
            "[[databases]] tls",
            "A database that must be encrypted.",
            _having(lambda d: d.tls),
            _build_catalogue,
        ),
        Noun("database", "[[databases]]", "A database's catalogue.", _databases, _build_catalogue),
        Noun(
            "tables",
            "[[databases.tables]]",
            "A database with declared tables.",
            _having(lambda d: d.tables),
            _build_catalogue,
        ),
        Noun(
            "indexes",
            "[[databases.indexes]]",
            "A database with declared indexes.",
            _having(lambda d: d.indexes),
            _build_catalogue,
        ),
        Noun(
            "migrations",
            "[databases.migrations]",
            "A database with a migration ledger.",
            _having(lambda d: d.migrations),
            _build_catalogue,
        ),
        Noun("query", "[[databases.queries]]", "A declared query's timings.", _queries, _build_query),
        Noun("load", "[[load]]", "A load profile's run.", _load, _build_load),
        Noun("asset", "[delivery] assets", "A hashed asset.", _delivered(lambda d: d.assets), _build_delivered),
        Noun("text", "[delivery] text", "A text resource.", _delivered(lambda d: d.text), _build_delivered),
    )
}
"""Every noun, by the name that a check's parameter has."""
