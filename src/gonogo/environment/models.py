"""What an environment file may say: the one definition; JSON Schema and reference are generated from it.

An absent section makes the checks of that section NOT_APPLICABLE, with that reason.
"""

from __future__ import annotations

import ipaddress
import re
from datetime import date
from enum import StrEnum
from functools import cache
from typing import Annotated, Literal
from urllib.parse import SplitResult, urlsplit
from zoneinfo import available_timezones

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationInfo,
    field_validator,
    model_validator,
)

from gonogo.environment.interpolate import did_you_mean


class Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Secret(SecretStr):
    """A value whose text is `***` wherever it is printed; `get_secret_value()` reveals it."""

    def _display(self) -> str:
        return "***"


class Tier(StrEnum):
    DEMO = "demo"
    DEVELOPMENT = "development"
    STAGING = "staging"
    PRODUCTION = "production"


def _split(value: str) -> SplitResult:
    """urlsplit's own messages repeat parts of the value, which may be a password."""
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError:
        raise ValueError("must be a URL whose host and port (0 to 65535) are well formed") from None
    return parts


def _http_url(value: str) -> str:
    parts = _split(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("must be an http:// or https:// URL with a host")
    if parts.username or parts.password:
        raise ValueError("must not hold a user name or password; use [roles]")
    return value.rstrip("/") if parts.path in {"", "/"} else value


def _database_url(value: Secret) -> Secret:
    parts = _split(value.get_secret_value())
    if parts.scheme.partition("+")[0] not in {"postgresql", "postgres"} or not parts.hostname:
        raise ValueError("must be a postgresql:// URL with a host")
    return value


def _path(value: str) -> str:
    if not value.startswith("/") or value.startswith("//"):
        raise ValueError("must be a path that begins with a single '/'")
    return value


def _day(value: str) -> str:
    try:
        return date.fromisoformat(value).isoformat()
    except ValueError:
        raise ValueError("must be a day such as 2027-03-31") from None


Day = Annotated[str, AfterValidator(_day)]


def _pattern(value: str) -> str:
    try:
        groups = re.compile(value).groups
    except re.error as error:
        raise ValueError(f"must be a regular expression: {error}") from None
    if value and not groups:
        raise ValueError("must have a group: what stands in parentheses is read")
    return value


Pattern = Annotated[str, Field(max_length=500), AfterValidator(_pattern)]
HttpUrl = Annotated[str, AfterValidator(_http_url)]
Path = Annotated[str, AfterValidator(_path)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1)]
StatusCode = Annotated[int, Field(ge=100, le=599)]
Name = Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._/-]*$")]


def _said(value: str) -> str:
    if not value.strip():
        raise ValueError("must hold more than spaces")
    return value


Said = Annotated[str, Field(min_length=1), AfterValidator(_said)]
"""Text that names something: empty, it would fit everything or nothing."""

_CLOSED = re.compile(r"""\\.|/\*.*?\*/|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'""", re.DOTALL)
_OTHER_ENGINE = re.compile(r"\*?[\w:-]+=|\(*(?://|\.\.)|[\"']")
_PAIRS = {")": "(", "]": "["}


def _css(value: str) -> str:
    """Only what is no selector for certain; the browser judges the rest."""
    if value and not value.strip():
        raise ValueError("must be a CSS selector, not spaces")
    opened: list[str] = []
    for char in _CLOSED.sub("", value):
        if char in "\"'":
            raise ValueError(f"must be a CSS selector: a quote {char} is not closed")
        if char in "([":
            opened.append(char)
        elif char in _PAIRS and (not opened or opened.pop() != _PAIRS[char]):
            raise ValueError(f"must be a CSS selector: `{char}` closes nothing")
    if opened:
        raise ValueError(f"must be a CSS selector: `{opened[-1]}` is not closed")
    return value


def _selector(value: str) -> str:
    """CSS, unless it is of another of Playwright's engines: `text=Menu`, `//button`, `"Menu"`, or a chain with `>>`."""
    return value if _OTHER_ENGINE.match(value.lstrip()) or ">>" in value else _css(value)


Css = Annotated[str, AfterValidator(_css)]
Selector = Annotated[str, AfterValidator(_selector)]

_LABEL = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_HOST = re.compile(rf"(?=.{{1,254}}\Z){_LABEL}(?:\.{_LABEL})*\.?")


def _host(value: str) -> str:
    try:
        ipaddress.ip_address(value[1:-1] if value.startswith("[") and value.endswith("]") else value)
    except ValueError:
        if not _HOST.fullmatch(value):
            raise ValueError(
                "must be a host name alone, without scheme, port or path, and in ASCII: shop.example, not https://shop.example/"
            ) from None
    return value


Host = Annotated[str, AfterValidator(_host)]

# RFC 5646 §2.1, without extended languages, extensions and private use.
_LANGUAGE = re.compile(
    r"[A-Za-z]{2,3}(?:-[A-Za-z]{4})?(?:-(?:[A-Za-z]{2}|[0-9]{3}))?(?:-(?:[A-Za-z0-9]{5,8}|[0-9][A-Za-z0-9]{3}))*"
)


def _locale(value: str) -> str:
    if value and not _LANGUAGE.fullmatch(value):
        raise ValueError("must be a language tag (BCP 47) such as de, de-DE or zh-Hant-TW")
    return value


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _timezone(value: str) -> str:
    # A machine without the database of time zones cannot tell; the browser brings its own.
    if value and _zones() and value not in _zones():
        raise ValueError(f"must be an IANA time zone such as Europe/Berlin{did_you_mean(value, sorted(_zones()))}")
    return value


