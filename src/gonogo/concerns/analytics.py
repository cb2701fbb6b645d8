"""What is judged of analytics, of error tracking, and of what a script of the page can do; consent's visits are seen again here."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import NamedTuple
from urllib.parse import urlsplit

from gonogo.concerns.consent.fixtures import flows, seen
from gonogo.concerns.fixture import Asked, Fixture, Subject, page_request, page_visit
from gonogo.concerns.journeys import journey_visit, made, whole
from gonogo.environment import models
from gonogo.environment.model import Tier
from gonogo.environment.models import Environment
from gonogo.errors import EvidenceMissing
from gonogo.formats import csp, csp_review, ga4, sentry_envelope
from gonogo.formats.ga4 import Hit
from gonogo.formats.sentry_envelope import Address, Envelope
from gonogo.probes.browser.facts import BrowserRequest, Visit
from gonogo.probes.browser.request import Step, VisitRequest
from gonogo.probes.http.facts import Exchange

MARKER = "gonogo-provoked-error"
"""Words of the error that is thrown in our own visit."""
REPORT_S = 1.0
"""How long a page has to report an error, after which nothing may be in flight either."""
LOADS = ("first", "chosen", "reloaded", "other page", "restarted")
"""Snapshots of the visit that accepts; each ends a load, but the first, after which the choice was made."""
UNSENT = ("blocked: undeclared host",)


@dataclass(frozen=True, slots=True)
class TagVisits:
    """Where the analytics tag was seen."""

    declared: models.Analytics
    hosts: frozenset[str]
    own: str
    """The site's own host."""
    accept: Visit
    """Or the only visit, where no banner is declared."""
    asks: bool
    """There is a banner."""

    def hits(self, requests: Iterable[BrowserRequest]) -> list[Hit]:
        """The events that requests carried to the declared collectors; what was sent while a page unloaded has no body."""
        sent = (request for request in requests if self._collects(request) and not request.leaving)
        return [hit for request in sent for hit in ga4.hits(request.url, request.body)]

    def _collects(self, request: BrowserRequest) -> bool:
        if request.method == "OPTIONS" or request.failure in UNSENT:
            return False
        try:
            parts = urlsplit(request.url)
            host = (parts.hostname or "").lower()
        except ValueError:
            return False
        if host == self.own and parts.path in self.declared.own_paths:
            return True
        return host in self.hosts and any(fnmatchcase(parts.path, pattern) for pattern in self.declared.paths)

    @property
    def accepted(self) -> tuple[BrowserRequest, ...]:
        """What was sent after acceptance."""
        if not self.asks:
            return self.accept.requests
        first = self.accept.snapshot("first")
        if first is None:
            words = "; ".join(self.accept.problems) or "no snapshot"
            raise EvidenceMissing("invalid", f"the visit that accepts never saw the page: {words}")
        if failed := [problem for problem in self.accept.problems if problem.startswith("consent accept")]:
            raise EvidenceMissing("invalid", f"nothing could be accepted: {'; '.join(failed)}")
        return self.accept.requests[first.requests :]

    def loads(self) -> list[tuple[str, list[Hit]]]:
        """The hits of each page load after acceptance, by the label of the snapshot that ends it."""
        accepted = self.accepted
        if not self.asks:
            return [("loaded", self.hits(accepted))]
        ends = [(label, seen(self.accept, label).requests) for label in LOADS]
        return [
            (label, self.hits(self.accept.requests[begin:end])) for (_, begin), (label, end) in itertools.pairwise(ends)
        ]

    @property
    def ids(self) -> list[str]:
        """The ids that the page loads and configures its tag with."""
        loaded = [ga4.tag_id(request.url) for request in self.accept.requests]
        told = [
            command.target
            for snapshot in self.accept.snapshots
            if snapshot.privacy is not None
            for command in snapshot.privacy.signals.commands
            if command.name == "config"
        ]
        return list(dict.fromkeys(one for one in (*loaded, *told) if one))


@dataclass(frozen=True, slots=True)
class CountedEvent:
    """A declared event and the hits of the visit that provokes it."""

    event: models.AnalyticsEvent
    seen: tuple[str, ...]
    """Names of the events that were counted."""


