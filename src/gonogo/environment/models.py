"""What an environment file may say: the one definition; JSON Schema and reference are generated from it.

Each section is a model of its own in `sections/`; here they are listed, and what they say against each other is told. An
absent section makes the checks of that section NOT_APPLICABLE, with that reason.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal
from urllib.parse import urlsplit

from gonogo.environment.interpolate import did_you_mean
from gonogo.environment.lines import KeyPath
from gonogo.environment.model import Mark, Model, Secret, Tier, told
from gonogo.environment.sections.accessibility import Accessibility, AccessibleState, KnownViolation
from gonogo.environment.sections.analytics import Analytics, AnalyticsEvent
from gonogo.environment.sections.api import Api, Endpoint, Role
from gonogo.environment.sections.availability import Health, Metrics, Release
from gonogo.environment.sections.consent import Consent, ConsentRegion, InventoryItem, Law, PolicyPage
from gonogo.environment.sections.databases import Database, Index, Migrations, Query, Table
from gonogo.environment.sections.delivery import Delivery
from gonogo.environment.sections.errors import Alerts, ErrorRoundTrip, ErrorRow, ErrorTracking, Row, Sending
from gonogo.environment.sections.journeys import JOURNEY_ACTIONS, Freshness, Journey, JourneyStep
from gonogo.environment.sections.load import LoadProfile, LoadTarget
from gonogo.environment.sections.privacy import Deletion, Privacy, Trace
from gonogo.environment.sections.security import Exposure, Logout, Preload, RateLimit, Security
from gonogo.environment.sections.site import Limits, Page, Site, ThirdParty
from gonogo.environment.sections.tls import POST_QUANTUM, Group, Tls
from gonogo.environment.sections.vitals import (
    FieldData,
    Interaction,
    PageBudget,
    ResourceType,
    ThirdPartyBudget,
    Vitals,
)
from gonogo.environment.slips import Slip, Told, names, rows, table, twice
from gonogo.environment.values import ARIA_ROLES, KEYS, FileName, Name, Reached, split_host

__all__ = [
    "ARIA_ROLES",
    "JOURNEY_ACTIONS",
    "KEYS",
    "POST_QUANTUM",
    "Accessibility",
    "AccessibleState",
    "Alerts",
    "Analytics",
    "AnalyticsEvent",
    "Api",
    "Consent",
    "ConsentRegion",
    "Database",
    "Deletion",
    "Delivery",
    "Endpoint",
    "Environment",
    "ErrorRoundTrip",
    "ErrorRow",
    "ErrorTracking",
    "Exposure",
    "FieldData",
    "Freshness",
    "Group",
    "Health",
    "Index",
    "Interaction",
    "InventoryItem",
    "Journey",
    "JourneyStep",
    "KnownViolation",
    "Law",
    "Limits",
    "LoadProfile",
    "LoadTarget",
    "Logout",
    "Mark",
    "Metrics",
    "Migrations",
    "Model",
    "Page",
    "PageBudget",
    "PolicyPage",
    "Preload",
    "Privacy",
    "Query",
    "RateLimit",
    "Release",
    "ResourceType",
    "Role",
    "Row",
    "Secret",
    "Security",
    "Sending",
    "Site",
    "Table",
    "ThirdParty",
    "ThirdPartyBudget",
    "Tier",
    "Tls",
    "Trace",
    "Vitals",
    "split_host",
]


class Environment(Model):
    """One deployed system at one tier."""

    name: Name
    """Names the environment in results and report folders; the file's own name is a good one."""
    tier: Tier
    """Production guards most: read-only, no load, no placeholders, unless the file opts in."""
    title: str = ""
    """For people, on reports; empty: the name."""
    provider: Literal["demo"] | None = None
    """`demo` starts the embedded target; it supplies the variables that the file uses."""
    policy: FileName = ""
    """Policy file, from the environment file; empty: the default policy."""
    ca_file: FileName = ""
    """PEM bundle that is trusted instead of the system's, from the environment file."""
    resolve: dict[str, str] = {}
    """Host name to IP address, in place of DNS."""
    hosts: tuple[Reached, ...] = ()
    """Further hosts that may be contacted, beside those of the URLs below."""
    limits: Limits = Limits()
    """What may leave this process at most."""
    roles: dict[str, Role] = {}
    """Roles by name; `anonymous` always exists."""
    site: Site
    """The public site."""
    health: Health | None = None
    """Health endpoints."""
    release: Release | None = None
    """The served release."""
    tls: Tls | None = None
    """Certificates and protocol versions."""
    security: Security | None = None
    """Response headers, redirects, cookies and CORS."""
    exposure: Exposure | None = None
    """Requests for what should not be published."""
    api: Api | None = None
    """The HTTP API."""
    metrics: Metrics | None = None
    """Prometheus metrics."""
    third_parties: tuple[ThirdParty, ...] = ()
    """Hosts beside the site's own that its pages may speak to."""
    consent: Consent | None = None
    """The consent banner."""
    vitals: Vitals | None = None
    """Core Web Vitals."""
    accessibility: Accessibility | None = None
    """What people with disabilities need of the pages."""
    analytics: Analytics | None = None
    """The analytics tag."""
    error_tracking: ErrorTracking | None = None
    """The error tracker."""
    privacy: Privacy | None = None
    """What people may ask of whoever keeps their data."""
    journeys: tuple[Journey, ...] = ()
    """What visitors do, step by step."""
    databases: tuple[Database, ...] = ()
    """Databases that are read."""
    load: tuple[LoadProfile, ...] = ()
    """Load tests."""
    delivery: Delivery | None = None
    """Caching and compression."""

    @property
    def api_origin(self) -> str:
        """Where the API stands: its own origin, or the site's."""
        return (self.api.url if self.api else None) or self.site.url

    @property
    def error_round_trip(self) -> ErrorRoundTrip | None:
        return self.error_tracking.round_trip if self.error_tracking else None

    @property
    def deletion(self) -> Deletion | None:
        return self.privacy.deletion if self.privacy else None

    @property
    def declared_hosts(self) -> frozenset[str]:
        """Every host name or address that the file names as one to be contacted, in lower case; databases included."""
        found = (urlsplit(one).hostname if "://" in one else split_host(one)[0] for one in self.named_hosts())
        return frozenset(host.strip("[]").lower() for host in found if host)

    @classmethod
    def slips(cls, said: Told) -> Iterator[Slip]:
        yield from twice(said, "journeys")
        yield from _strangers(said)
        yield from _without_database(said)
        yield from _without_journey(said)
        yield from _told_by_address(said)


