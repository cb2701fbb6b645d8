"""What one visit of a browser showed.

Times are seconds unless a name says `_ms`; sizes are bytes; instants are UTC ISO 8601 text.
"""

from __future__ import annotations

from dataclasses import dataclass

from gonogo.probes.browser.accessibility import Accessibility
from gonogo.probes.browser.behaviour import ErrorClient, JourneySeen


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


MOST_COVERED = 200
"""Scripts and style sheets whose use is told."""


METRICS = (
    ("LCP", "lcp_ms"),
    ("FCP", "fcp_ms"),
    ("TTFB", "ttfb_ms"),
    ("TBT", "tbt_ms"),
    ("INP", "inp_ms"),
    ("FID", "fid_ms"),
)
