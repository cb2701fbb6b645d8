"""What an environment file may say: the one definition; JSON Schema and reference are generated from it.

An absent section makes the checks of that section NOT_APPLICABLE, with that reason.
"""

from __future__ import annotations

import ipaddress
import re
import string
from collections.abc import Iterator, Mapping
from datetime import date
from enum import StrEnum
from functools import cache
from typing import Annotated, Literal, Self
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
from gonogo.environment.lines import KeyPath
from gonogo.environment.slips import Slip, Told, names, refuse, rows, table, texts, twice


class Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    @classmethod
    def slips(cls, said: Told) -> Iterator[Slip]:  # noqa: ARG003 - for models that have rules
        """What the keys of this table say against each other, as far as they can be read."""
        yield from ()

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        refuse(self.slips(self.model_dump(exclude_unset=True)))
        return self


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
_NOT_OF_CSS = re.compile(
    r":(?:has-text|text-is|text-matches|text|visible|hidden|nth-match|right-of|left-of|above|below|near|contains|eq|gt|lt|first|last|button"
    r"|checkbox|radio|input|submit)(?![\w-])"
)
_NO_NAME = re.compile(r"[#.](?:\d|-\d|\s|\Z)|^\s*@\w*|\{")
_PAIRS = {")": "(", "]": "["}
_NOWHERE = re.compile(r"([>+~])\s*(?:[>+~,]|\Z)")
_NO_LINK = re.compile(r"(?:^|>>)\s*(?:>>|\Z)")


def _css(value: str) -> str:
    """Only what is no selector for certain; the browser judges the rest."""
    outline = _outline(value)
    if other := _OTHER_ENGINE.match(value.lstrip()) or _NOT_OF_CSS.search(outline):
        raise ValueError(
            f"must be a CSS selector: `{other[0]}` is Playwright's or jQuery's, not CSS; give an id, a class or an attribute"
        )
    _relative_css(value)
    if wrong := _NO_NAME.search(outline):
        raise ValueError(f"must be a CSS selector: `{wrong[0].strip()}` cannot stand in one")
    if first := re.match(r"\s*([>+~])", outline):
        raise ValueError(f"must be a CSS selector: nothing stands before `{first[1]}`")
    return value


def _outline(value: str) -> str:
    """A selector without its comments, and with a letter for each string and escape."""
    return _CLOSED.sub(lambda match: " " if match[0].startswith("/*") else "x", value)


def _relative_css(value: str) -> str:
    """CSS that may begin with a combinator, as Playwright reads it."""
    if value and not value.strip():
        raise ValueError("must be a CSS selector, not spaces")
    opened: list[str] = []
    outer = ""
    for char in _outline(value):
        if char in "\"'":
            raise ValueError(f"must be a CSS selector: a quote {char} is not closed")
        if char in "([":
            opened.append(char)
        elif char in _PAIRS and (not opened or opened.pop() != _PAIRS[char]):
            raise ValueError(f"must be a CSS selector: `{char}` closes nothing")
        outer += char if not opened else "x"
    if opened:
        raise ValueError(f"must be a CSS selector: `{opened[-1]}` is not closed")
    if nowhere := _NOWHERE.search(outer):
        raise ValueError(f"must be a CSS selector: `{nowhere[1]}` leads nowhere")
    if value and not all(part.strip() for part in outer.split(",")):
        raise ValueError("must be a CSS selector: nothing stands beside a comma")
    return value


def _selector(value: str) -> str:
    """CSS, unless it is of another of Playwright's engines: `text=Menu`, `//button`, `"Menu"`, or a chain with `>>`."""
    # Within quotes, which only Playwright reads as it does, a `>>` links nothing.
    if ">>" in value and not re.search("[\"']", value) and _NO_LINK.search(value):
        raise ValueError("must be a selector: nothing stands before or behind a `>>`")
    return value if _OTHER_ENGINE.match(value.lstrip()) or ">>" in value else _relative_css(value)


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


def _host_pattern(value: str) -> str:
    if not re.fullmatch(r"[\w.*?\[\]!:-]+", value, re.ASCII):
        raise ValueError("must be a pattern of host names such as *.sentry.io")
    return value


