"""What a visit saw of a page's accessibility: rules of axe-core, the path of the keyboard, width and motion."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AxeNode:
    target: str
    """CSS selectors from the page down through frames and shadow roots, joined by ` >>> `."""
    html: str
    """Its first 200 characters."""
    fix: str
    """axe-core's words for what would mend it."""
    place: str = ""
    """Where it stands, told so that it is the same in each state of the page; empty: it had gone."""

    @property
    def key(self) -> str:
        return self.place or self.target


@dataclass(frozen=True, slots=True)
class AxeRule:
    """One rule that found something."""

    id: str
    impact: str
    """minor, moderate, serious, critical, or empty."""
    tags: tuple[str, ...]
    """Of WCAG: `wcag2aa`, `wcag143`."""
    help: str
    url: str
    count: int
    """Elements; `nodes` holds the first of them."""
    nodes: tuple[AxeNode, ...]
    screenshot: str = ""
    """File name beside the record: the first element; empty where none was taken."""


@dataclass(frozen=True, slots=True)
class AxeRun:
    """axe-core over a page and its frames in one state."""

    label: str
    """`as loaded`, `banner closed`, `state: menu open`."""
    url: str
    version: str
    """Of axe-core."""
    viewport: tuple[int, int]
    """CSS pixels."""
    violations: tuple[AxeRule, ...]
    incomplete: tuple[AxeRule, ...]
    """What axe-core could not decide and a person must look at; neither a pass nor a failure."""
    passed: int
    """Rules that found nothing wrong."""
    frames: int
    """Documents judged, the page's own included."""
    unseen: tuple[str, ...]
    """Frames that could not be judged, and why."""


@dataclass(frozen=True, slots=True)
class TabStop:
    """Where the focus stood after a press of Tab."""

    element: str
    """Path of ids, classes and tag names."""
    name: str
    """Its visible text or label, at most 80 characters."""
    indicator: str
    """How the focus shows: outline, caret, style, pixels; empty: it does not. `unknown`: it could not be compared."""
    modal: bool = False
    """It is inside a modal dialog."""


@dataclass(frozen=True, slots=True)
class KeyboardPath:
    """The focus's way from the top of a page, one press of Tab after another."""

    target: str
    """CSS selector, or `reject` for the consent banner's control."""
    found: bool
    """The target is on the page and visible."""
    reached: int
    """Presses of Tab until the target had the focus; 0: never."""
    presses: int
    """Presses made in all."""
    stops: tuple[TabStop, ...]
    """Each element once, in order."""
    trap: str
    """The element or elements that the focus did not leave; empty: it came to the end of the page, or presses ran out."""
    operated: bool | None
    """Whether Enter on the target worked; None where it was not pressed."""


@dataclass(frozen=True, slots=True)
class WideElement:
    element: str
    right_px: float
    """Its right edge, CSS pixels from the left of the page."""


@dataclass(frozen=True, slots=True)
class Reflow:
    """The page in a window of 320 CSS pixels, which is 1280 at 400 % zoom (WCAG 2.2 SC 1.4.10)."""

    label: str
    width_px: int
    """Of the window, without its scroll bar."""
    content_px: int
    """Of what can be scrolled to."""
    widest: tuple[WideElement, ...]


@dataclass(frozen=True, slots=True)
class Animation:
    element: str
    properties: tuple[str, ...]
    """Those that move or resize it."""
    duration_ms: float
    """All its repetitions together; -1: for ever."""


@dataclass(frozen=True, slots=True)
class Motion:
    """What moved a while after a load with `prefers-reduced-motion: reduce`."""

    label: str
    honoured: bool
    """The browser did emulate the preference; without it the list says nothing."""
    animations: tuple[Animation, ...]


@dataclass(frozen=True, slots=True)
class Accessibility:
    axe: tuple[AxeRun, ...] = ()
    paths: tuple[KeyboardPath, ...] = ()
    reflows: tuple[Reflow, ...] = ()
    motions: tuple[Motion, ...] = ()

    def run(self, label: str) -> AxeRun | None:
        return next((one for one in self.axe if one.label == label), None)

    def path(self, target: str) -> KeyboardPath | None:
        return next((one for one in self.paths if one.target == target), None)
