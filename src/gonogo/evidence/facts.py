"""What each probe saw, typed. A probe fills these, the store keeps them as JSON, a check reads them.

Times are seconds unless a name says `_ms`; sizes are bytes; instants are UTC ISO 8601 text.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, TypeVar

from pydantic import TypeAdapter

from gonogo.evidence.accessibility import Accessibility
from gonogo.evidence.behaviour import ErrorClient, JourneySeen

Facts = TypeVar("Facts")


_adapters: dict[type[object], TypeAdapter[Any]] = {}


def _adapter(kind: type[object]) -> TypeAdapter[Any]:
    if kind not in _adapters:
        _adapters[kind] = TypeAdapter(kind)
    return _adapters[kind]


def to_json(facts: object) -> dict[str, Any]:
    """JSON-ready form of any dataclass in this module."""
    return _adapter(type(facts)).dump_python(facts, mode="json")  # type: ignore[no-any-return]


def from_json(kind: type[Facts], fields: dict[str, Any]) -> Facts:
    """Read what `to_json` wrote. Raises pydantic.ValidationError (a ValueError) on anything else."""
    return _adapter(kind).validate_python(fields)  # type: ignore[no-any-return]


# --- http ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Timings:
    """Seconds each phase took; None where the phase did not happen (a reused connection) or was not reached."""

    dns: float | None
    connect: float | None
    tls: float | None
    first_byte: float
    """From sending the request to the end of the response head."""
    total: float
    """From asking for a connection to the last byte of the body."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its response. Header names keep their case, order and duplicates."""

    url: str
    method: str
    role: str
    status: int
    http_version: str
    headers: tuple[tuple[str, str], ...]
    """As sent, decoded as latin-1 so that no byte is lost."""
    body: str
    """Text decoded by the charset of Content-Type (UTF-8 if absent), errors replaced; empty for non-text types."""
    body_bytes: int
    """Size after content decoding."""
    wire_bytes: int
    """Size as transferred."""
    body_sha256: str
    timings: Timings
    address: str
    """IP address that answered."""
    ended: str
    """Instant at which the last byte arrived."""

    def values(self, name: str) -> tuple[str, ...]:
        """Every value sent for a header, in order; the name is compared without case."""
        wanted = name.lower()
        return tuple(value for key, value in self.headers if key.lower() == wanted)

    def value(self, name: str) -> str | None:
        """The first value sent for a header, or None."""
        return next(iter(self.values(name)), None)

    @property
    def location(self) -> str | None:
        return self.value("location") if self.status in {301, 302, 303, 307, 308} else None


@dataclass(frozen=True, slots=True)
class BurstAnswer:
    status: int
    headers: tuple[tuple[str, str], ...]
    """As sent, decoded as latin-1."""
    body: str
    """Its first 500 characters."""


@dataclass(frozen=True, slots=True)
class Burst:
    """Answers to one GET repeated, in order, up to the first refusal."""

    answers: tuple[BurstAnswer, ...]
    seconds: float
    """From the first request to the last answer."""


# --- tls ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CertificateFacts:
    """One X.509 certificate (RFC 5280)."""

    subject: str
    issuer: str
    names: tuple[str, ...]
    """DNS and IP names of the subjectAltName extension; the common name is not a name."""
    not_before: str
    not_after: str
    sha256: str
    spki_sha256: str
    """Base64 of the SHA-256 of the SubjectPublicKeyInfo."""
    key: str
    """`EC 256`, `RSA 2048`, `Ed25519`."""
    key_type: str
    """RSA, EC, DSA, Ed25519, Ed448, or what else it is."""
    key_bits: int
    """0 where the type says it all."""
    signature: str
    """Name of its signature's hash, `sha256`; for signatures without one, the algorithm's OID."""
    purposes: tuple[str, ...] | None
    """OIDs of the extended key usage; None without the extension, which allows every purpose."""
    is_authority: bool
    """basicConstraints say that it may sign certificates."""
    must_staple: bool
    """It demands a stapled OCSP response (RFC 7633)."""
    common_name: str
    """Of the subject; shown, and never a name of the host."""

    @property
    def self_issued(self) -> bool:
        return self.subject == self.issuer