HostPattern = Annotated[str, AfterValidator(_host_pattern)]


def _pointer(value: str) -> str:
    if value and not re.fullmatch(r"(?:/(?:[^~/]|~[01])*)+", value):
        raise ValueError(
            "must be a JSON Pointer (RFC 6901) such as /data/0/id: each part begins with `/`, `~` is written ~0"
        )
    return value


Pointer = Annotated[str, AfterValidator(_pointer)]

_NAMED_KEYS = frozenset(
    "AltGraph AltLeft AltRight ArrowDown ArrowLeft ArrowRight ArrowUp AudioVolumeDown AudioVolumeMute AudioVolumeUp Backquote "
    "Backslash Backspace BracketLeft BracketRight CapsLock Comma ContextMenu ControlLeft ControlRight Delete End Enter Equal "
    "Escape Home Insert MediaPlayPause MediaTrackNext MediaTrackPrevious MetaLeft MetaRight Minus NumLock NumpadAdd "
    "NumpadDecimal NumpadDivide NumpadEnter NumpadMultiply NumpadSubtract PageDown PageUp Pause Period PrintScreen Quote "
    "ScrollLock Semicolon ShiftLeft ShiftRight Slash Space Tab "
    "Alt Control ControlOrMeta Meta Shift".split()
) | {f"{kind}{each}" for kind, all_of in {
    "F": range(1, 13), "Digit": range(10), "Numpad": range(10), "Key": string.ascii_uppercase,
}.items() for each in all_of}  # fmt: skip
KEYS = _NAMED_KEYS | set(string.ascii_letters + string.digits + string.punctuation + " ")
"""What Playwright presses: the codes of a US keyboard (https://www.w3.org/TR/uievents-code/), the characters on it, and
modifiers by their names."""


def key_name(value: str) -> str:
    """A key, or keys held together as in `Control+A`. Raises ValueError."""
    # A plus is a key itself where none stands before it: `+`, `Control++`.
    together = re.fullmatch(r"(?:.[^+]*\+)*.[^+]*", value, re.DOTALL)
    wrong = next((key for key in re.findall(r"(.[^+]*)(?:\+|\Z)", value, re.DOTALL) if key not in KEYS), None)
    if together is None or wrong is not None:
        close = did_you_mean(wrong, sorted(_NAMED_KEYS)) if wrong and len(wrong) > 1 else ""
        raise ValueError(f"must be a key such as Enter, Escape, Tab, ArrowDown, a or Control+A{close}")
    return value


def _pressed_there(value: str) -> str:
    if value == " ":
        raise ValueError("the space bar is `Space` here")
    return key_name(value) if value else value


Key = Annotated[str, AfterValidator(key_name)]

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*")