def _cookie_name(value: str) -> str:
    if value and not re.fullmatch(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+", value):
        raise ValueError(
            "must be a cookie's name (RFC 6265): letters, digits and !#$%&'*+-.^_`|~, without spaces or `;`"
        )
    return value


def _cookie_value(value: str) -> str:
    if re.search(r"""[\x00-\x20\x7f;,"']|\s""", value):
        raise ValueError("must be a cookie's value: no `;`, comma, space, quote or control character")
    return value


ARIA_ROLES = frozenset(
    "alert alertdialog application article banner blockquote button caption cell checkbox code columnheader combobox "
    "complementary contentinfo definition deletion dialog directory document emphasis feed figure form generic grid "
    "gridcell group heading img image insertion link list listbox listitem log main mark marquee math menu menubar menuitem "
    "menuitemcheckbox menuitemradio meter navigation none note option paragraph presentation progressbar radio "
    "radiogroup region row rowgroup rowheader scrollbar search searchbox separator slider spinbutton status strong "
    "subscript suggestion superscript switch tab table tablist tabpanel term textbox time timer toolbar tooltip tree "
    "treegrid treeitem".split()
)
"""WAI-ARIA 1.2 §5.4 without the abstract roles, and what 1.3 adds."""


def _aria_role(value: str) -> str:
    if value and value not in ARIA_ROLES:
        raise ValueError(
            f"must be an ARIA role such as button, link, heading or textbox{did_you_mean(value, sorted(ARIA_ROLES))}"
        )
    return value


def split_host(text: str) -> tuple[str, int | None]:
    """`host`, `host:port`, `[address]:port` or an address; the host in lower case."""
    text = text.strip().lower()
    if text.startswith("["):
        host, _, port = text[1:].partition("]")
        port = port.removeprefix(":")
    elif text.count(":") == 1:
        host, _, port = text.partition(":")
    else:
        host, port = text, ""
    return host, int(port) if port.isascii() and port.isdecimal() else None


class Limits(Model):
    """The production guard: what may leave this process at most."""

    requests: Annotated[int, Field(ge=1)] = 500
    """Budget of HTTP requests and handshakes in a run; browser and load have their own."""
    rate_per_s: Positive = 20
    """Requests per second, over all hosts."""
    concurrency: Annotated[int, Field(ge=1, le=64)] = 8
    """Network probes at the same time."""
    request_timeout_s: Positive = 10
    """One request with its answer, seconds."""
    run_timeout_s: Positive = 600
    """All gathering of a run, seconds; what has not arrived by then is UNKNOWN."""
    body_bytes: Annotated[int, Field(ge=1024)] = 5_000_000
    """Most of a body that is read, after decompression."""
    allow_methods: tuple[Literal["POST", "PUT", "PATCH", "DELETE", "TRACE"], ...] = ()
    """Methods beyond GET, HEAD and OPTIONS; refused on tier production unless listed here."""
    allow_load: bool = False
    """Allow load profiles on tier production."""


class Page(Model):
    """One page that visitors reach."""

    path: Path
    """Path and query on the site."""
    contains: str = ""
    """Text that the page's body must hold, so that an error page with status 200 is not taken for it."""
    max_s: Positive = 2.0
    """Budget of the whole response, seconds."""


class Site(Model):
    """The public site: where it answers and which pages are judged."""

    url: HttpUrl
    """Origin of the public site: https://www.example.org"""
    plain_url: HttpUrl | None = None
    """Origin that must redirect to `url`; default: the same host on http port 80."""
    aliases: tuple[HttpUrl, ...] = ()
    """Other addresses that must lead to the site, such as https://example.org for https://www.example.org."""
    pages: Annotated[tuple[Page, ...], Field(min_length=1)] = (Page(path="/"),)
    """Pages whose answers and headers are judged, in this order."""

    @property
    def host(self) -> str:
        return urlsplit(self.url).hostname or ""

    @property
    def plain(self) -> str:
        return self.plain_url or f"http://{f'[{self.host}]' if ':' in self.host else self.host}"


class Health(Model):
    """The endpoints by which the system says that it is well."""

    path: Path = "/health"
    """Answers 200 while the process serves."""
    deep_path: Path | None = None
    """Answers 200 while the parts that it depends on serve too."""
    components: tuple[str, ...] = ()
    """Names under `checks` (or at the top level) of the deep answer that must say ok, pass, up or healthy."""
    max_s: Positive = 1.0
    """Budget of an answer, seconds."""


class Release(Model):
    """Which release is served; without it a verdict could be about another one."""

    path: Path = "/version"
    """Answers JSON that names the release."""
    pointer: str = "/release"
    """JSON Pointer (RFC 6901) to the release id in the answer."""
    expected: str = ""
    """Release id that must be served; empty: only constancy over the run is judged."""


def _address(value: str) -> str:
    try:
        return str(ipaddress.ip_address(value))
    except ValueError:
        raise ValueError("must be an IPv4 or IPv6 address") from None


POST_QUANTUM = "X25519MLKEM768"
Group = Literal[
    "X25519MLKEM768",
    "SecP256r1MLKEM768",
    "SecP384r1MLKEM1024",
    "x25519",
    "x448",
    "secp256r1",
    "secp384r1",
    "secp521r1",
    "ffdhe2048",
    "ffdhe3072",
]


class Tls(Model):
    """Certificates and protocol versions."""

    min_version: Literal["1.2", "1.3"] = "1.2"
    """Oldest protocol version that may be accepted."""
    hosts: tuple[str, ...] = ()
    """Further `host` or `host:port` to judge, beside the site's."""
    fail_share: Share = 1 / 6
    """A certificate with less than this share of its lifetime left fails; 14 days are always enough."""
    lifetime_days: Annotated[int, Field(ge=1)] | None = None
    """Longest lifetime of a certificate; default: what the CA/Browser Forum allows, judged for public issuers only."""
    groups: tuple[Group, ...] = ()
    """Key agreement groups that TLS 1.3 must offer; `X25519MLKEM768` is the one that a quantum computer does not break."""
    alpn: Literal["", "h2", "http/1.1"] = ""
    """Protocol that must be chosen when h2 and http/1.1 are offered; empty: not judged."""
    addresses: dict[str, tuple[Annotated[str, AfterValidator(_address)], ...]] = {}
    """Every address of a host, where they are more than its name resolves to: the nodes behind a load balancer."""


class Preload(Model):
    """The HSTS preload list, https://hstspreload.org: judged by its published rules."""

    url: HttpUrl
    """Origin of the registrable domain: https://example.org"""
    plain_url: HttpUrl | None = None
    """Its plain-http origin; default: the same host on port 80."""

    @property
    def plain(self) -> str:
        return self.plain_url or f"http://{urlsplit(self.url).hostname}"


class RateLimit(Model):
    """A limit that is tried out: at most `requests` + 2 requests, one after another, at the end of the run."""

    path: Path
    """Path and query on the site, or on the API when it begins with /api; requested with GET."""
    requests: Annotated[int, Field(ge=1, le=200)]
    """The limit; a refusal with 429 must come after no more than this many."""
    role: str = "anonymous"
    """Role whose credentials are sent."""


class Logout(Model):
    """The log-out, which must clear what the browser holds."""

    path: Path
    """Path on the site."""
    method: Literal["GET", "POST"] = "POST"
    """POST needs `limits.allow_methods` on tier production."""
    role: str = "anonymous"
    """Role whose credentials are sent."""


class Exposure(Model):
    """Some thirty requests for what should not be there: sensitive files, source maps, TRACE, and odd requests that may show a
    stack trace. A firewall may take them for an attack."""

    published: tuple[Path, ...] = ()
    """Paths of the list of sensitive files that are meant to be there."""
    error_paths: tuple[Path, ...] = ()
    """Further paths that answer with an error, to see what the error tells."""
    source_maps: bool = False
    """Whether source maps of the declared scripts may be public."""


Origin = Annotated[str, Field(pattern=r"^https?://[^/?#@\s]+$")]


class Security(Model):
    """Response headers, redirects, cookies and CORS."""

    hsts_max_age_s: Annotated[int, Field(ge=0)] = 31_536_000
    """Least `max-age` of Strict-Transport-Security, seconds; the default is a year."""
    hsts_include_subdomains: bool = True
    """Whether `includeSubDomains` is demanded."""
    session_cookies: tuple[str, ...] = (
        "*sess*", "sid", "*[._-]sid", "auth", "*[._-]auth", "*auth[._-]token", "*authtoken", "*access[._-]token", "*accesstoken",
        "*refresh[._-]token", "*refreshtoken", "*id[._-]token", "*idtoken", "*user[._-]token", "*usertoken", "jwt", "jwt[._-]*",
        "*[._-]jwt", "*jwttoken", "*remember[._-]*", "remember*", "*logged_in*", "*login*", ".asp*", "token",
    )  # fmt: skip
    """Name patterns of cookies that script must not read (HttpOnly); not those against forged requests, which it must."""
    session_max_age_s: Annotated[int, Field(ge=0)] = 34_560_000
    """Longest lifetime of a session cookie, seconds; the default is the 400 days that browsers allow."""
    cookie_domains: tuple[str, ...] = ()
    """Domains that cookies may be shared with by their Domain attribute; none by default."""
    permissions: tuple[str, ...] = ("camera", "geolocation", "microphone")
    """Browser features that Permissions-Policy must not leave open to every frame."""
    isolated: bool = False
    """Whether pages must be cross-origin isolated (COOP and COEP)."""
    trusted_types: bool = False
    """Whether the CSP must enforce Trusted Types."""
    inline_styles: bool = True
    """Whether the CSP may allow inline styles."""
    origins: tuple[Origin, ...] = ()
    """Origins that the API serves across origins (CORS); the first is tried out."""
    cors_paths: tuple[Path, ...] = ()
    """Paths whose CORS answers are judged; default: the first API endpoint, else the start page."""
    private_paths: tuple[Path, ...] = ()
    """Pages that must never be kept by a shared cache, beside the API's answers to roles."""
    redirect_paths: tuple[Path, ...] = ()
    """Paths that redirect to what they are told, with `{target}` in it: /login?next={target}"""
    security_txt: bool | None = None
    """Whether /.well-known/security.txt must be there; unset: on tier production."""
    preload: Preload | None = None
    """Set it to hold the domain to the HSTS preload list's rules."""
    rate_limit: RateLimit | None = None
    """Set it to try a rate limit out."""
    logout: Logout | None = None
    """Set it to judge Clear-Site-Data on log-out."""


class Role(Model):
    """Credentials by which requests are made in a role; endpoints and load targets name it."""

    token: Secret
    """The credential itself, as `${NAME}`."""
    header: str = "Authorization"
    """Request header that carries it."""
    scheme: str = "Bearer"
    """Put before the token, with a space; empty for none."""
    cookie: str = ""
    """Name of the cookie in which a browser has the token, for journeys in this role."""
    local_storage: str = ""
    """Key of the site's local storage under which a browser has it."""


class Endpoint(Model):
    """One API operation: who may use it and how fast it answers."""

    name: Name
    """Names the endpoint in results; unique."""
    path: Path
    """Path and query on the API."""
    method: Literal["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"] = "GET"
    """Beyond GET, HEAD and OPTIONS only where `limits.allow_methods` lists it, on tier production."""
    status: dict[str, tuple[StatusCode, ...]] = {"anonymous": (200,)}
    """Allowed status codes by role; `anonymous` sends no credentials."""
    max_s: Positive = 1.0
    """Budget of an answer, seconds."""
    operation: str = ""
    """Path template in the OpenAPI document when it differs from `path`."""
    destructive: bool = False
    """Never requested on tier production."""


class Api(Model):
    """The HTTP API and its contract."""

    url: HttpUrl | None = None
    """Origin; default: the site's."""
    openapi: Path | None = None
    """Path of the OpenAPI 3.0 or 3.1 document."""
    endpoints: tuple[Endpoint, ...] = ()
    """Operations that are requested and judged."""


class ThirdParty(Model):
    """A host outside the site's own that its pages may speak to."""

    host: Host
    """Host name, without scheme or port."""
    purpose: Literal["analytics", "errors", "advertising", "media", "other"]
    """What it is used for; analytics and advertising need consent."""
    essential: bool = False
    """May be contacted without consent."""
    intercept: bool = True
    """Answer requests locally so that no trace is left there; false lets them through."""
    scripts: bool = False
    """Whether pages may run scripts from there; one from any other host is a finding."""


Law = Literal["eu", "uk", "us"]
"""eu: ePrivacy directive and GDPR; uk: PECR and UK GDPR; us: the opt-out laws of California and other states."""


class ConsentRegion(Model):
    """Visitors of another country or language, who may meet another banner."""

    name: Name
    """Names the region in results; unique."""
    locale: Annotated[str, AfterValidator(_locale)] = ""
    """Language tag of the visitor's browser: de-DE."""
    timezone: Annotated[str, AfterValidator(_timezone)] = ""
    """IANA time zone of the visitor: Europe/Berlin."""
    laws: tuple[Law, ...] = ("eu",)
    """Laws under which it is judged."""


class InventoryItem(Model):
    """A cookie or storage entry that the site is known to keep."""

    name: str
    """Name pattern: `_ga*`."""
    purpose: str
    """What it is for, as the policy tells visitors."""
    party: str = "own"
    """Whose it is: `own`, or the third party's name."""


class PolicyPage(Model):
    """The page that tells visitors what is stored."""

    path: Path = "/privacy"
    """Path on the site."""
    phrases: tuple[str, ...] = ()
    """Texts that it must hold, compared without case: the controller's name, an address for requests."""
    links: tuple[str, ...] = ()
    """Links that it must have, as they stand in `href`."""
    updated: Pattern = ""
    """Regular expression whose first group is the date of the last change, as 2026-11-21: `Updated (\\d{4}-\\d\\d-\\d\\d)`."""
    months: Annotated[int, Field(ge=1)] = 24
    """Oldest age of that date, in months."""


class Consent(Model):
    """The consent banner, judged by its effects in a fresh browser."""

    page: Path = "/"
    """Page on which the banner is met."""
    other_page: Path | None = None
    """A second page, to see that the choice lasts; default: the same page again."""
    banner: Css = ""
    """CSS selector of the banner; empty: found by its words."""
    accept: Css = ""
    """CSS selector of the control that accepts all; empty: found by its words."""
    reject: Css = ""
    """CSS selector of the control that rejects all; empty: found by its words."""
    preferences: Css = ""
    """CSS selector of the banner's control that opens preferences; empty: found by its words."""
    settings: Css = ""
    """CSS selector of the page's control that opens the choice again; empty: found by its words."""
    autoconsent: bool = False
    """Whether to try the rules of DuckDuckGo's autoconsent where selectors and words find no banner or no control; they
    come with `pip install 'gonogo[autoconsent]'`."""
    essential_cookies: tuple[str, ...] = ()
    """Name patterns of cookies and storage keys that need no consent."""
    laws: tuple[Law, ...] = ("eu",)
    """Laws under which the site is judged where no region is declared, or before those that are."""
    regions: tuple[ConsentRegion, ...] = ()
    """Further visitors, each with visits of their own."""
    record: Annotated[str, AfterValidator(_cookie_name)] = ""
    """Name of the cookie that holds the choice; with it its lifetime and attributes are judged."""
    revised: Annotated[str, AfterValidator(_cookie_value)] = ""
    """A value that this cookie had under an earlier policy: who comes with it must be asked again."""
    expiry_days: Annotated[int, Field(ge=1, le=3650)] = 396
    """After so many days the visitor must be asked again; the default is thirteen months."""
    tracker_days: Annotated[int, Field(ge=1, le=3650)] = 396
    """Longest lifetime of a cookie that needs consent; the default is thirteen months."""
    consent_mode: bool = False
    """Whether Google Consent Mode v2 must be in use."""
    inventory: tuple[InventoryItem, ...] = ()
    """Every cookie and storage entry that is known; with it, others are findings."""
    policy: PolicyPage | None = None
    """Facts that the policy page must show."""
    collectors: tuple[Path, ...] = ()
    """Path patterns on the site's own hosts that take analytics hits: /g/collect*."""

    @model_validator(mode="after")
    def _consistent(self) -> Consent:
        names = [region.name for region in self.regions]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"consent.regions: {', '.join(twice)} is declared more than once")
        if self.revised and not self.record:
            raise ValueError("consent.revised needs consent.record, the cookie that has this value")
        return self

    settle_s: Annotated[float, Field(gt=0, le=30, allow_inf_nan=False)] = 1.0
    """How long a page is watched after it has loaded."""
    appear_s: Annotated[float, Field(gt=0, le=10, allow_inf_nan=False)] = 5.0
    """How long after load the banner may take to show on the first page of a visit, before it counts as absent."""


