"""The core of an IAB TCF v2 consent string (Transparency and Consent String v2.2, §"core string"): who wrote it, what it grants."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from datetime import UTC, datetime

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


class _Bits:
    def __init__(self, data: bytes) -> None:
        self._value = int.from_bytes(data, "big")
        self._left = len(data) * 8

    def take(self, width: int) -> int:
        self._left -= width
        return (self._value >> self._left) & ((1 << width) - 1)

    def numbers(self, width: int) -> frozenset[int]:
        """1-based places of the bits that are set, leftmost first."""
        bits = self.take(width)
        return frozenset(place for place in range(1, width + 1) if bits >> (width - place) & 1)

    def letters(self) -> str:
        return "".join(chr(ord("A") + self.take(6)) for _ in range(2))

    def instant(self) -> datetime:
        """Deciseconds since 1970; 36 bits reach the year 2187."""
        return datetime.fromtimestamp(self.take(36) / 10, UTC)


def parse(text: str) -> TcString | str:
    """The core segment of a TC string, or why it cannot be read. Any text is accepted."""
    core = text[:MAX_LENGTH].strip().partition(".")[0]
    try:
        data = base64.b64decode(core.replace("-", "+").replace("_", "/") + "=" * (-len(core) % 4), validate=True)
    except (binascii.Error, ValueError):
        return "it is not base64url"
    if len(data) * 8 < CORE_BITS:
        return f"it has {len(data) * 8} bits, wanted at least {CORE_BITS}"
    bits = _Bits(data[: CORE_BITS // 8 + 1])
    version = bits.take(6)
    if version != VERSION:
        return f"its version is {version}, wanted {VERSION}"
    created, updated = bits.instant(), bits.instant()
    cmp_id, cmp_version = bits.take(12), bits.take(12)
    bits.take(6)  # the screen on which consent was given
    language, vendor_list, policy = bits.letters(), bits.take(12), bits.take(6)
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
        publisher_country=bits.letters(),
    )
