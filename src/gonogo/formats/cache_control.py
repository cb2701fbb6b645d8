"""Cache-Control directives (RFC 9111 §5.2)."""

from __future__ import annotations

import re
from collections.abc import Iterable

_DIRECTIVE = re.compile(
    r"[ \t]*([!#$%&'*+\-.^_`|~0-9A-Za-z]+)(?:[ \t]*=[ \t]*(?:\"((?:[^\"\\]|\\.)*)\"|([^,;\s\"]*)))?[ \t]*(?:,|$)"
)


def parse(values: Iterable[str]) -> dict[str, str]:
    """Directive to argument (empty for none); names in lower case, of a repeated one the first.

    What is not a directive is skipped up to the next comma, as caches do.
    """
    found: dict[str, str] = {}
    for whole in values:
        position, value = 0, whole[:4096]
        while position < len(value):
            match = _DIRECTIVE.match(value, position)
            if match is None:
                position = value.find(",", position) + 1 or len(value)
                continue
            found.setdefault(
                match.group(1).lower(), match.group(2) if match.group(2) is not None else match.group(3) or ""
            )
            position = match.end()
    return found


def seconds(directives: dict[str, str], name: str) -> int | None:
    """A delta-seconds argument (RFC 9111 §1.2.2), or None when it is absent or not a number."""
    text = directives.get(name, "")
    return int(text[:18]) if text.isascii() and text.isdigit() else None
