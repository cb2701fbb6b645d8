"""Text that a target sent, made fit to be shown: bounded, nothing invisible, nothing that steers a screen."""

from __future__ import annotations

import re

_UNSAFE = re.compile(
    "["
    "\x00-\x1f\x7f-\x9f"  # C0 and C1: NUL, escape sequences, NEL
    "\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"  # unseen, or turning
    "\ud800-\udfff"  # lone surrogates: not encodable as UTF-8
    "\ufdd0-\ufdef\ufffe\uffff"  # noncharacters; the last two are no XML 1.0 characters
    "\U000e0000-\U000e007f"  # tag characters: a hidden copy of ASCII
    "]"
)
_UNSAFE_BUT_LINES = re.compile(_UNSAFE.pattern.replace("\x00-\x1f", "\x00-\x08\x0b-\x1f"))

FIELD = 600
"""Most characters of one field that a target filled: a subject, what was seen."""
EXCERPT = 4_000
"""Most characters of one excerpt of evidence, of a fix, of a reason."""


def _spell(match: re.Match[str]) -> str:
    code = ord(match.group())
    if code < 0x100:
        return {0x09: "\\t", 0x0A: "\\n", 0x0D: "\\r"}.get(code, f"\\x{code:02x}")
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def clip(text: str, limit: int = FIELD) -> str:
    """At most `limit` characters of the text, and how many were left out."""
    return text if len(text) <= limit else f"{text[:limit]} … [{len(text) - limit:,} more characters]"


def visible(text: str) -> str:
    """The text with control, invisible and direction-changing characters and lone surrogates as `\\x1b`.

    Tabs and newlines stay.
    """
    return _UNSAFE_BUT_LINES.sub(_spell, text)


def line(text: object, limit: int = FIELD) -> str:
    """The text as one bounded line: as `visible`, and newlines and tabs stand as `\\n` and `\\t`."""
    return _UNSAFE.sub(_spell, clip(str(text), limit))


def lines(text: object, limit: int = EXCERPT) -> str:
    """The text bounded, as `visible`; CRLF becomes a newline."""
    return visible(clip(str(text), limit).replace("\r\n", "\n"))


def plural(count: int, noun: str, many: str = "") -> str:
    """`1 check`, `2 checks`, `1,204 checks`."""
    return f"{count:,} {noun if count == 1 else many or noun + 's'}"


def duration(seconds: float) -> str:
    """`0.4 s`, `41 s`, `3 min 20 s`, `1 h 5 min`."""
    if seconds < 9.95:
        return f"{max(seconds, 0.0):.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