@dataclass(frozen=True, slots=True)
class ErrorReports:
    """A visit in which an error was thrown that nobody catches, and what the page made of it."""

    declared: models.ErrorTracking
    visit: Visit

    @property
    def envelopes(self) -> list[tuple[BrowserRequest, Envelope]]:
        read = [(request, sentry_envelope.read(request.body)) for request in self.visit.requests if request.body]
        return [(request, envelope) for request, envelope in read if isinstance(envelope, Envelope)]

    @property
    def events(self) -> list[sentry_envelope.Event]:
        """Those of the error that was thrown."""
        return [
            event
            for _, envelope in self.envelopes
            for event in envelope.events
            if any(MARKER in message for message in event.messages)
        ]

    @property
    def addresses(self) -> list[Address]:
        """Where the client says that it sends, or where no client was found, where it sent."""
        client = self.visit.error_client
        if client is not None and client.dsn:
            told = sentry_envelope.read_dsn(client.dsn)
            return [told] if isinstance(told, Address) else []
        return [one for request, envelope in self.envelopes if (one := _address(request.url, envelope)) is not None]


@dataclass(frozen=True, slots=True)
class ForbiddenHosts:
    declared: models.ErrorTracking
    visits: tuple[tuple[str, Visit], ...]


@dataclass(frozen=True, slots=True)
class SinkAttempt:
    """Markup written to `innerHTML` in a page whose policy demands Trusted Types."""

    page: str
    outcome: str
    """`accepted`, or why not."""


def _address(url: str, envelope: Envelope) -> Address | None:
    if envelope.dsn:
        told = sentry_envelope.read_dsn(envelope.dsn)
        return told if isinstance(told, Address) else None
    return sentry_envelope.address(url)


# --- analytics ---


def _consent_visits(environment: Environment) -> tuple[VisitRequest, ...]:
    """The visits of the consent checks, for the first visitor who is asked; none where nobody is."""
    return tuple(one for flow in flows(environment)[:1] for one in flow.declared.visits)


def _accepting(environment: Environment) -> tuple[VisitRequest, bool]:
    accept = next((one for one in _consent_visits(environment) if one.name.startswith("consent accept")), None)
    if accept is not None:
        return accept, True
    steps = (Step("goto", f"{environment.site.url}/"), Step("wait", "1"), Step("snapshot", "loaded"))
    return VisitRequest("analytics", steps, privacy=True), False


def _tags(environment: Environment) -> list[Subject[models.Analytics]]:
    analytics = environment.analytics
    if analytics is None:
        return []
    request, _ = _accepting(environment)
    return [Subject(urlsplit(request.url).path or "/", (request,), analytics)]


def _tag(environment: Environment, analytics: models.Analytics, visit: Visit, *, asks: bool) -> TagVisits:
    declared = analytics.hosts or [one.host for one in environment.third_parties if one.purpose == "analytics"]
    hosts = frozenset(host.lower() for host in declared)
    return TagVisits(analytics, hosts, (urlsplit(environment.site.url).hostname or "").lower(), visit, asks)


def _tag_visits(asked: Asked[models.Analytics]) -> TagVisits:
    visit = asked.facts(Visit)
    return _tag(asked.environment, asked.declared, visit, asks=_accepting(asked.environment)[1])


class Counted(NamedTuple):
    """An event that must be counted, and the section that says how."""

    event: models.AnalyticsEvent
    analytics: models.Analytics


def _events(environment: Environment) -> list[Subject[Counted]]:
    analytics = environment.analytics
    if analytics is None:
        return []
    journeys = {journey.name: journey_visit(environment, journey) for journey in environment.journeys}
    accepting, _ = _accepting(environment)
    return [
        Subject(one.name, (journeys.get(one.journey, accepting),), Counted(one, analytics)) for one in analytics.events
    ]


def _counted(asked: Asked[Counted]) -> CountedEvent:
    event, analytics = asked.declared
    visit = asked.facts(Visit)
    tag = _tag(asked.environment, analytics, visit, asks=_accepting(asked.environment)[1])
    journey = next((one for one in asked.environment.journeys if one.name == event.journey), None)
    if journey is None:
        requests = tag.accepted
    else:
        whole(made(visit, journey))
        requests = visit.requests
    hits = tag.hits(requests)
    if not hits and tag.asks:
        raise EvidenceMissing("invalid", "no hit at all was seen after acceptance; see consent.choice.accept-effective")
    return CountedEvent(event, tuple(dict.fromkeys(hit.get(analytics.event_parameter) for hit in hits)))


# --- error tracking ---


def _provokes(environment: Environment) -> bool:
    """Errors are provoked where their reports do not arrive, or may."""
    tracking = environment.error_tracking
    if tracking is None or tracking.kind != "sentry" or not tracking.provoke:
        return False
    arrives = any(
        party.host.lower() == tracking.host.lower() and not party.intercept for party in environment.third_parties
    )
    return not (arrives and environment.tier is Tier.PRODUCTION)