class AnalyticsEvent(Model):
    """One event that must be counted."""

    name: str
    """As the hit tells it: page_view."""
    journey: str = ""
    """Journey that provokes it, one with `consent = "accept"`; empty: the visit that accepts in the banner."""


class Analytics(Model):
    """The analytics tag, judged by what it sends after consent."""

    kind: Literal["ga4", "other"] = "ga4"
    """Google Analytics 4, or a collector whose parameters are named below."""
    id: str = ""
    """Measurement id: G-ABC123DEF4; empty: not judged."""
    hosts: tuple[Host, ...] = ()
    """Hosts that take hits; empty: the third parties whose purpose is analytics."""
    paths: tuple[Path, ...] = ("/g/collect",)
    """Paths that take hits, on these hosts."""
    own_paths: tuple[Path, ...] = ()
    """Paths that take hits on the site's own host, for collection on the server; answered locally."""
    script: str = ""
    """Path pattern of the tag's script where Google's names do not fit: /assets/tag.*.js"""
    parameters: tuple[str, ...] = ("v", "tid", "cid", "en", "dl")
    """Parameters that each hit must carry, with a value."""
    id_parameter: str = "tid"
    """The one that holds the id."""
    event_parameter: str = "en"
    """The one that holds the event's name."""
    events: tuple[AnalyticsEvent, ...] = ()
    """Events that must be seen."""

    @field_validator("id")
    @classmethod
    def _measurement_id(cls, value: str, info: ValidationInfo) -> str:
        if value and info.data.get("kind") == "ga4" and not re.fullmatch("G-[A-Za-z0-9]+", value):
            raise ValueError("kind ga4 has a measurement id of G- and letters or digits, such as G-ABC123DEF4")
        return value


