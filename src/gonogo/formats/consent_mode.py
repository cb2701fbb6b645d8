"""Google Consent Mode v2: what a page tells its tags (`gtag("consent", …)`) and what their hits tell (`gcs`, `gcd`).

`gcs` and `gcd` are not documented by their maker; only what is well established is read, the rest is `unknown`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

SIGNALS = ("ad_storage", "analytics_storage", "ad_user_data", "ad_personalization")
"""In the order in which `gcd` has them."""
MAX_LENGTH = 4096

_GCS = re.compile(r"G1([01-])([01-])")
_GCD = re.compile(r"1[0-9]((?:[a-z][0-9]?){4})[0-9a-z]*", re.IGNORECASE)
_LETTER = re.compile(r"[a-zA-Z]")
_GRANTED = frozenset("trnv")
_DENIED = frozenset("pqmu")


@dataclass(frozen=True, slots=True)
class Signal:
    """One of the four signals, `granted`, `denied` or `unknown`."""

    name: str
    state: str


def read_gcs(text: str) -> tuple[Signal, ...]:
    """`G100` … `G111`: advertising, then analytics. Anything else says nothing: unknown."""
    found = _GCS.fullmatch(text[:MAX_LENGTH].strip())
    digits = found.groups() if found else ("-", "-")
    states = {"1": "granted", "0": "denied", "-": "unknown"}
    return tuple(Signal(name, states[digit]) for name, digit in zip(SIGNALS[:2], digits, strict=True))


def read_gcd(text: str) -> tuple[Signal, ...]:
    """`13p3p3p3p5`: one letter for each of the four signals. Anything else says nothing: unknown."""
    found = _GCD.fullmatch(text[:MAX_LENGTH].strip())
    letters = _LETTER.findall(found[1].lower()) if found else ["-"] * len(SIGNALS)
    return tuple(Signal(name, _state(letter)) for name, letter in zip(SIGNALS, letters, strict=True))


def _state(letter: str) -> str:
    if letter in _GRANTED:
        return "granted"
    return "denied" if letter in _DENIED else "unknown"


def of_hit(url: str) -> dict[str, str]:
    """The signals that a hit's address carries; `gcd` wins over `gcs`. Empty where it carries neither."""
    try:
        query = dict(parse_qsl(urlsplit(url[:MAX_LENGTH]).query, max_num_fields=500))
    except ValueError:
        return {}
    return states(query.get("gcs", ""), query.get("gcd", ""))


def states(gcs: str, gcd: str) -> dict[str, str]:
    """The signals of both parameters; empty ones tell nothing."""
    told: dict[str, str] = {}
    for text, read in ((gcs, read_gcs), (gcd, read_gcd)):
        if text:
            told |= {one.name: one.state for one in read(text) if one.state != "unknown" or one.name not in told}
    return told


@dataclass(frozen=True, slots=True)
class Mode:
    """A page's calls of `gtag`, folded in their order."""

    used: bool
    """There was a call of `consent`, `config` or `event` at all."""
    default_first: bool
    """The first `consent default` came before the first `config` and `event`."""
    default: dict[str, str]
    state: dict[str, str]
    """After every default and update."""
    updated: bool
    regional: frozenset[str] = frozenset()
    """Signals that a default for some regions denies, while the general one does not; no update has settled them."""

    def sure(self, signal: str) -> bool:
        """Whether the state is the same wherever the visitor is."""
        return signal not in self.regional


def fold(commands: Iterable[tuple[str, str, Iterable[tuple[str, str]]]]) -> Mode:
    """Commands as (name, target, values): `("consent", "default", [("ad_storage", "denied")])`."""
    default: dict[str, str] = {}
    state: dict[str, str] = {}
    denied: set[str] = set()
    settled: set[str] = set()
    used = updated = began = default_first = False
    for name, target, values in commands:
        if name in {"config", "event"}:
            used = began = True
        elif name == "consent" and target in {"default", "update"}:
            used = True
            given = dict(values)
            told = {key: value for key, value in given.items() if key in SIGNALS}
            if target == "default":
                default_first = default_first or not began
            else:
                updated = True
                settled |= told.keys()
            # A default with `region` holds for visitors from there alone, and wins over the general one.
            if target == "default" and given.get("region"):
                denied |= {key for key, value in told.items() if value == "denied"}
                continue
            state |= told
            if target == "default":
                default |= told
    regional = frozenset(name for name in denied if default.get(name) != "denied") - settled
    return Mode(used, default_first, default, state, updated, regional)
