"""`${NAME}`, `${NAME:-default}` and `$$` in the text values of an environment file.

A value that was put in is not looked at again. A `$` before anything but `$`, `{` or a letter stands for
itself, so that a CSS selector such as `[href$=".pdf"]` needs no escape.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches

_DOLLAR = re.compile(
    r"\$(?:(?P<dollar>\$)"
    r"|\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?P<has_default>:-(?P<default>[^}]*))?\}"
    r"|(?P<brace>\{[^}]*\}?)"
    r"|(?P<bare>[A-Za-z_][A-Za-z0-9_]*))"
)
_FORMS = "write `${NAME}` or `${NAME:-default}`, and `$$` for a dollar sign"
SUGGEST = 0.6
"""difflib's similarity from which a name is offered as "did you mean"."""


@dataclass(frozen=True, slots=True)
class Reference:
    """One `${NAME}` or `${NAME:-default}`; `default` is None in the first form."""

    name: str
    default: str | None


@dataclass(frozen=True, slots=True)
class Filled:
    """A text whose references were replaced; `faults` says in full sentences what could not be."""

    text: str
    faults: tuple[str, ...]


def references(text: str) -> tuple[Reference, ...]:
    """The references of a text, in order."""
    return tuple(Reference(match["name"], match["default"]) for match in _DOLLAR.finditer(text) if match["name"])


def is_one_reference(text: str) -> bool:
    """Whether the text is one reference and nothing else, so that it may stand for a number or a boolean."""
    match = _DOLLAR.fullmatch(text)
    return match is not None and match["name"] is not None


def literal_part(text: str) -> str:
    """The text with nothing but their defaults for its references: what the file itself gives away."""
    return _DOLLAR.sub(lambda match: (match["default"] or "") if match["name"] else match[0], text)


def escape(text: str) -> str:
    """The text that `interpolate` turns back into this one."""
    return text.replace("$", "$$")


def interpolate(text: str, value_of: Callable[[str], str | None], *, hint: Callable[[str], str]) -> Filled:
    """Replace every reference; `hint` says how a missing name can be set.

    A name that is unset, or empty where no `:-` allows it, is a fault; so is a `$` that looks like a slip.
    """
    faults: list[str] = []

    def replace(match: re.Match[str]) -> str:
        if match["dollar"]:
            return "$"
        if slip := match["brace"]:
            faults.append(f"`${_short(slip)}` is no reference; {_FORMS}")
            return match[0]
        if bare := match["bare"]:
            faults.append(f"`${_short(bare)}` is not replaced; {_FORMS}")
            return match[0]
        name = match["name"]
        value = value_of(name)
        if value:
            if _is_text(value):
                return value
            faults.append(f"the value of {name} is not UTF-8 text")
        elif match["has_default"]:
            return match["default"]
        elif value is None:
            faults.append(f"{name} is not set; {hint(name)}")
        else:
            faults.append(f"{name} is set but empty; give it a value, or write `${{{name}:-}}` to allow that")
        return match[0]

    return Filled(_DOLLAR.sub(replace, text), tuple(faults))


def did_you_mean(word: str, known: list[str], *, cutoff: float = SUGGEST) -> str:
    """`; did you mean 'x'?`, or nothing when no known word is close."""
    lowered = {name.lower(): name for name in reversed(known)}
    close = get_close_matches(word[:100].lower(), list(lowered), n=1, cutoff=cutoff)
    return f"; did you mean {lowered[close[0]]!r}?" if close else ""


def _is_text(value: str) -> bool:
    """False for the lone surrogates by which os.environ carries bytes that are not UTF-8."""
    return not any("\ud800" <= char <= "\udfff" for char in value)


def _short(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:40]}…"
