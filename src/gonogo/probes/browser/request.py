"""What a browser can be asked to do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar
from urllib.parse import urlsplit

from gonogo.environment.models import Environment
from gonogo.evidence.records import Lane, PlanEntry, identity


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a browser visit. `action` is one of:

    goto (value: URL) · reload · wait (value: seconds) · scroll · consent (value: accept or reject)
    · click (value: selector) · interact (value: selector, a trusted click whose INP is awaited)
    · keystroke (value: key, a space, selector; as interact) · again (value: URL): a further measured load, with an empty
      cache, of a visitor whose choice is stored
    · preferences: open the consent layer's preferences · reopen: open the choice again, by the page's link or icon
    · save: store the preferences' selection as it is · close: close the first layer without an answer
    · policy: go where the first consent layer's policy link leads · restart: as if the browser was closed and opened
    · expire (value: days): as if so much time had passed · cookie (value: name=value): put a cookie in place
    · axe, reflow, motion (value: label), tab (value: selector or `reject`), reduce motion, dismiss (value: `shown` where a
      banner must be), press (value: key),
      shown (value: selector): see probes/browser/assess.py
    · journey (value: its name): the steps of a declared journey · throw (value: its words): an error that nobody catches,
      of these words and the run's tag, after asking the page for its error tracker's client
    · sink: write markup to `innerHTML` as a script of the page
    · snapshot (value: label): record cookies, storage, banner and how many requests were seen so far.
    """

    action: str
    value: str = ""


@dataclass(frozen=True, slots=True)
class Spare:
    """A repetition that is made only where the first ones leave a budget in doubt: a median over it, the best run within."""

    runs: int
    """How many repetitions come first."""
    limits: tuple[tuple[str, str, float], ...]
    """State of the load, metric and budget: `("first", "lcp_ms", 2500.0)`."""


@dataclass(frozen=True, slots=True)
class VisitRequest:
    """One visit in a fresh browser context: steps, then everything that was seen."""

    probe: ClassVar[str] = "browser"
    name: str
    """What a person calls it: `consent-reject`, `vitals-desktop-/`."""
    steps: tuple[Step, ...]
    device: str = "desktop"
    run: int = 0
    """Number of a repetition; part of the id, so that repetitions are distinct requests."""
    measure: bool = False
    """Collect Web Vitals (of the first `goto` and of each `again`) and await INP after `interact`."""
    throttle: str = ""
    """Name of the slow-down of a measured visit (probes/browser/measure.py); empty: none."""
    coverage: bool = False
    """Tell which scripts and styles were used; that slows them down, so such a visit is not judged."""
    spare: Spare | None = None
    """Set on a repetition that may turn out to be unneeded."""
    privacy: bool = False
    """Record what PrivacyView and CookieWrite hold."""
    gpc: bool = False
    """Send Global Privacy Control: the header Sec-GPC and navigator.globalPrivacyControl."""
    locale: str = ""
    """BCP 47 language tag of the browser; empty for its own."""
    timezone: str = ""
    """IANA name; empty for the machine's."""
    lane: Lane = Lane.BROWSER

    @property
    def url(self) -> str:
        return next(step.value for step in self.steps if step.action == "goto")

    @property
    def navigations(self) -> int:
        return sum(step.action in {"goto", "reload", "again", "policy"} for step in self.steps)


SHORT_S = 2.0
"""A shorter wait is not worth a word."""


WORDS: Mapping[str, Callable[[str], str]] = MappingProxyType(
    {
        "goto": lambda address: f"open {address}",
        "reload": lambda _: "reload",
        "scroll": lambda _: "scroll",
        "consent": lambda choice: choice,
        "click": lambda selector: f"press {selector}",
        "interact": lambda selector: f"press {selector}",
        "keystroke": lambda told: f"press {told.replace(' ', ' on ', 1)}",
        "press": lambda key: f"press {key}",
        "again": lambda _: "load again with the choice stored",
        "preferences": lambda _: "open the preferences",
        "save": lambda _: "save the preferences as they are",
        "close": lambda _: "close the banner without an answer",
        "wait": lambda seconds: f"wait {seconds} s",
        "reopen": lambda _: "open the choice again",
        "policy": lambda _: "follow the policy link",
        "escape": lambda _: "press Escape",
        "restart": lambda _: "restart the browser",
        "expire": lambda days: f"{days} days later",
        "cookie": lambda told: f"put cookie {told.partition('=')[0]}",  # its value may be worth something
        "axe": lambda label: f"axe-core ({label})",
        "reflow": lambda label: f"400 % zoom ({label})",
        "motion": lambda _: "look for motion",
        "tab": lambda target: f"tab to {target}",
        "reduce motion": lambda _: "ask for reduced motion",
        "dismiss": lambda wanted: "reject" if wanted else "reject if asked",
        "shown": lambda selector: f"await {selector}",
        "journey": lambda name: f"walk journey {name}",
        "throw": lambda _: "throw an error",
        "sink": lambda _: "write to innerHTML",
    }
)
"""What a step does, from its value; for a reader who must know beforehand whether that is acceptable."""


def plan_lines(request: VisitRequest, environment: Environment) -> tuple[PlanEntry, ...]:
    """One line: who has signed in, how many pages are opened, and each step in words."""
    name = identity(request)
    method = "visit if needed" if request.spare else "visit"
    role, count = _role(request, environment), _loads(request, environment)
    does = (*_manner(request), *_walked(request))
    return (
        PlanEntry(
            "browser", method, request.url, role, request.lane.value, count, name, request.name, does, request.run
        ),
    )


def _manner(request: VisitRequest) -> list[str]:
    """How this visit differs from a usual one."""
    spare = request.spare
    told = {
        f"only if the first {spare.runs} runs leave a budget in doubt" if spare else "": spare is not None,
        f"on {request.device}": request.device != "desktop",
        f"slowed down as {request.throttle}": request.throttle,
        "with Global Privacy Control": request.gpc,
        f"in {request.locale}": request.locale,
        f"in {request.timezone}": request.timezone,
        "telling which code is used": request.coverage,
    }
    return [words for words, holds in told.items() if holds]


def _walked(request: VisitRequest) -> list[str]:
    """Its steps after the first page was opened, without those that only look."""
    first = next(index for index, step in enumerate(request.steps) if step.action == "goto")
    told = []
    for index, step in enumerate(request.steps):
        if index == first or step.action == "snapshot" or (step.action == "wait" and float(step.value) < SHORT_S):
            continue
        words = WORDS.get(step.action, lambda value, action=step.action: f"{action} {value}".rstrip())
        told.append(words(_local(step, request.url)))
    return told


def _local(step: Step, url: str) -> str:
    """The step's value; of an address on the visit's own origin, its path and query."""
    parts, own = urlsplit(step.value), urlsplit(url)
    if step.action != "goto" or (parts.scheme, parts.netloc) != (own.scheme, own.netloc):
        return step.value
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _role(request: VisitRequest, environment: Environment) -> str:
    """Who has signed in before the visit."""
    journeys = {step.value for step in request.steps if step.action == "journey"}
    return next((one.role for one in environment.journeys if one.name in journeys), "anonymous")


def _loads(request: VisitRequest, environment: Environment) -> int:
    """Pages that a visit opens, those included that its journey opens by address."""
    journeys = {step.value for step in request.steps if step.action == "journey"}
    opened = [step.goto for one in environment.journeys if one.name in journeys for step in one.steps if step.goto]
    return request.navigations + len(opened)