class Sending(Model):
    """One request that is sent with the run's own tag: each `{tag}` in path and body becomes it."""

    path: Path
    """Path and query on the API, or on the site where none is declared; `{id}`: see `id_pointer`."""
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = "POST"
    """Beyond GET only where `limits.allow_methods` lists it, on tier production."""
    role: str = "anonymous"
    """Role whose credentials are sent."""
    body: Annotated[str, Field(max_length=20_000)] = ""
    """What is sent, such as `{"email": "{tag}@acme.invalid"}`; empty: nothing."""
    content_type: str = "application/json"
    """Content-Type of the body."""
    status: tuple[StatusCode, ...] = ()
    """Statuses that say it was taken; empty: any 2xx."""


class Row(Model):
    """Where in a database the tag can be found."""

    database: Name
    """One of [[databases]], read with its role."""
    table: Name
    """`table` or `schema.table`."""
    column: str = "message"
    """Column whose text holds the tag."""
    time: str = ""
    """Column of the time of writing: only the last hour is looked through, which spares a large table; empty: all."""


class ErrorRow(Row):
    """The table to which the system writes its errors."""

    release: str = ""
    """Column of the release; empty: not judged."""
    environment: str = ""
    """Column of the environment; empty: not judged."""
    within_s: Positive = 10.0
    """After so many seconds the row is there."""


