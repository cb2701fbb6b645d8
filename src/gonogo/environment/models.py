"""What an environment file may say. These models are the one definition; the JSON Schema is generated from them.

An absent section makes the checks of that section NOT_APPLICABLE, with that reason.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, model_validator


class Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class Secret(SecretStr):
    """A value whose text is `***` wherever it is printed; `get_secret_value()` reveals it."""

    def _display(self) -> str:
        return "***"


class Tier(StrEnum):
    DEMO = "demo"
    DEVELOPMENT = "development"
    STAGING = "staging"
    PRODUCTION = "production"


def _http_url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("must be an http:// or https:// URL with a host")
    if parts.username or parts.password:
        raise ValueError("must not hold a user name or password; use [roles]")
    _ = parts.port  # raises ValueError when out of range
    return value.rstrip("/") if parts.path in {"", "/"} else value


def _path(value: str) -> str:
    if not value.startswith("/") or value.startswith("//"):
        raise ValueError("must be a path that begins with a single '/'")
    return value


HttpUrl = Annotated[str, AfterValidator(_http_url)]
Path = Annotated[str, AfterValidator(_path)]
Positive = Annotated[float, Field(gt=0)]
Share = Annotated[float, Field(ge=0, le=1)]
Name = Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._/-]*$")]


class Limits(Model):
    """The production guard: what may leave this process at most."""

    requests: Annotated[int, Field(ge=1)] = 500
    """Budget of HTTP requests and handshakes in a run; browser and load have their own."""
    rate_per_s: Positive = 20
    """Requests per second, over all hosts."""
    concurrency: Annotated[int, Field(ge=1, le=64)] = 8
    request_timeout_s: Positive = 10
    run_timeout_s: Positive = 600
    body_bytes: Annotated[int, Field(ge=1024)] = 5_000_000
    """Most of a body that is read, after decompression."""
    allow_methods: tuple[Literal["POST", "PUT", "PATCH", "DELETE"], ...] = ()
    """Methods beyond GET, HEAD and OPTIONS; refused on tier production unless listed here."""
    allow_load: bool = False
    """Allow load profiles on tier production."""


class Page(Model):
    path: Path
    contains: str = ""
    """Text that the page's body must hold, so that an error page with status 200 is not taken for it."""
    max_s: Positive = 2.0
    """Budget of the whole response, seconds."""


class Site(Model):
    url: HttpUrl
    """Origin of the public site: https://www.example.org"""
    plain_url: HttpUrl | None = None
    """Origin that must redirect to `url`; default: the same host on http port 80."""
    pages: tuple[Page, ...] = (Page(path="/"),)

    @property
    def host(self) -> str:
        return urlsplit(self.url).hostname or ""

    @property
    def plain(self) -> str:
        return self.plain_url or f"http://{self.host}"


class Health(Model):
    path: Path = "/health"
    deep_path: Path | None = None
    components: tuple[str, ...] = ()
    """Names under `checks` (or at the top level) of the deep answer that must say ok, pass, up or healthy."""
    max_s: Positive = 1.0


class Release(Model):
    path: Path = "/version"
    pointer: str = "/release"
    """JSON Pointer (RFC 6901) to the release id in the answer."""
    expected: str = ""
    """Release id that must be served; empty: only constancy over the run is judged."""


class Tls(Model):
    min_version: Literal["1.2", "1.3"] = "1.2"
    hosts: tuple[str, ...] = ()
    """Further `host` or `host:port` to judge, beside the site's."""
    warn_share: Share = 1 / 3
    fail_share: Share = 1 / 6
    """A certificate with less than this share of its lifetime left fails."""


class Security(Model):
    hsts_max_age_s: Annotated[int, Field(ge=0)] = 31_536_000
    hsts_include_subdomains: bool = True
    session_cookies: tuple[str, ...] = ("*sess*", "*sid*", "*auth*", "*token*")
    """Name patterns of cookies that script must not read (HttpOnly)."""


class Role(Model):
    token: Secret
    header: str = "Authorization"
    scheme: str = "Bearer"
    """Put before the token, with a space; empty for none."""


class Endpoint(Model):
    name: Name
    path: Path
    method: Literal["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"] = "GET"
    status: dict[str, tuple[int, ...]] = {"anonymous": (200,)}
    """Allowed status codes by role; `anonymous` sends no credentials."""
    max_s: Positive = 1.0
    operation: str = ""
    """Path template in the OpenAPI document when it differs from `path`."""
    destructive: bool = False
    """Never requested on tier production."""


class Api(Model):
    url: HttpUrl | None = None
    """Origin; default: the site's."""
    openapi: Path | None = None
    """Path of the OpenAPI 3.0 or 3.1 document."""
    endpoints: tuple[Endpoint, ...] = ()


class ThirdParty(Model):
    """A host outside the site's own that its pages may speak to."""

    host: str
    purpose: Literal["analytics", "errors", "advertising", "media", "other"]
    essential: bool = False
    """May be contacted without consent."""
    intercept: bool = True
    """Answer requests locally so that no trace is left there; false lets them through."""