@dataclass(frozen=True, slots=True)
class Offers:
    """What an address accepts of what it was asked, one ClientHello a question.

    A text is `offered`, `refused`, `not asked`, or `unknown: …` with the reason why the answer says neither.
    """

    tls13: str
    aead: str
    """TLS 1.2 with forward secrecy and authenticated encryption."""
    cbc: str
    """TLS 1.2 with forward secrecy and CBC only; asked where `aead` was not offered."""
    weak: tuple[tuple[str, str], ...]
    """Class and chosen suite of each weak class accepted: `("static RSA", "TLS_RSA_WITH_AES_128_GCM_SHA256")`."""
    weak_end: str
    """Answer to the last such question, which leaves out the classes accepted before."""
    dhe: str
    """TLS 1.2 with finite-field Diffie-Hellman."""
    dh_bits: int
    """Size of its prime; 0 where it was not offered."""
    groups: tuple[tuple[str, str], ...]
    """Name of a key agreement group and the answer, in TLS 1.3."""
    stapled: str
    """A stapled OCSP response, seen in the same handshake as the certificate; `void: …` with the reason why one that was sent is
    none for it."""
    unnamed: str
    """Names in the certificate that a client without SNI gets; or `refused` or `unknown: …`."""


@dataclass(frozen=True, slots=True)
class Alternative:
    """Another certificate of an address, for clients that take no key of the first one's kind. Texts as in Handshake."""

    presented: tuple[CertificateFacts, ...]
    verified: tuple[CertificateFacts, ...]
    error: str
    """Empty too where OpenSSL could not be made to see it; then `second_error` alone tells."""
    name_matches: bool
    second_error: str
    stapled: str
    """As in Offers."""


@dataclass(frozen=True, slots=True)
class Handshake:
    """What one address of a host presented."""

    address: str
    version: str
    """Negotiated with our defaults: `TLSv1.3`."""
    cipher: str
    alpn: str
    presented: tuple[CertificateFacts, ...]
    """As sent, leaf first."""
    verified: tuple[CertificateFacts, ...]
    """The chain that our verification built, leaf to root; empty when it did not verify."""
    error: str
    """Why verification failed (OpenSSL's words); empty when it did not."""
    name_matches: bool
    """The leaf's subjectAltName covers the host (RFC 9525)."""
    second_error: str
    """Why the cryptography library's verifier refuses the chain that OpenSSL accepted; empty when it does not."""
    legacy: str
    """Answer to a handshake offering only versions below the floor: `refused`, the version chosen, or `unknown: …`."""
    offers: Offers
    others: tuple[Alternative, ...] = ()
    """One for each other kind of key (RSA, EC) that it has a certificate for."""
    others_end: str = "refused"
    """Answer to the question for them: `offered`, `refused`, or `unknown: …`."""

    @property
    def chain(self) -> tuple[CertificateFacts, ...]:
        """Leaf first: the verified chain, or what the names of the presented certificates make of it."""
        if self.verified or not self.presented:
            return self.verified
        path, left = [self.presented[0]], list(self.presented[1:])
        while above := next((one for one in left if one.subject == path[-1].issuer), None):
            path.append(above)
            left.remove(above)
        return tuple(path)

    def with_other(self, other: Alternative) -> Handshake:
        """This handshake, had the other certificate been presented."""
        kind = other.presented[0].key_type
        return replace(
            self,
            address=f"{self.address}, {kind} certificate",
            presented=other.presented,
            verified=other.verified,
            error=other.error,
            name_matches=other.name_matches,
            second_error=other.second_error,
            offers=replace(self.offers, stapled=other.stapled),
            others=(),
        )


@dataclass(frozen=True, slots=True)
class TlsFacts:
    host: str
    port: int
    handshakes: tuple[Handshake, ...]
    """One an address, in resolver order."""
    private: bool
    """Verified against the environment's `ca_file` and not the public roots."""
    dead: tuple[tuple[str, str], ...]
    """Addresses that gave no handshake while others did, each with the reason."""
    unrouted: tuple[str, ...]
    """Addresses of a family that this machine has no route for; they say nothing of the target."""

    @property
    def served(self) -> tuple[Handshake, ...]:
        """Every certificate of every address, as a handshake of its own; `address` names the key of one that is not the first."""
        return tuple(one for shake in self.handshakes for one in (shake, *map(shake.with_other, shake.others)))


