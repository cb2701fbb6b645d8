"""IAB Global Privacy Platform strings, version 1: which sections they hold, and which opt-outs the sections of the United States
tell (https://github.com/InteractiveAdvertisingBureau/Global-Privacy-Platform)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from types import MappingProxyType

from gonogo.formats.bits import Bits

MAX_LENGTH = 16_384
_TYPE = 3
_VERSION = 1
_MOST_IDS = 100
_LARGEST_ID = 4_000
TCF_EU = 2
_US_PRIVACY = 6
_GPC = 1
"""The number of the sub-section that holds the Global Privacy Control signal."""

_SALE, _SHARING, _ADVERTISING = "opt-out of sale", "opt-out of sharing", "opt-out of targeted advertising"
_SECTIONS = MappingProxyType(
    {
        7: ("usnat", (18, 20, 22), (_SALE, _SHARING, _ADVERTISING)),
        8: ("usca", (12, 14), (_SALE, _SHARING)),
        **{
            number: (f"us{state}", places, (_SALE, _ADVERTISING))
            for states, places in (
                ({9: "va", 10: "co", 12: "ct", 13: "fl", 14: "mt", 15: "or", 16: "tx", 17: "de"}, (12, 14)),
                ({19: "ne", 20: "nh", 21: "nj", 22: "tn", 23: "mn"}, (12, 14)),
                ({11: "ut", 18: "ia"}, (14, 16)),
                ({24: "md", 25: "in", 26: "ky", 27: "ri"}, (16, 18)),
            )
            for number, state in states.items()
        },
    }
)
"""By section: the name of its API, and where in its core segment the two bits of each opt-out stand, from the left. The
places are the same in both versions of usnat; the other sections have one version."""
_VERSIONS = MappingProxyType({7: (1, 2)})
_STATES = ("not applicable", "yes", "no", "an invalid value")


@dataclass(frozen=True, slots=True)
class OptOut:
    section: str
    """The name of its API: `usca`."""
    what: str
    """`opt-out of sale`, `… sharing`, `… targeted advertising` or `Global Privacy Control`."""
    state: str
    """`yes`, `no`, `not applicable` or `an invalid value`."""


@dataclass(frozen=True, slots=True)
class GppString:
    sections: tuple[tuple[int, str], ...]
    """Numbers and encoded texts, in the string's order."""

    def section(self, number: int) -> str:
        """The encoded text of a section; empty where the string lacks it."""
        return next((text for one, text in self.sections if one == number), "")


def parse(text: str) -> GppString | str:
    """The sections of a GPP string, or why it cannot be read. Any text is accepted."""
    if len(text) > MAX_LENGTH:
        return f"it has {len(text)} characters, more than {MAX_LENGTH}"
    header, *encoded = text.strip().split("~")
    try:
        numbers = _numbers(Bits(header))
    except ValueError as error:
        return f"its header: {error}"
    if len(numbers) != len(encoded):
        return f"its header names {len(numbers)} sections, and {len(encoded)} follow"
    return GppString(tuple(zip(numbers, encoded, strict=True)))


def _numbers(bits: Bits) -> list[int]:
    """The numbers of the sections. Raises ValueError when the header cannot be read."""
    if (kind := bits.take(6)) != _TYPE:
        raise ValueError(f"its type is {kind}, wanted {_TYPE}")
    if (version := bits.take(6)) != _VERSION:
        raise ValueError(f"its version is {version}, wanted {_VERSION}")
    numbers: list[int] = []
    for _ in range(bits.take(12)):
        several = bits.take(1)
        first = (numbers[-1] if numbers else 0) + _fibonacci(bits)
        last = first + _fibonacci(bits) if several else first
        if last > _LARGEST_ID or len(numbers) + last - first >= _MOST_IDS:
            raise ValueError(f"it names more than {_MOST_IDS} sections, or one beyond {_LARGEST_ID}")
        numbers += range(first, last + 1)
    return numbers


def _fibonacci(bits: Bits) -> int:
    """A number of at least 1 in Fibonacci coding. Raises ValueError when it does not end."""
    number, before = 0, 0
    worth, following = 1, 2
    while (bit := bits.take(1)) + before < 2:
        number += worth * bit
        worth, following, before = following, worth + following, bit
    return number


def opt_outs(string: GppString) -> tuple[list[OptOut], list[str]]:
    """What the sections of the United States say of the visitor's opt-outs and of Global Privacy Control, and why some of
    them cannot be read."""
    told: list[OptOut] = []
    unread: list[str] = []
    for number, text in string.sections:
        if number == _US_PRIVACY:
            if re.fullmatch(r"1[YN-]{3}", text):
                told.append(OptOut("uspv1", _SALE, {"Y": _STATES[1], "N": _STATES[2]}.get(text[2], _STATES[0])))
            else:
                unread.append("section 6 (uspv1): not `1` and three of Y, N and -")
        elif number in _SECTIONS:
            try:
                told += _of_section(number, text)
            except ValueError as error:
                unread.append(f"section {number} ({_SECTIONS[number][0]}): {error}")
    return told, unread


def _of_section(number: int, text: str) -> list[OptOut]:
    """Raises ValueError when it cannot be read."""
    name, places, matters = _SECTIONS[number]
    core, *others = text.split(".")
    bits = Bits(core)
    if (version := bits.take(6)) not in (known := _VERSIONS.get(number, (1,))):
        raise ValueError(f"its version is {version}, wanted {' or '.join(map(str, known))}")
    bits.take(places[0] - 6)
    told = [OptOut(name, what, _STATES[bits.take(2)]) for what in matters]
    for other in others:
        segment = Bits(other)
        if segment.take(2) == _GPC:
            told.append(OptOut(name, "Global Privacy Control", _STATES[1 if segment.take(1) else 2]))
    return told
