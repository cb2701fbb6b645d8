"""Bits in base64url text, as the IAB's consent strings hold them: from the left, six to a character."""

from __future__ import annotations

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_BITS = {character: f"{value:06b}" for value, character in enumerate(_ALPHABET)}


class Bits:
    """Read once, from the left."""

    def __init__(self, text: str) -> None:
        """Raises ValueError when a character is none of base64url's (RFC 4648, §5); padding counts as none either."""
        for character in text:
            if character not in _BITS:
                raise ValueError(f"{character!r} is not base64url")
        self._value = int("".join(_BITS[character] for character in text) or "0", 2)
        self.left = len(text) * 6
        """How many are not read yet."""

    def take(self, width: int) -> int:
        """The next bits as an unsigned number. Raises ValueError when fewer are left."""
        if width > self.left:
            raise ValueError(f"it ends {width - self.left} bits early")
        self.left -= width
        return (self._value >> self.left) & ((1 << width) - 1)

    def numbers(self, width: int) -> frozenset[int]:
        """1-based places of those of the next bits that are set, leftmost first. Raises ValueError as `take`."""
        bits = self.take(width)
        return frozenset(place for place in range(1, width + 1) if bits >> (width - place) & 1)