# --- browser ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class BrowserCookie:
    name: str
    value: str
    """Only its first 64 characters."""
    domain: str
    path: str
    expires: float
    """Unix time, -1 for a session cookie."""
    http_only: bool
    secure: bool
    same_site: str


@dataclass(frozen=True, slots=True)
class Banner:
    """What the consent finder saw."""

    visible: bool
    accept: str
    """Visible text of the control that accepts; empty if none was found."""
    reject: str
    text: str
    """First 300 characters of the banner's visible text."""
    rule: str = ""
    """Name of the autoconsent rule that found it; empty: found by declared selectors or by its words."""
    missed: tuple[str, ...] = ()
    """Declared selectors (`banner`, `accept`, `reject`) that matched nothing in sight where the words found something."""


@dataclass(frozen=True, slots=True)
class Control:
    """A control of a consent layer, as a person sees it."""

    purpose: str
    """accept, reject, preferences, or policy for a button that leads there."""
    text: str
    kind: str
    """button, link or other, by element and role."""
    width: float
    height: float
    """CSS pixels."""
    font_px: float
    contrast: float
    """Of its text against what lies behind it (WCAG 2.2 relative luminance, 1 to 21); 0 where it cannot be told."""
    fill: float
    """Contrast of its own surface against the layer's; 1 for a control without a surface."""


@dataclass(frozen=True, slots=True)
class Toggle:
    name: str
    checked: bool
    fixed: bool
    """The visitor cannot change it, or its name says that it is necessary."""


@dataclass(frozen=True, slots=True)
class Layer:
    """The consent layer that stands at this moment."""

    role: str
    """dialog, alertdialog, region … of the layer or of what holds it; empty for none."""
    name: str
    """Its accessible name."""
    modal: bool
    focused: bool
    """The keyboard's focus is inside."""
    controls: tuple[Control, ...]
    policy: str
    """Address of its link to a privacy or cookie policy; empty for none."""
    toggles: tuple[Toggle, ...]

    def control(self, purpose: str) -> Control | None:
        return next((one for one in self.controls if one.purpose == purpose), None)


@dataclass(frozen=True, slots=True)
class Command:
    """One call of gtag() as it stands in the page's `dataLayer`: consent default, consent update, config, event, js."""

    name: str
    target: str
    values: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class ConsentSignals:
    """What the page tells its tags about consent."""

    commands: tuple[Command, ...]
    tcf: tuple[tuple[str, str], ...] | None
    """IAB TCF: `tcString`, `gdprApplies`, `cmpStatus`, `eventStatus`, `purposes` (granted numbers); None without an API."""
    gpp: tuple[tuple[str, str], ...] | None
    """IAB GPP: `gppString`, `cmpStatus`, `signalStatus`, `applicableSections`; None without an API."""


@dataclass(frozen=True, slots=True)
class PrivacyView:
    """What a snapshot of a consent visit has beside what every snapshot has."""

    layer: Layer | None
    withdrawal: str
    """Text of the control that opens the choice again; empty if none is in sight."""
    opt_out: str
    """Text of the link against the sale of personal information; empty for none."""
    databases: tuple[str, ...]
    """IndexedDB, by name."""
    caches: tuple[str, ...]
    """Cache storage, by name."""
    signals: ConsentSignals
    text_length: int
    """Characters of visible text in the page, consent layers excepted."""
    covered: float
    """Share of the viewport that lies under fixed layers, 0 to 1."""
    toggles: tuple[Toggle, ...] = ()
    """Toggles in sight where no layer was recognised; a layer has its own."""
    locked: bool = False
    """The page is longer than the window and cannot be scrolled."""
    focus: str = ""
    """Text or tag of what has the focus; empty where nothing has."""
    preconnects: tuple[str, ...] = ()
    """Addresses to which the page opens connections beforehand (`<link rel="preconnect">`)."""
    files: tuple[str, ...] = ()
    """Names in the root of the origin private file system."""


@dataclass(frozen=True, slots=True)
class CookieWrite:
    """An attempt to set a cookie, before the browser cuts its lifetime to 400 days."""

    name: str
    by: str
    """`Set-Cookie` or `script`."""
    host: str
    lifetime_s: int | None
    """As asked for; None for a session cookie, 0 for a deletion."""
    secure: bool
    same_site: str