class Alerts(Model):
    """Where delivered alerts can be seen: a mailbox, a chat channel, a pager, by its HTTP API."""

    url: HttpUrl
    """Answers JSON; requested with GET."""
    pointer: str = ""
    """JSON Pointer (RFC 6901) to the messages in the answer; empty: all of it."""
    role: str = "anonymous"
    """Role whose credentials are sent."""
    within_s: Positive = 30.0
    """After so many seconds the alert is there."""


class ErrorRoundTrip(Model):
    """An error of our own, followed to the table and the alert; it leaves a row that holds `gonogo-` and the run's id."""

    request: Sending | None = None
    """Request that makes the system record an error with the tag; default: an error in our own visit to `page`."""
    row: ErrorRow | None = None
    """Where it is written."""
    alert: Alerts | None = None
    """Where it is told."""

    @model_validator(mode="after")
    def _looks(self) -> ErrorRoundTrip:
        if self.row is None and self.alert is None:
            raise ValueError("error_tracking.round_trip needs `row` or `alert`, where the error is to be seen")
        return self


class ErrorTracking(Model):
    """Where errors in the browser are reported."""

    kind: Literal["sentry", "none"]
    """Sentry or what speaks as it does; or none, where only `round_trip` and `forbid_hosts` are judged."""
    host: str = ""
    """Host in the DSN."""
    project: str = ""
    """Project number in the DSN."""
    public_key: str = ""
    """Public key in the DSN; it is no secret."""
    release: str = ""
    """Release that events must name; empty: any, but one."""
    environment: str = ""
    """Environment that events must name; empty: any, but one."""
    tunnel: Path | None = None
    """Path on the site through which events go; answered locally."""
    page: Path = "/"
    """Page on which an error is provoked."""
    provoke: bool = True
    """Throw an error in our own visit. Not done on production where its report would arrive (`intercept = false`)."""
    forbid_hosts: tuple[str, ...] = ()
    """Host patterns that no page may speak to: *.sentry.io"""
    round_trip: ErrorRoundTrip | None = None
    """Where errors end up that the system itself records."""

    @model_validator(mode="after")
    def _addressed(self) -> ErrorTracking:
        if self.kind == "sentry" and not self.host:
            raise ValueError("error_tracking: kind sentry needs `host`, the host in the DSN")
        if self.kind == "none" and not self.forbid_hosts and self.round_trip is None:
            raise ValueError(
                "error_tracking: kind none needs `round_trip` or `forbid_hosts`; else leave the section out"
            )
        return self


class Trace(Model):
    """A place that holds a person's data: an address of the API, or a table."""

    name: Name
    """Names the place in results; unique."""
    path: Path | None = None
    """Path on the API (or site) that shows the data; requested with GET, `{tag}` and `{id}` filled in."""
    role: str = "anonymous"
    """Role whose credentials are sent."""
    gone: tuple[StatusCode, ...] = (404, 410)
    """Statuses that say the data is gone; so does a 2xx without the tag."""
    row: Row | None = None
    """A table in place of an address."""

    @model_validator(mode="after")
    def _one_place(self) -> Trace:
        if (self.path is None) == (self.row is None):
            raise ValueError("traces: either `path` or `row`")
        return self


class Deletion(Model):
    """A person of our own is made, and asks to be deleted (GDPR Article 17). Never on tier production."""

    create: Sending
    """Makes the person; `{tag}` names them."""
    id_pointer: str = ""
    """JSON Pointer to the person's id in the answer, for `{id}` in what follows; empty: none is needed."""
    ask: Sending
    """Asks for the deletion."""
    traces: Annotated[tuple[Trace, ...], Field(min_length=1)]
    """Places where the person's data is seen before, and gone after."""
    within_s: Positive = 10.0
    """After so many seconds the data is gone."""

    @model_validator(mode="after")
    def _unique(self) -> Deletion:
        names = [trace.name for trace in self.traces]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"privacy.deletion.traces: {', '.join(twice)} is declared twice")
        if "{tag}" not in self.create.path + self.create.body:
            raise ValueError(
                "privacy.deletion.create: neither `path` nor `body` holds {tag}, by which the person is told"
            )
        return self


class Privacy(Model):
    """What people may ask of whoever keeps their data."""

    deletion: Deletion | None = None
    """Set it to try a deletion out."""


JOURNEY_ACTIONS = ("goto", "click", "fill", "press", "see", "absent", "url", "title", "response", "elapse_s")


