"""Lighthouse's `budget.json`, as Lighthouse CI still reads it (`budgetsFile`): timings, sizes and counts by page.

https://github.com/GoogleChrome/budget.json describes the format. Sizes are in KB of 1024 bytes, timings in
milliseconds, and `path` is as in robots.txt (RFC 9309 §2.2.2 and §2.2.3).
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

from gonogo.formats import json_text

KB = 1024
MOST_PAGES = 200
METRICS = {
    "first-contentful-paint": "fcp_ms",
    "largest-contentful-paint": "lcp_ms",
    "cumulative-layout-shift": "cls",
    "total-blocking-time": "tbt_ms",
    "server-response-time": "ttfb_ms",
    "interaction-to-next-paint": "inp_ms",
}
TYPES = ("document", "script", "stylesheet", "image", "font", "media", "other", "third-party", "total")
THIRD_PARTY = "third-party"
MAY_BE_NOTHING = ("cls", "tbt_ms")
"""A page may shift nothing and block nothing; none loads in no time."""

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Budget:
    """One entry of the list."""

    path: str
    timings: tuple[tuple[str, float], ...]
    """Name as in the environment (`lcp_ms`) and limit."""
    sizes: tuple[tuple[str, int], ...]
    """Resource type and bytes."""
    counts: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Flaw:
    """Something in the file that cannot be used; nothing of it is left out in silence."""

    line: int | None
    key: str
    """`[0].timings[1].metric`."""
    message: str


def matches(pattern: str, path: str) -> bool:
    """Whether a path fits a pattern of robots.txt: a prefix in which `*` stands for anything and a last `$` for the end."""
    anchored = pattern.endswith("$")
    pieces = pattern.removesuffix("$").split("*")
    if not path.startswith(pieces[0]):
        return False
    at = len(pieces[0])
    for index, piece in enumerate(pieces[1:], start=1):
        if anchored and index == len(pieces) - 1:
            return path.endswith(piece) and len(path) - len(piece) >= at
        found = path.find(piece, at)
        if found < 0:
            return False
        at = found + len(piece)
    return at == len(path) if anchored else True


def parse(text: str) -> tuple[Budget, ...] | tuple[Flaw, ...]:
    """The budgets in a file, or all that is wrong with it."""
    text = text.removeprefix("\ufeff")
    try:
        document = json_text.parse(text)
    except json_text.NotJson:
        return (Flaw(_broken_line(text), "", "this is not JSON"),)
    reading = _Reading(text)
    budgets = tuple(reading.budgets(document))
    return tuple(reading.flaws) or budgets


def _broken_line(text: str) -> int | None:
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        return error.lineno
    except (ValueError, RecursionError):
        return None
    return None


class _Reading:
    """Collects flaws while the document is read."""

    def __init__(self, text: str) -> None:
        self.flaws: list[Flaw] = []
        self._text = text
        self._lines: dict[Path, int] | None = None

    def budgets(self, document: object) -> Iterator[Budget]:
        if not isinstance(document, list) or not document or len(document) > MOST_PAGES:
            self._flaw((), f"wanted a list of 1 to {MOST_PAGES} budgets")
            return
        for index, entry in enumerate(document):
            if isinstance(entry, dict):
                yield self._budget(entry, (index,))
            else:
                self._flaw((index,), "wanted an object")

    def _budget(self, entry: dict[str, object], at: Path) -> Budget:
        known = ("path", "timings", "resourceSizes", "resourceCounts")
        for key in entry:
            if key not in known:
                self._flaw((*at, key), f"unknown key; known here: {', '.join(known)}")
        path = entry.get("path", "/*")
        if not isinstance(path, str) or not path.startswith(("/", "*")):
            self._flaw((*at, "path"), "wanted a path that begins with '/'")
            path = "/*"
        timings = tuple(self._rows(entry, at, "timings", "metric", METRICS))
        sizes = tuple(self._rows(entry, at, "resourceSizes", "resourceType", TYPES))
        counts = tuple(self._rows(entry, at, "resourceCounts", "resourceType", TYPES))
        return Budget(
            path,
            tuple((METRICS[name], limit) for name, limit in timings),
            tuple((name, round(limit * KB)) for name, limit in sizes),
            tuple((name, math.floor(limit)) for name, limit in counts),
        )

    def _rows(
        self, entry: dict[str, object], at: Path, key: str, name_key: str, names: dict[str, str] | tuple[str, ...]
    ) -> Iterator[tuple[str, float]]:
        rows = entry.get(key, [])
        if not isinstance(rows, list):
            self._flaw((*at, key), "wanted a list")
            return
        for index, row in enumerate(rows):
            here = (*at, key, index)
            if not isinstance(row, dict):
                self._flaw(here, "wanted an object")
                continue
            name, limit = row.get(name_key), row.get("budget")
            if not isinstance(name, str) or name not in names:
                self._flaw((*here, name_key), f"found {_shown(name)}; measured here: {', '.join(names)}")
            elif isinstance(limit, bool) or not isinstance(limit, int | float) or not 0 <= limit < 1e12:
                self._flaw((*here, "budget"), f"found {_shown(limit)}; wanted a number that is not negative")
            elif limit == 0 and name in METRICS and METRICS[name] not in MAY_BE_NOTHING:
                self._flaw((*here, "budget"), f"found {_shown(limit)}; wanted more than 0")
            else:
                yield name, float(limit)

    def _flaw(self, at: Path, message: str) -> None:
        if self._lines is None:
            self._lines = lines(self._text)
        line = next((self._lines[at[:end]] for end in range(len(at), -1, -1) if at[:end] in self._lines), None)
        key = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in at).removeprefix(".")
        self.flaws.append(Flaw(line, key[:200], message))


def _shown(value: object) -> str:
    return "nothing" if value is None else json.dumps(value)[:60]


_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:\n]|[^\s{}\[\],:"]+', re.DOTALL)


def lines(text: str) -> dict[Path, int]:
    """The line on which each value of a JSON text begins, by its path; a text that is not JSON gives what could be read."""
    found: dict[Path, int] = {}
    inside: list[str | int] = []
    """The key or index that is being read, of each open object or array."""
    line, word = 1, ""
    for match in _TOKEN.finditer(text):
        match match[0]:
            case "\n":
                line += 1
            case "{" | "[" as opening:
                found.setdefault(tuple(inside), line)
                inside.append("" if opening == "{" else 0)
            case "}" | "]":
                del inside[-1:]
            case ",":
                inside[-1:] = [one + 1 if isinstance(one, int) else one for one in inside[-1:]]
            case ":":
                inside[-1:] = [_key(word)]
                found[tuple(inside)] = line
            case word:
                found.setdefault(tuple(inside), line)
    return found


def _key(word: str) -> str:
    try:
        return str(json.loads(word, strict=False))
    except json.JSONDecodeError:
        return ""
