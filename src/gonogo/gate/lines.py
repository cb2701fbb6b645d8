"""Finds the line of each key of a TOML document, so that a mistake can be shown where it was made.

The standard parser keeps no positions. This scanner follows only headers, keys, strings and brackets, in text
that the standard parser has accepted; of any other it gives some lines or none.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

Path = tuple[str | int, ...]

_STRING = re.compile(r'"""(?:[^\\]|\\.)*?"{3,5}|\'\'\'.*?\'{3,5}|"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'', re.DOTALL)
_KEY = r"""(?:"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|[A-Za-z0-9_-]+)"""
_DOTTED = rf"{_KEY}(?:[ \t]*\.[ \t]*{_KEY})*"
_HEADER = re.compile(rf"[ \t]*(\[\[?)[ \t]*({_DOTTED})[ \t]*\]")
_ASSIGNMENT = re.compile(rf"[ \t]*({_DOTTED})[ \t]*=")


def key_lines(text: str) -> dict[Path, int]:
    """The line, from 1, of every table and key: `("waiver", 0, "owner")` → 12; none in inline tables."""
    lines: dict[Path, int] = {}
    counters: dict[Path, int] = {}
    table: Path = ()
    position, line = 0, 1
    while position < len(text):
        if header := _HEADER.match(text, position):
            table = _enter(_parts(header[2]), counters, array=header[1] == "[[")
            lines.setdefault(table, line)
            end = _end_of_line(text, header.end())
        elif assignment := _ASSIGNMENT.match(text, position):
            path = table + _parts(assignment[1])
            for length in range(len(table) + 1, len(path) + 1):
                lines.setdefault(path[:length], line)
            end = _end_of_value(text, assignment.end())
        else:
            end = _end_of_line(text, position)
        line += text.count("\n", position, end)
        position = end
    return lines


def nearest(lines: dict[Path, int], path: Sequence[str | int]) -> int | None:
    """The line of a key, or of the innermost table around it that has one; None for the whole document."""
    for length in range(len(path), 0, -1):
        if (found := lines.get(tuple(path[:length]))) is not None:
            return found
    return None


def _parts(dotted: str) -> tuple[str, ...]:
    keys = re.findall(_KEY, dotted)
    return tuple(key[1:-1] if key[0] in "\"'" else key for key in keys)


def _enter(parts: tuple[str, ...], counters: dict[Path, int], *, array: bool) -> Path:
    """The path of a header, with the number of the current element after each array of tables on the way."""
    path: Path = ()
    for part in parts[:-1]:
        path = (*path, part)
        if path in counters:
            path = (*path, counters[path])
    path = (*path, parts[-1])
    if array:
        counters[path] = counters.get(path, -1) + 1
        return (*path, counters[path])
    return path


def _end_of_line(text: str, position: int) -> int:
    return text.find("\n", position) + 1 or len(text)


def _end_of_value(text: str, position: int) -> int:
    """The start of the line after a value; strings and brackets may carry it over many lines."""
    depth = 0
    while position < len(text):
        if found := _STRING.match(text, position):
            position = found.end()
            continue
        character = text[position]
        if character == "#":
            position = _end_of_line(text, position) - 1
            if position < 0 or text[position] != "\n":
                return len(text)
            continue
        if character == "\n" and depth <= 0:
            return position + 1
        depth += (character in "[{") - (character in "]}")
        position += 1
    return len(text)