class JourneyStep(Model):
    """One step of a journey: exactly one of the actions, and what it needs."""

    goto: Path | None = None
    """Open this path of the site."""
    click: Said | None = None
    """Click what is named so; see `role` and `by`."""
    fill: Said | None = None
    """Put `value` or `secret` into the field named so, by its label."""
    press: Annotated[str, Field(min_length=1)] | None = None
    """Press a key: Enter, Escape, Tab."""
    see: Said | None = None
    """Wait until this is visible."""
    absent: Said | None = None
    """Wait until this is not visible."""
    url: Said | None = None
    """Wait until the page's path and query match this pattern: /orders/*"""
    title: Said | None = None
    """Wait until the page's title holds this."""
    response: Path | None = None
    """Wait for an answer to a request for this path pattern, one that no earlier step waited for."""
    elapse_s: Positive | None = None
    """Let so many seconds pass in the page, at once: its timers fire."""
    role: Annotated[str, AfterValidator(_aria_role)] = ""
    """ARIA role of what is named: button, link, heading, textbox."""
    by: Literal["text", "label", "selector"] = "text"
    """What names an element without a role: its visible text, its label, or a CSS selector."""
    value: str = ""
    """Text for `fill`."""
    secret: Secret = Secret("")
    """The same as `${NAME}`; it is never shown."""
    status: tuple[StatusCode, ...] = ()
    """Statuses expected of `goto` or `response`; empty: any below 400."""
    within_s: Annotated[float, Field(gt=0, le=60, allow_inf_nan=False)] = 5.0
    """How long the step may take."""

    @property
    def action(self) -> str:
        return next(name for name in JOURNEY_ACTIONS if getattr(self, name) is not None)

    @model_validator(mode="after")
    def _one_action(self) -> JourneyStep:
        given = [name for name in JOURNEY_ACTIONS if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(
                f"a step has one action of {', '.join(JOURNEY_ACTIONS)}; found {', '.join(given) or 'none'}"
            )
        if self.fill is not None and not {"value", "secret"} & self.model_fields_set:
            raise ValueError('`fill` needs `value` or `secret`; `value = ""` empties the field')
        named = self.click or self.fill or self.see or self.absent
        if named and self.by == "selector" and not self.role:
            try:
                _selector(named)
            except ValueError as error:
                raise ValueError(f"{self.action}: {error}") from None
        return self


class Freshness(Model):
    """How old a page's data may be, by the time that it names itself."""

    response: Path | None = None
    """Path pattern of the answer that holds the time, the last one of the journey."""
    pointer: str = ""
    """Where it stands in the answer (RFC 6901): /generated_at"""
    selector: Selector = ""
    """CSS selector of the element that shows it, in `datetime` or as text; in place of an answer."""
    max_age_s: Positive = 60
    """Oldest age, seconds."""

    @model_validator(mode="after")
    def _one_source(self) -> Freshness:
        if (self.response is None) == (not self.selector):
            raise ValueError("fresh: either `response` with `pointer`, or `selector`")
        return self


class Journey(Model):
    """What a visitor does on the site, step by step, in a fresh browser."""

    name: Name
    """Names the journey in results; unique."""
    start: Path = "/"
    """Page on which it begins."""
    role: str = "anonymous"
    """Role in which the visitor has signed in before; it needs `cookie` or `local_storage`."""
    consent: Literal["", "accept", "reject"] = ""
    """Choice that is made in the consent banner first."""
    device: Literal["desktop", "mobile"] = "desktop"
    """Screen of the browser."""
    steps: Annotated[tuple[JourneyStep, ...], Field(min_length=1, max_length=50)]
    """What is done and expected, in order."""
    max_s: Positive = 15.0
    """Longest time from the first step to the last, seconds."""
    fresh: Freshness | None = None
    """How old the data shown may be."""


ResourceType = Literal["document", "script", "stylesheet", "image", "font", "media", "other", "total"]


class Interaction(Model):
    """Something that a visitor presses; INP is that of the slowest."""

    selector: Annotated[str, Field(min_length=1), AfterValidator(_selector)]
    """CSS selector of what is clicked, or of what has the focus when the key is pressed."""
    key: str = ""
    """Key that is pressed, by Playwright's name (`Enter`, `a`); empty: a click."""
    page: Path | None = None
    """Only on this page; default: on each."""


class ThirdPartyBudget(Model):
    """What other registrable domains than the site's own may add to a page."""

    bytes: Annotated[int, Field(ge=0)] | None = None
    """Transferred, at most; what is answered locally (`intercept`) has none."""
    requests: Annotated[int, Field(ge=0)] | None = None
    """Requests, at most."""


Limit = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class PageBudget(Model):
    """Budgets of some pages, instead of the section's own; the last entry whose path fits counts."""

    path: str
    """Path of the page as in robots.txt: a prefix in which `*` stands for anything and a last `$` for the end."""
    lcp_ms: Limit | None = None
    """Largest Contentful Paint."""
    fcp_ms: Limit | None = None
    """First Contentful Paint."""
    tbt_ms: Limit | None = None
    """Total Blocking Time."""
    ttfb_ms: Limit | None = None
    """Time to First Byte."""
    inp_ms: Limit | None = None
    """Interaction to Next Paint."""
    cls: Limit | None = None
    """Cumulative Layout Shift."""
    bytes: dict[ResourceType, int] | None = None
    """Transferred bytes by type."""
    uncompressed: dict[ResourceType, int] | None = None
    """Bytes by type, as the page gets them."""
    requests: dict[ResourceType, int] | None = None
    """Requests by type."""
    third_party: ThirdPartyBudget | None = None
    """Third parties."""


class FieldData(Model):
    """What real visitors' browsers reported, from an endpoint of the site; the defaults fit the Chrome UX Report's API."""

    path: Path
    """Path of a JSON document on the site."""
    lcp: str = "/record/metrics/largest_contentful_paint/percentiles/p75"
    """JSON Pointer to the 75th percentile of LCP, milliseconds."""
    cls: str = "/record/metrics/cumulative_layout_shift/percentiles/p75"
    """JSON Pointer to the 75th percentile of CLS."""
    inp: str = "/record/metrics/interaction_to_next_paint/percentiles/p75"
    """JSON Pointer to the 75th percentile of INP, milliseconds."""


class Vitals(Model):
    """Core Web Vitals in a lab browser; the defaults are the "good" limits of https://web.dev/articles/vitals."""

    pages: tuple[Path, ...] = ("/",)
    """Pages that are measured."""
    device: Literal["desktop", "mobile"] = "desktop"
    """Screen size and slow-down of the measuring browser."""
    runs: Annotated[int, Field(ge=1, le=15)] = 3
    """Visits to each page; the median is judged."""
    interaction: Selector = ""
    """CSS selector of what is clicked to measure INP; empty, and no [[vitals.interactions]]: INP is not judged."""
    lcp_ms: Positive = 2500
    """Largest Contentful Paint, at most, milliseconds."""
    cls: Positive = 0.1
    """Cumulative Layout Shift, at most; it has no unit."""
    inp_ms: Positive = 200
    """Interaction to Next Paint, at most, milliseconds."""
    ttfb_ms: Positive = 800
    """Time to First Byte, at most, milliseconds."""
    bytes: dict[ResourceType, int] = {}
    """Transferred bytes by type, the largest of the runs."""
    fcp_ms: Positive = 1800
    """First Contentful Paint, at most, milliseconds."""
    tbt_ms: Limit = 200
    """Total Blocking Time until the page has settled, at most, milliseconds."""
    headroom: Share = 0.1
    """A median in this last share of its budget is a finding of low severity."""
    uncompressed: dict[ResourceType, int] = {}
    """Bytes by type as the page gets them, the largest of the runs."""
    requests: dict[ResourceType, int] = {}
    """Requests by type, the most of the runs."""
    third_party: ThirdPartyBudget | None = None
    """What other registrable domains may add."""
    interactions: tuple[Interaction, ...] = ()
    """Further presses whose INP is measured, in order."""
    also_on: tuple[Literal["desktop", "mobile"], ...] = ()
    """Further devices on which the same pages are measured."""
    throttling: Literal["device", "none"] = "device"
    """`device`: a phone has slow 4G and a quarter of this machine's processor, a desktop is not slowed down."""
    stored_consent: bool = True
    """Where [consent] is declared, measure a second load of each visit too, after everything was accepted."""
    warm_up: bool = True
    """One visit before the first run, which is not judged; it tells which scripts and styles were not used."""
    reruns: Annotated[int, Field(ge=0, le=15)] = 3
    """Further visits, made only where a median is over its budget while some run kept it; theirs must be over it too."""
    budgets: tuple[PageBudget, ...] = ()
    """Budgets of some pages."""
    budgets_file: str = ""
    """`budget.json` as Lighthouse CI reads it, from the environment file; its entries come before [[vitals.budgets]]."""
    field: FieldData | None = None
    """Data of real visitors."""


class AccessibleState(Model):
    """A state of a page that only an interaction brings about: a menu open, a dialog, a form with errors."""

    name: Name
    """Names the state in results."""
    page: Path = "/"
    """Page on which it is brought about, without the consent banner."""
    clicks: tuple[Selector, ...] = ()
    """Selectors (CSS, or Playwright's such as `text=Menu`) that are clicked, in order."""
    keys: tuple[str, ...] = ()
    """Keys that are pressed after the clicks, by Playwright's names: `Tab`, `Enter`, `Escape`."""
    shows: Selector = ""
    """Selector of what must be visible then; empty: the state counts as reached when each click could be made."""


class KnownViolation(Model):
    """A violation that is known and will be mended: no finding until the date."""

    fingerprint: Annotated[str, Field(pattern=r"^[0-9a-f]{12}$")]
    """As the finding tells it; it is made of the rule and the element."""
    page: Path | None = None
    """Only on this page; default: wherever the element stands."""
    reason: Annotated[str, Field(min_length=10)]
    """Why it may stand for now, for the reader of the report."""
    until: Day
    """Last day on which it is no finding: "2027-03-31"."""


class Accessibility(Model):
    """WCAG 2.1 and 2.2 at levels A and AA, as far as a machine can tell."""

    pages: tuple[Path, ...] = ()
    """Pages that are judged; empty: those of [site]."""
    main_action: Selector = ""
    """CSS selector of what the site is for: a sign-up, a search; empty: its way by keyboard is not judged."""
    main_action_page: Path = "/"
    """Page on which it stands."""
    presses: Annotated[int, Field(ge=1, le=200)] = 40
    """Presses of Tab within which the main action and the banner's control to reject are reached."""
    reflow_tolerance_px: Annotated[int, Field(ge=0, le=100)] = 2
    """How much wider than a window of 320 CSS pixels a page may be."""
    motion_ms: Positive = 500
    """How long something may move for a visitor who asked for less motion, milliseconds."""
    states: tuple[AccessibleState, ...] = ()
    """Further states that are judged."""
    known: tuple[KnownViolation, ...] = ()
    """Violations that are no finding for now."""

    @model_validator(mode="after")
    def _unique(self) -> Accessibility:
        names = [state.name for state in self.states]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"accessibility.states: {', '.join(twice)} is declared twice")
        return self