class Consent(Model):
    page: Path = "/"
    other_page: Path | None = None
    banner: str = ""
    """CSS selector of the banner; empty: found by its words."""
    accept: str = ""
    reject: str = ""
    """CSS selectors of the controls; empty: found by their words."""
    essential_cookies: tuple[str, ...] = ()
    """Name patterns of cookies and storage keys that need no consent."""
    settle_s: Positive = 1.0
    """How long a page is watched after it has loaded."""


class Vitals(Model):
    pages: tuple[Path, ...] = ("/",)
    device: Literal["desktop", "mobile"] = "desktop"
    runs: Annotated[int, Field(ge=1, le=15)] = 3
    interaction: str = ""
    """CSS selector of what is clicked to measure INP; empty: INP is not judged."""
    lcp_ms: Positive = 2500
    cls: Positive = 0.1
    inp_ms: Positive = 200
    ttfb_ms: Positive = 800
    bytes: dict[Literal["document", "script", "stylesheet", "image", "font", "total"], int] = {}
    """Transferred bytes by type, the largest of the runs."""


class Table(Model):
    name: Name
    """`table` or `schema.table`."""
    columns: tuple[str, ...] = ()


class Index(Model):
    table: Name
    columns: tuple[str, ...]
    """Leading key columns, in order; the index's name does not matter."""
    unique: bool = False


class Migrations(Model):
    table: Name
    """Ledger table: `schema_migrations`."""
    column: str = "version"
    directory: str = ""
    """Folder of migration files, from the environment file; a file's id is its name up to the first `_`."""
    expected: tuple[str, ...] = ()
    """Ids that must be applied, where there is no directory."""


class Query(Model):
    name: Name
    sql: str
    """One SELECT."""
    p95_ms: Positive = 100


class Database(Model):
    name: Name
    url: Secret
    """postgresql://user:password@host:port/database"""
    tls: bool = True
    """verify-full, and a connection without TLS must be refused."""
    tables: tuple[Table, ...] = ()
    indexes: tuple[Index, ...] = ()
    migrations: Migrations | None = None
    queries: tuple[Query, ...] = ()
    connect_max_ms: Positive = 1000


class LoadTarget(Model):
    path: Path
    weight: Annotated[int, Field(ge=1)] = 1
    role: str = "anonymous"


class LoadProfile(Model):
    name: Name
    targets: Annotated[tuple[LoadTarget, ...], Field(min_length=1)]
    rate_per_s: Positive
    duration_s: Positive
    p95_ms: Positive = 500
    max_error_share: Share = 0.01
    min_rate_share: Share = 0.95
    """Achieved rate over planned rate."""

    @property
    def arrivals(self) -> int:
        """How many requests are due; the schedule is fixed, so this is exact."""
        return round(self.rate_per_s * self.duration_s)


class Delivery(Model):
    assets: tuple[Path, ...] = ()
    """Paths with a content hash in their name."""
    asset_max_age_s: Annotated[int, Field(ge=0)] = 31_536_000
    text: tuple[Path, ...] = ()
    """Paths of text larger than 1 KiB that must be compressed."""


class Metrics(Model):
    path: Path = "/metrics"
    required: tuple[str, ...] = ()
    """Metric names that must be present."""
    role: str = "anonymous"


class Environment(Model):
    """One deployed system at one tier."""

    name: Name
    tier: Tier
    title: str = ""
    provider: Literal["demo"] | None = None
    """`demo` starts the embedded target; it supplies the variables that the file uses."""
    policy: str = ""
    """Policy file, from the environment file; empty: the default policy."""
    ca_file: str = ""
    """PEM bundle that is trusted instead of the system's, from the environment file."""
    resolve: dict[str, str] = {}
    """Host name to IP address, in place of DNS."""
    hosts: tuple[str, ...] = ()
    """Further hosts that may be contacted, beside those of the URLs below."""
    limits: Limits = Limits()
    roles: dict[str, Role] = {}
    site: Site
    health: Health | None = None
    release: Release | None = None
    tls: Tls | None = None
    security: Security | None = None
    api: Api | None = None
    metrics: Metrics | None = None
    third_parties: tuple[ThirdParty, ...] = ()
    consent: Consent | None = None
    vitals: Vitals | None = None
    databases: tuple[Database, ...] = ()
    load: tuple[LoadProfile, ...] = ()
    delivery: Delivery | None = None

    @model_validator(mode="after")
    def _roles_exist(self) -> Environment:
        known = {"anonymous", *self.roles}
        used = [
            *((f"api.endpoints[{e.name}].status", role) for e in (self.api.endpoints if self.api else ()) for role in e.status),
            *((f"load[{p.name}].targets", t.role) for p in self.load for t in p.targets),
            *([("metrics.role", self.metrics.role)] if self.metrics else []),
        ]
        for where, role in used:
            if role not in known:
                raise ValueError(f"{where}: role {role!r} is not declared; known roles: {', '.join(sorted(known))}")
        return self