def _place(value: str) -> str:
    """A pattern of paths, or of whole addresses of other origins: only what no page can have is refused."""
    fixed = re.split(r"[*?\[]", value, maxsplit=1)[0]
    scheme, colon, rest = fixed.partition(":")
    open_ended = fixed != value
    if fixed.startswith("/") or not fixed:
        if fixed and "#" in value and "[" not in value:
            raise ValueError("what stands behind a `#` is not compared")
    elif not _SCHEME.fullmatch(scheme) or not (colon or open_ended):
        raise ValueError("must be a path such as /orders/*, or the whole address of a page elsewhere")
    elif scheme in {"http", "https"} and not open_ended and "/" not in rest.removeprefix("//"):
        raise ValueError("a page's address goes on after its host, as in https://pay.example/*")
    return value


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
    pointer: Pointer = "/release"
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
    addresses: dict[str, Annotated[tuple[Annotated[str, AfterValidator(_address)], ...], Field(min_length=1)]] = {}
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
    session_cookies: Annotated[tuple[str, ...], Field(min_length=1)] = (
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
    status: Annotated[dict[str, Annotated[tuple[StatusCode, ...], Field(min_length=1)]], Field(min_length=1)] = {
        "anonymous": (200,)
    }
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
    laws: Annotated[tuple[Law, ...], Field(min_length=1)] = ("eu",)
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
    laws: Annotated[tuple[Law, ...], Field(min_length=1)] = ("eu",)
    """Laws under which the site is judged where no region is declared, or before those that are."""
    regions: tuple[ConsentRegion, ...] = ()
    """Further visitors, each with visits of their own."""
    record: Annotated[str, AfterValidator(_cookie_name)] = ""
    """Name of the cookie that holds the choice; with it its lifetime and attributes are judged."""
    revised: Annotated[str, AfterValidator(_cookie_value)] = ""
    """A value that this cookie had under an earlier policy: who comes with it must be asked again."""
    watch_s: Annotated[float, Field(ge=0, le=60)] = 4.0
    """Seconds after load for which a page is watched on which nothing is chosen: for tags that start late."""
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

    @classmethod
    def slips(cls, said: Told) -> Iterator[Slip]:
        yield from twice(said, "regions")
        if said.get("revised") and not said.get("record"):
            yield Slip(("revised",), "needs consent.record, the cookie that has this value")

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

    @classmethod
    def slips(cls, said: Told) -> Iterator[Slip]:
        if said.get("paths", True) in ([], ()) and not said.get("own_paths"):
            yield Slip(("paths",), "no path takes hits then; name one here or in `own_paths`")

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
    pointer: Pointer = ""
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

    @classmethod
    def slips(cls, said: Told) -> Iterator[Slip]:
        if said.get("row") is None and said.get("alert") is None:
            yield Slip((), "needs `row` or `alert`, where the error is to be seen")


def _dsn_host(value: str) -> str:
    return _host(value) if value else value


def _dsn_project(value: str) -> str:
    if not re.fullmatch(r"[0-9]*", value):
        raise ValueError("must be the number at the end of the DSN")
    return value


def _dsn_key(value: str) -> str:
    # Sentry's have 32 hexadecimal digits; servers that speak as it does may have others.
    if not re.fullmatch(r"[A-Za-z0-9._~-]*", value):
        raise ValueError("must be what stands before the @ of the DSN: letters, digits and `-._~`")
    return value


class ErrorTracking(Model):
    """Where errors in the browser are reported."""

    kind: Literal["sentry", "none"]
    """Sentry or what speaks as it does; or none, where only `round_trip` and `forbid_hosts` are judged."""
    host: Annotated[str, AfterValidator(_dsn_host)] = ""
    """Host in the DSN."""
    project: Annotated[str, AfterValidator(_dsn_project)] = ""
    """Project number in the DSN."""
    public_key: Annotated[str, AfterValidator(_dsn_key)] = ""
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
    forbid_hosts: tuple[HostPattern, ...] = ()
    """Host patterns that no page may speak to: *.sentry.io"""
    round_trip: ErrorRoundTrip | None = None
    """Where errors end up that the system itself records."""

    @classmethod
    def slips(cls, said: Told) -> Iterator[Slip]:
        if said.get("kind") == "sentry" and not said.get("host"):
            yield Slip(("host",), "kind sentry needs `host`, the host in the DSN")
        if said.get("kind") == "none" and not said.get("forbid_hosts") and said.get("round_trip") is None:
            yield Slip((), "kind none needs `round_trip` or `forbid_hosts`; else leave the section out")


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

    @classmethod
    def slips(cls, said: Told) -> Iterator[Slip]:
        if (said.get("path") is None) == (said.get("row") is None):
            yield Slip((), "either `path` or `row`")


class Deletion(Model):
    """A person of our own is made, and asks to be deleted (GDPR Article 17). Never on tier production."""

    create: Sending
    """Makes the person; `{tag}` names them."""
    id_pointer: Pointer = ""
    """JSON Pointer to the person's id in the answer, for `{id}` in what follows; empty: none is needed."""
    ask: Sending
    """Asks for the deletion."""
    traces: Annotated[tuple[Trace, ...], Field(min_length=1)]
    """Places where the person's data is seen before, and gone after."""
    within_s: Positive = 10.0
    """After so many seconds the data is gone."""

    @classmethod
    def slips(cls, said: Told) -> Iterator[Slip]:
        yield from twice(said, "traces")
        create = table(said, "create")
        path, body = create.get("path"), create.get("body", "")
        if isinstance(path, str) and isinstance(body, str) and "{tag}" not in path + body:
            yield Slip(("create",), "neither `path` nor `body` holds {tag}, by which the person is told")


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
    press: Annotated[str, Field(min_length=1), AfterValidator(key_name)] | None = None
    """Press a key, by Playwright's name: Enter, Escape, Control+A."""
    see: Said | None = None
    """Wait until this is visible."""
    absent: Said | None = None
    """Wait until this is not visible."""
    url: Annotated[str, Field(min_length=1), AfterValidator(_said), AfterValidator(_place)] | None = None
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

    @classmethod
    def slips(cls, said: Told) -> Iterator[Slip]:
        given = [name for name in JOURNEY_ACTIONS if said.get(name) is not None]
        # An unknown key is told by itself, and may be the action.
        if len(given) > 1 or (not given and said.keys() <= cls.model_fields.keys()):
            yield Slip((), f"a step has one action of {', '.join(JOURNEY_ACTIONS)}; found {', '.join(given) or 'none'}")
        if "fill" in given and not {"value", "secret"} & said.keys():
            yield Slip((), '`fill` needs `value` or `secret`; `value = ""` empties the field')
        for action in ("click", "fill", "see", "absent"):
            named = said.get(action)
            if isinstance(named, str) and said.get("by") == "selector" and not said.get("role"):
                try:
                    _selector(named)
                except ValueError as error:
                    yield Slip((action,), str(error))


class Freshness(Model):
    """How old a page's data may be, by the time that it names itself."""

    response: Path | None = None
    """Path pattern of the answer that holds the time, the last one of the journey."""
    pointer: Pointer = ""
    """Where it stands in the answer (RFC 6901): /generated_at"""
    selector: Selector = ""
    """CSS selector of the element that shows it, in `datetime` or as text; in place of an answer."""
    max_age_s: Positive = 60
    """Oldest age, seconds."""

    @classmethod
    def slips(cls, said: Told) -> Iterator[Slip]:
        if (said.get("response") is None) == (not said.get("selector")):
            yield Slip((), "either `response` with `pointer`, or `selector`")


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
    key: Annotated[str, AfterValidator(_pressed_there)] = ""
    """Key that is pressed, by Playwright's name (`Enter`, `a`); empty: a click."""
    page: Path | None = None
    """Only on this page; default: on each."""


Count = Annotated[int, Field(ge=0)]


class ThirdPartyBudget(Model):
    """What other registrable domains than the site's own may add to a page."""

    bytes: Count | None = None
    """Transferred, at most; what is answered locally (`intercept`) has none."""
    requests: Count | None = None
    """Requests, at most."""


Limit = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class PageBudget(Model):
    """Budgets of some pages, instead of the section's own; the last entry whose path fits counts."""

    path: str
    """Path of the page as in robots.txt: a prefix in which `*` stands for anything and a last `$` for the end."""
    lcp_ms: Positive | None = None
    """Largest Contentful Paint."""
    fcp_ms: Positive | None = None
    """First Contentful Paint."""
    tbt_ms: Limit | None = None
    """Total Blocking Time."""
    ttfb_ms: Positive | None = None
    """Time to First Byte."""
    inp_ms: Positive | None = None
    """Interaction to Next Paint."""
    cls: Limit | None = None
    """Cumulative Layout Shift."""
    bytes: dict[ResourceType, Count] | None = None
    """Transferred bytes by type."""
    uncompressed: dict[ResourceType, Count] | None = None
    """Bytes by type, as the page gets them."""
    requests: dict[ResourceType, Count] | None = None
    """Requests by type."""
    third_party: ThirdPartyBudget | None = None
    """Third parties."""


class FieldData(Model):
    """What real visitors' browsers reported, from an endpoint of the site; the defaults fit the Chrome UX Report's API."""

    path: Path
    """Path of a JSON document on the site."""
    lcp: Pointer = "/record/metrics/largest_contentful_paint/percentiles/p75"
    """JSON Pointer to the 75th percentile of LCP, milliseconds."""
    cls: Pointer = "/record/metrics/cumulative_layout_shift/percentiles/p75"
    """JSON Pointer to the 75th percentile of CLS."""
    inp: Pointer = "/record/metrics/interaction_to_next_paint/percentiles/p75"
    """JSON Pointer to the 75th percentile of INP, milliseconds."""


class Vitals(Model):
    """Core Web Vitals in a lab browser; the defaults are the "good" limits of https://web.dev/articles/vitals."""

    pages: Annotated[tuple[Path, ...], Field(min_length=1)] = ("/",)
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
    bytes: dict[ResourceType, Count] = {}
    """Transferred bytes by type, the largest of the runs."""
    fcp_ms: Positive = 1800
    """First Contentful Paint, at most, milliseconds."""
    tbt_ms: Limit = 200
    """Total Blocking Time until the page has settled, at most, milliseconds."""
    headroom: Share = 0.1
    """A median in this last share of its budget is a finding of low severity."""
    uncompressed: dict[ResourceType, Count] = {}
    """Bytes by type as the page gets them, the largest of the runs."""
    requests: dict[ResourceType, Count] = {}
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

    @classmethod
    def slips(cls, said: Told) -> Iterator[Slip]:
        measured = texts(said, "pages", ("/",))
        for at, row in rows(said, "interactions"):
            page = row.get("page")
            if measured and isinstance(page, str) and page not in measured:
                message = f"this page is not measured, so it would be pressed nowhere; measured: {', '.join(measured)}"
                yield Slip(("interactions", at, "page"), message[:500])


class AccessibleState(Model):
    """A state of a page that only an interaction brings about: a menu open, a dialog, a form with errors."""

    name: Name
    """Names the state in results."""
    page: Path = "/"
    """Page on which it is brought about, without the consent banner."""
    clicks: tuple[Selector, ...] = ()
    """Selectors (CSS, or Playwright's such as `text=Menu`) that are clicked, in order."""
    keys: tuple[Key, ...] = ()
    """Keys that are pressed after the clicks, by Playwright's names: `Tab`, `Enter`, `Escape`."""
    shows: Selector = ""
    """Selector of what must be visible then; empty: the state counts as reached when each click could be made."""

    @classmethod
    def slips(cls, said: Told) -> Iterator[Slip]:
        if not (said.get("clicks") or said.get("keys") or said.get("shows")):
            yield Slip((), "needs `clicks`, `keys` or `shows`; without them it is the page as it has loaded")


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

    @classmethod
    def slips(cls, said: Told) -> Iterator[Slip]:
        yield from twice(said, "states")


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
    columns: Annotated[tuple[str, ...], Field(min_length=1)]
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

    @classmethod
    def slips(cls, said: Told) -> Iterator[Slip]:
        if not said.get("directory") and not said.get("expected"):
            yield Slip((), "needs `directory` or `expected`, which tell the migrations that must have been applied")


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

    @classmethod
    def slips(cls, said: Told) -> Iterator[Slip]:
        yield from twice(said, "journeys")
        yield from _strangers(said)
        yield from _without_database(said)
        yield from _without_journey(said)
        yield from _told_by_address(said)


def _roles_of(said: Told) -> Iterator[tuple[KeyPath, object]]:
    """Where a role is named, and which."""
    for at, endpoint in rows(table(said, "api"), "endpoints"):
        for role in table(endpoint, "status"):
            yield ("api", "endpoints", at, "status", role), role
    for at, profile in rows(said, "load"):
        for number, target in rows(profile, "targets"):
            yield ("load", at, "targets", number, "role"), target.get("role")
    for path in (
        ("metrics",),
        ("security", "rate_limit"),
        ("security", "logout"),
        ("error_tracking", "round_trip", "request"),
        ("error_tracking", "round_trip", "alert"),
        ("privacy", "deletion", "create"),
        ("privacy", "deletion", "ask"),
    ):
        yield (*path, "role"), table(said, *path).get("role")
    for at, trace in rows(table(said, "privacy", "deletion"), "traces"):
        yield ("privacy", "deletion", "traces", at, "role"), trace.get("role")
    for at, journey in rows(said, "journeys"):
        yield ("journeys", at, "role"), journey.get("role")


def _strangers(said: Told) -> Iterator[Slip]:
    """Roles that are not declared, and such as no browser can have."""
    if not isinstance(said.get("roles", {}), Mapping):
        return
    declared = table(said, "roles")
    known = sorted({"anonymous", *declared})
    for path, role in _roles_of(said):
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