def throws(environment: Environment) -> bool:
    """An error is thrown in our own visit: for the tracker, or for the table that the page's own client writes to."""
    tracking = environment.error_tracking
    if tracking is None or not tracking.provoke:
        return False
    trip = tracking.round_trip
    ours = trip is not None and trip.request is None
    return _provokes(environment) or (ours and tracking.kind == "none")


def _guards_sinks(environment: Environment) -> bool:
    return environment.security is not None and bool(environment.security.trusted_types)


def script_visit(environment: Environment) -> VisitRequest:
    """One visit in which a script of the page writes markup and throws, as far as each is declared."""
    tracking = environment.error_tracking
    path = tracking.page if tracking else "/"
    sink = (Step("sink"),) if _guards_sinks(environment) else ()
    throw = (Step("throw", MARKER), Step("wait", f"{REPORT_S:g}")) if throws(environment) else ()
    return VisitRequest("script", (Step("goto", f"{environment.site.url}{path}"), *sink, *throw))


def _reports(environment: Environment) -> list[Subject[models.ErrorTracking]]:
    tracking = environment.error_tracking
    if tracking is None or not _provokes(environment):
        return []
    return [Subject(tracking.page, (script_visit(environment),), tracking)]


def _error_reports(asked: Asked[models.ErrorTracking]) -> ErrorReports:
    visit = asked.facts(Visit)
    if visit.problems:
        raise EvidenceMissing("invalid", f"no error could be provoked: {'; '.join(visit.problems)}")
    return ErrorReports(asked.declared, visit)


class Forbidding(NamedTuple):
    """What forbids hosts, and the visits that may show them."""

    tracking: models.ErrorTracking
    visits: tuple[VisitRequest, ...]


def _forbidden(environment: Environment) -> list[Subject[Forbidding]]:
    tracking = environment.error_tracking
    if tracking is None or not tracking.forbid_hosts:
        return []
    found = [page_visit(environment, page.path) for page in environment.site.pages]
    if throws(environment):
        found.append(script_visit(environment))
    found += [one for one in _consent_visits(environment) if one.name == "consent accept"]
    visits = tuple(found)
    return [Subject(", ".join(tracking.forbid_hosts), visits, Forbidding(tracking, visits))] if visits else []


def _forbidden_hosts(asked: Asked[Forbidding]) -> ForbiddenHosts:
    tracking, visits = asked.declared
    return ForbiddenHosts(tracking, tuple((one.name, asked.facts(Visit, one)) for one in visits))


# --- what scripts can do ---


def _sinks(environment: Environment) -> list[Subject[None]]:
    if not _guards_sinks(environment):
        return []
    visit = script_visit(environment)
    path = urlsplit(visit.url).path or "/"
    return [Subject(path, (visit, page_request(environment, path)), None)]


def _sink_attempt(asked: Asked[None]) -> SinkAttempt:
    visit = asked.facts(Visit)
    page = asked.facts(Exchange, asked.requests[1])
    if not visit.sink:
        raise EvidenceMissing("invalid", f"nothing was written: {'; '.join(visit.problems) or 'the step was not made'}")
    if not _demands_trusted_types(page):
        raise EvidenceMissing("invalid", "the page's policy demands no Trusted Types; see security.csp")
    return SinkAttempt(asked.id, visit.sink)


def _demands_trusted_types(page: Exchange) -> bool:
    policies = csp.parse(page.values("content-security-policy"))
    return bool(policies) and not csp_review.trusted_types(policies)


ANALYTICS = (
    Fixture("analytics", "[analytics]", "The visit that accepts, and what was sent in it.", _tags, _tag_visits),
    Fixture(
        "analytics_event",
        "[[analytics.events]]",
        "A declared event and what was counted in the visit that provokes it.",
        _events,
        _counted,
    ),
    Fixture(
        "error_reports",
        "[error_tracking] sentry",
        "A visit with an error that nobody catches, and what was reported of it.",
        _reports,
        _error_reports,
    ),
    Fixture(
        "forbidden_hosts",
        "[error_tracking] forbid_hosts",
        "Every visit to a declared page, the one that accepts, and the one with an error.",
        _forbidden,
        _forbidden_hosts,
    ),
    Fixture(
        "sink_attempt", "[security] trusted_types", "Markup written by a script of the page.", _sinks, _sink_attempt
    ),
)