@dataclass(frozen=True, slots=True)
class Choice:
    """A choice that was made in a consent layer."""

    choice: str
    clicks: int
    """Different controls that were pressed; a press that had to be repeated counts once."""
    deeper: bool
    """The first layer had no control for it."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    label: str
    url: str
    title: str
    banner: Banner
    cookies: tuple[BrowserCookie, ...]
    local_storage: tuple[tuple[str, str], ...]
    session_storage: tuple[tuple[str, str], ...]
    requests: int
    """How many of the visit's requests had been sent when the snapshot was taken."""
    privacy: PrivacyView | None = None
    """Consent visits only."""


@dataclass(frozen=True, slots=True)
class BrowserRequest:
    url: str
    method: str
    type: str
    """Playwright's resource type: document, script, stylesheet, image, font, xhr, fetch, ping …"""
    third_party: bool
    """Its registrable domain differs from the page's (Public Suffix List)."""
    status: int
    """0 when there was no response."""
    bytes: int
    """Transferred, headers and body."""
    failure: str
    """The browser's words, or `blocked: undeclared host` where gonogo stopped it; empty otherwise."""
    local: bool = False
    """gonogo answered it inside the browser; it never left."""
    body: str = ""
    """What was sent to a collector of analytics or errors: decompressed text, its first 64 000 bytes; empty elsewhere."""
    leaving: bool = False
    """Sent while its page was unloading, so that no answer was seen."""
    inner: bool = False
    """The document of an inner frame; a visit goes to none itself."""


@dataclass(frozen=True, slots=True)
class Vitals:
    """Core Web Vitals by web-vitals; None where a metric never came."""

    lcp_ms: float | None
    cls: float | None
    inp_ms: float | None
    fcp_ms: float | None
    ttfb_ms: float | None
    lcp_element: str
    cls_element: str
    inp_element: str
    tbt_ms: float | None = None
    """Total Blocking Time from FCP until the page had settled: what each task took beyond 50 ms."""
    fid_ms: float | None = None
    """First Input Delay, retired in 2024; for comparison with old figures."""
    tbt_source: str = ""
    """What ran longest in the worst animation frame."""
    lcp_parts: tuple[tuple[str, float], ...] = ()
    """Milliseconds until the first byte, until the load began, of the load, and until it was painted."""


@dataclass(frozen=True, slots=True)
class Conditions:
    """Under which a measured visit took place; timings of different conditions are not comparable."""

    host_index: float
    """How fast the machine was before the visit: thousands of steps of a fixed loop a millisecond."""
    cpu_slowdown: float
    """1 for none."""
    latency_ms: float
    """Added to each request; 0 for none."""
    download_kbps: float
    """0 where it was not limited."""
    upload_kbps: float


@dataclass(frozen=True, slots=True)
class Transfer:
    """One request of a measured load; milliseconds since the load's first request."""

    url: str
    type: str
    """As the browser's protocol calls it, in lower case: document, script, stylesheet, image, font, xhr, fetch, ping …"""
    start_ms: float
    response_ms: float | None = None
    """When the response's head had come; None where there was none."""
    end_ms: float | None = None
    transferred: int = 0
    uncompressed: int = 0
    """Of the body, as the page got it."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of a script or style sheet was used; characters."""

    type: str
    url: str
    length: int
    unused: int


@dataclass(frozen=True, slots=True)
class Frame:
    """What a page showed from a moment on."""

    ms: int
    """Since the load began."""
    picture: str
    """File name beside the record."""


@dataclass(frozen=True, slots=True)
class Load:
    """One measured load of a visit."""

    state: str
    """`first`: of somebody who has made no choice yet; `stored`: whose choice is stored."""
    vitals: Vitals
    first: int
    """Its first request in the visit's list."""
    end: int
    """The request after its last, when the page had settled."""
    transfers: tuple[Transfer, ...]
    frames: tuple[Frame, ...] = ()
    """How it came into sight; only of a warm-up, whose times are not judged."""


@dataclass(frozen=True, slots=True)
class Violation:
    """A securitypolicyviolation event (CSP3 §5)."""

    directive: str
    blocked: str
    source: str
    disposition: str