def _strangers(said: Told) -> Iterator[Slip]:
    """Roles that are not declared, and such as no browser can have."""
    if not isinstance(said.get("roles", {}), Mapping):
        return
    declared = table(said, "roles")
    known = sorted({"anonymous", *declared})
    for path, role in told(Environment, said, Mark.ROLE):
        if isinstance(role, str) and role not in known:
            yield Slip(path, f"not a declared role; known roles: {', '.join(known)}{did_you_mean(role, known)}")
        elif path[0] == "journeys" and isinstance(role, str) and not _kept(declared.get(role)):
            message = "this role has neither `cookie` nor `local_storage`, so no browser can have signed in with it"
            yield Slip(path, message)


def _kept(role: object) -> bool:
    """Whether a browser can have a role's token; so it is for one that cannot be read, and for no role at all."""
    return not isinstance(role, Mapping) or bool(role.get("cookie") or role.get("local_storage"))


def _without_database(said: Told) -> Iterator[Slip]:
    known = names(said, "databases")
    places: list[tuple[KeyPath, Told]] = [
        (("error_tracking", "round_trip", "row"), table(said, "error_tracking", "round_trip", "row")),
        *(
            (("privacy", "deletion", "traces", at, "row"), table(trace, "row"))
            for at, trace in rows(table(said, "privacy", "deletion"), "traces")
        ),
    ]
    for path, row in places:
        database = row.get("database")
        if known is not None and isinstance(database, str) and database not in known:
            close = did_you_mean(database, sorted(known))
            yield Slip((*path, "database"), f"no [[databases]] is named so{close}")


def _without_journey(said: Told) -> Iterator[Slip]:
    """Events of a journey that is not there, or accepts nothing."""
    accepting = [row for _, row in rows(said, "journeys") if row.get("consent", "") not in ("", "reject")]
    known = names({"journeys": accepting}, "journeys")
    for at, event in rows(table(said, "analytics"), "events"):
        journey = event.get("journey")
        if known is not None and isinstance(journey, str) and journey and journey not in known:
            yield Slip(("analytics", "events", at, "journey"), 'no journey of this name has consent = "accept"')


def _told_by_address(said: Told) -> Iterator[Slip]:
    """Steps that wait for a whole address on the site, where only a path is compared."""
    site = table(said, "site").get("url")
    for at, journey in rows(said, "journeys"):
        for number, step in rows(journey, "steps"):
            url = step.get("url")
            if isinstance(site, str) and isinstance(url, str) and url.startswith(f"{site.rstrip('/')}/"):
                yield Slip(
                    ("journeys", at, "steps", number, "url"), "a page of the site itself is told by its path alone"
                )