class Table(Model):
    """One table that must exist."""

    name: Name
    """`table` or `schema.table`."""
    columns: tuple[str, ...] = ()
    """Columns that it must have, among others."""


class Index(Model):
    """One index that must exist and be valid."""

    table: Name
    """`table` or `schema.table`."""
    columns: tuple[str, ...]
    """Leading key columns, in order; the index's name does not matter."""
    unique: bool = False
    """Whether it must be unique."""


class Migrations(Model):
    """Which migrations must have been applied."""

    table: Name
    """Ledger table: `schema_migrations`."""
    column: str = "version"
    """Its column of migration ids."""
    directory: str = ""
    """Folder of migration files, from the environment file; a file's id is its name up to the first `_`."""
    expected: tuple[str, ...] = ()
    """Ids that must be applied, where there is no directory."""


class Query(Model):
    """One query whose latency is judged."""

    name: Name
    """Names the query in results."""
    sql: str
    """One SELECT."""
    p95_ms: Positive = 100
    """95th percentile of its duration, at most, milliseconds."""


class Database(Model):
    """One PostgreSQL database, read with a role that cannot write."""

    name: Name
    """Names the database in results; unique."""
    url: Annotated[Secret, AfterValidator(_database_url)]
    """postgresql://user:password@host:port/database"""
    tls: bool = True
    """verify-full, and a connection without TLS must be refused."""
    tables: tuple[Table, ...] = ()
    """Tables that must exist."""
    indexes: tuple[Index, ...] = ()
    """Indexes that must exist."""
    migrations: Migrations | None = None
    """Migrations that must have been applied."""
    queries: tuple[Query, ...] = ()
    """Queries whose latency is judged."""
    connect_max_ms: Positive = 1000
    """Budget of a connection with TLS and login, milliseconds."""


