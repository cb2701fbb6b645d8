"""The core of an IAB TCF v2 consent string (Transparency and Consent String v2.2, §"core string"): who wrote it, what it grants."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from gonogo.formats.bits import Bits

MAX_LENGTH = 16_384
VERSION = 2
CORE_BITS = 213
"""Up to the vendor section, which is not read."""


@dataclass(frozen=True, slots=True)
class TcString:
    created: datetime
    updated: datetime
    cmp_id: int
    cmp_version: int
    language: str
    vendor_list: int
    policy_version: int
    service_specific: bool
    special_features: frozenset[int]
    purposes: frozenset[int]
    """Numbers of the purposes that consent was given for, 1 to 24."""
    legitimate_interests: frozenset[int]
    publisher_country: str


def _letters(bits: Bits) -> str:
    return "".join(chr(ord("A") + bits.take(6)) for _ in range(2))


def _instant(bits: Bits) -> datetime:
    """Deciseconds since 1970; 36 bits reach the year 2187."""
    return datetime.fromtimestamp(bits.take(36) / 10, UTC)


def parse(text: str) -> TcString | str:
    """The core segment of a TC string, or why it cannot be read. Any text is accepted."""
    core = text[:MAX_LENGTH].strip().partition(".")[0]
    try:
        bits = Bits(core.rstrip("="))
    except ValueError:
        return "it is not base64url"
    if bits.left < CORE_BITS:
        return f"it has {bits.left} bits, wanted at least {CORE_BITS}"
    version = bits.take(6)
    if version != VERSION:
        return f"its version is {version}, wanted {VERSION}"
    created, updated = _instant(bits), _instant(bits)
    cmp_id, cmp_version = bits.take(12), bits.take(12)
    bits.take(6)  # the screen on which consent was given
    language, vendor_list, policy = _letters(bits), bits.take(12), bits.take(6)
    specific = bool(bits.take(1))
    bits.take(1)  # non-standard texts
    special, purposes, interests = bits.numbers(12), bits.numbers(24), bits.numbers(24)
    bits.take(1)  # one treatment of purpose 1
    return TcString(
        created=created,
        updated=updated,
        cmp_id=cmp_id,
        cmp_version=cmp_version,
        language=language,
        vendor_list=vendor_list,
        policy_version=policy,
        service_specific=specific,
        special_features=special,
        purposes=purposes,
        legitimate_interests=interests,
        publisher_country=_letters(bits),
    )