@dataclass(frozen=True, slots=True)
class ConsoleMessage:
    level: str
    """error or pageerror (an uncaught exception); csp where the browser reports its policy at work, mixed where a page over
    https asks for http, network where a request failed, blocked where gonogo did the blocking: these are told elsewhere too."""
    text: str
    source: str


@dataclass(frozen=True, slots=True)
class Visit:
    browser: str
    """Name and version: `chromium-headless-shell 156.0.8078.79`."""
    device: str
    viewport: tuple[int, int]
    snapshots: tuple[Snapshot, ...]
    requests: tuple[BrowserRequest, ...]
    console: tuple[ConsoleMessage, ...]
    violations: tuple[Violation, ...]
    vitals: Vitals | None
    screenshot: str
    """File name beside the record."""
    problems: tuple[str, ...]
    """Steps that could not be done, in words: `consent reject: no control found`."""
    choices: tuple[Choice, ...] = ()
    writes: tuple[CookieWrite, ...] = ()
    """Consent visits only."""
    accessibility: Accessibility | None = None
    """None where the visit did not look at it."""
    journey: JourneySeen | None = None
    """None where the visit made none."""
    error_client: ErrorClient | None = None
    """None where no client was found, or the visit did not ask."""
    thrown: str = ""
    """The tag of the error that was thrown; empty for none."""
    sink: str = ""
    """What became of text written to `innerHTML`: `accepted`, or the exception's name and words; empty where it was not tried."""
    loads: tuple[Load, ...] = ()
    """Measured visits only, as are the next two."""
    conditions: Conditions | None = None
    coverage: tuple[Coverage, ...] = ()

    def snapshot(self, label: str) -> Snapshot | None:
        return next((one for one in self.snapshots if one.label == label), None)


# --- database -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class IndexFacts:
    name: str
    columns: tuple[str, ...]
    """Key columns in order; an expression stands as its text, INCLUDE columns are not among them."""
    unique: bool
    valid: bool
    predicate: str
    """The WHERE of a partial index, or empty."""


@dataclass(frozen=True, slots=True)
class TableFacts:
    name: str
    """`schema.table`."""
    columns: tuple[tuple[str, str], ...]
    """Name and type, as format_type gives it."""
    indexes: tuple[IndexFacts, ...]
    writable: bool
    """Our role may INSERT, UPDATE, DELETE or TRUNCATE."""


@dataclass(frozen=True, slots=True)
class QueryTiming:
    name: str
    samples_ms: tuple[float, ...]
    """Warm runs in order, client-measured, round trip included."""
    error: str


@dataclass(frozen=True, slots=True)
class Catalogue:
    server_version: str
    database: str
    role: str
    superuser: bool
    in_recovery: bool
    tls: str
    """TLS version of our own connection; empty when it is not encrypted."""
    plaintext: str
    """Answer to a connection without TLS: `refused`, `accepted`, `not tried` or `unknown: …`."""
    tables: tuple[TableFacts, ...]
    applied_migrations: tuple[str, ...] | None
    """Identifiers in the ledger table, in order; None when it cannot be read."""
    migrations_error: str
    queries: tuple[QueryTiming, ...]
    round_trip_ms: float
    connect_ms: float
    connections: int
    max_connections: int


# --- load ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LoadSeries:
    """Latency of one kind of request, measured from the moment it was due (open model)."""

    name: str
    requests: int
    failures: int
    histogram: tuple[tuple[float, int], ...]
    """(milliseconds rounded to three significant digits, count), ascending."""
    max_ms: float


@dataclass(frozen=True, slots=True)
class LoadRun:
    profile: str
    planned: int
    sent: int
    dropped: int
    """Due but never sent, because too many were in flight."""
    duration_s: float
    planned_rate: float
    achieved_rate: float
    series: tuple[LoadSeries, ...]
    """Index 0 is the total of all kinds, named `all`."""
    errors: tuple[tuple[str, int], ...]
    per_second: tuple[tuple[int, int, int], ...]
    """(second, requests, failures)."""
    generator_cpu: float
    """Highest share of one core over a second, 0 to 1."""
    stop_reason: str
    """`complete`, `deadline`, `aborted: …`."""
    healthy: bool
    """The generator kept its rate and was not saturated; false makes the evidence INVALID."""
    unhealthy_reason: str