class LoadTarget(Model):
    """One request of a load profile."""

    path: Path
    """Path and query on the site; requested with GET."""
    weight: Annotated[int, Field(ge=1)] = 1
    """Its share of the requests, against the weights of the other targets."""
    role: str = "anonymous"
    """Role whose credentials are sent."""


class LoadProfile(Model):
    """One load test: requests at a fixed rate, whatever the answers take."""

    name: Name
    """Names the profile; unique."""
    targets: Annotated[tuple[LoadTarget, ...], Field(min_length=1)]
    """What is requested."""
    rate_per_s: Positive
    """Requests that are started each second."""
    duration_s: Positive
    """How long, seconds."""
    p95_ms: Positive = 500
    """95th percentile of the response time, at most, milliseconds."""
    max_error_share: Share = 0.01
    """Failed requests over all requests, at most."""
    min_rate_share: Share = 0.95
    """Achieved rate over planned rate."""

    @property
    def arrivals(self) -> int:
        """How many requests are due; the schedule is fixed, so this is exact."""
        return round(self.rate_per_s * self.duration_s)


class Delivery(Model):
    """Caching and compression of what browsers download."""

    assets: tuple[Path, ...] = ()
    """Paths with a content hash in their name."""
    asset_max_age_s: Annotated[int, Field(ge=0)] = 31_536_000
    """Least `max-age` of those assets, seconds; the default is a year."""
    text: tuple[Path, ...] = ()
    """Paths of text larger than 1 KiB that must be compressed."""


class Metrics(Model):
    """The endpoint of Prometheus metrics."""

    path: Path = "/metrics"
    """Answers the Prometheus text format."""
    required: tuple[str, ...] = ()
    """Metric names that must be present."""
    role: str = "anonymous"
    """Role whose credentials are sent."""


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
    policy: str = ""
    """Policy file, from the environment file; empty: the default policy."""
    ca_file: str = ""
    """PEM bundle that is trusted instead of the system's, from the environment file."""
    resolve: dict[str, str] = {}
    """Host name to IP address, in place of DNS."""
    hosts: tuple[str, ...] = ()
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
    def sendings(self) -> list[tuple[str, str]]:
        """Where a request with a tag names its role, and which."""
        trip, deletion = self.error_round_trip, self.deletion
        found: list[tuple[str, str]] = []
        if trip is not None:
            here = "error_tracking.round_trip"
            found += [(f"{here}.request.role", trip.request.role)] if trip.request else []
            found += [(f"{here}.alert.role", trip.alert.role)] if trip.alert else []
        if deletion is not None:
            here = "privacy.deletion"
            found += [(f"{here}.create.role", deletion.create.role), (f"{here}.ask.role", deletion.ask.role)]
            found += [(f"{here}.traces[{trace.name}].role", trace.role) for trace in deletion.traces]
        return found

    @property
    def declared_hosts(self) -> frozenset[str]:
        """Every host name or address that the file names, in lower case; databases included."""
        urls = [self.site.url, self.site.plain, *([self.api.url] if self.api and self.api.url else [])]
        urls += self.site.aliases
        if self.security and self.security.preload:
            preload = self.security.preload
            urls += [preload.url, preload.plain, f"https://www.{urlsplit(preload.url).hostname}"]
        urls += [database.url.get_secret_value() for database in self.databases]
        if (trip := self.error_round_trip) and trip.alert:
            urls.append(trip.alert.url)
        named = [urlsplit(url).hostname or "" for url in urls]
        texts = [*(self.tls.hosts if self.tls else ()), *(party.host for party in self.third_parties), *self.hosts]
        named += [split_host(text)[0] for text in texts]
        return frozenset(host.strip("[]").lower() for host in named if host)

    @model_validator(mode="after")
    def _journeys_exist(self) -> Environment:
        names = [journey.name for journey in self.journeys]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"journeys: {', '.join(twice)} is declared twice")
        accepting = {journey.name for journey in self.journeys if journey.consent == "accept"}
        for event in self.analytics.events if self.analytics else ():
            if event.journey and event.journey not in accepting:
                raise ValueError(
                    f'analytics.events[{event.name}].journey: no journey {event.journey!r} with consent = "accept"'
                )
        return self

    @model_validator(mode="after")
    def _rows_have_databases(self) -> Environment:
        trip, deletion = self.error_round_trip, self.deletion
        rows: list[tuple[str, Row | None]] = [("error_tracking.round_trip.row", trip.row)] if trip else []
        rows += [(f"privacy.deletion.traces[{one.name}].row", one.row) for one in deletion.traces] if deletion else []
        known = {database.name for database in self.databases}
        for where, row in rows:
            if row is not None and row.database not in known:
                raise ValueError(f"{where}: no [[databases]] is named {row.database!r}")
        return self

    @model_validator(mode="after")
    def _roles_exist(self) -> Environment:
        known = {"anonymous", *self.roles}
        used = [
            *(
                (f"api.endpoints[{e.name}].status", role)
                for e in (self.api.endpoints if self.api else ())
                for role in e.status
            ),
            *((f"load[{p.name}].targets", t.role) for p in self.load for t in p.targets),
            *([("metrics.role", self.metrics.role)] if self.metrics else []),
            *(
                (f"security.{name}.role", section.role)
                for name in ("rate_limit", "logout")
                if (section := getattr(self.security, name, None))
            ),
            *self.sendings,
            *((f"journeys[{journey.name}].role", journey.role) for journey in self.journeys),
        ]
        for where, role in used:
            if role not in known:
                raise ValueError(f"{where}: role {role!r} is not declared; known roles: {', '.join(sorted(known))}")
        for journey in self.journeys:
            signed = self.roles.get(journey.role)
            if signed is not None and not (signed.cookie or signed.local_storage):
                raise ValueError(
                    f"journeys[{journey.name}].role: role {journey.role!r} has neither `cookie` nor `local_storage`, "
                    "so no browser can have signed in with it"
                )
        return self
