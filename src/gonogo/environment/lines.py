"""Where each key of a TOML text stands, so that a problem can name its line.

`tomllib` gives values without positions. This scanner follows the grammar of TOML 1.0 just far enough to see
every key. It stops quietly where the text is wrong: `tomllib` tells what is wrong.
"""

from __future__ import annotations

import contextlib
import re
from bisect import bisect_right

KeyPath = tuple[str | int, ...]
"""Keys and array indices from the root: `("site", "pages", 0, "path")`."""

MAX_DEPTH = 24
"""More than any environment needs; tomllib's work grows with the square of a key's parts."""

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_STRING = re.compile(
    r'"""(?:[^"\\]|\\.|"{1,2}(?!"))*"{3,5}'
    r"|'''(?:[^']|'{1,2}(?!'))*'{3,5}"
    r'|"(?!"")(?:[^"\\\n]|\\.)*"'
    r"|'(?!'')[^'\n]*'",
    re.DOTALL,
)
_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))", re.DOTALL)
_SHORT = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r"}
_BLANK = re.compile(r"(?:[ \t]|#[^\n]*)*")
_BLANK_LINES = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SCALAR = re.compile(r"[^,\]}#\n]+")
_PLAIN_KEY = re.compile(r"[A-Za-z0-9_-]+\Z")


class TooDeepError(ValueError):
    """Keys or values are nested deeper than MAX_DEPTH; `line` says where."""

    def __init__(self, line: int) -> None:
        self.line = line
        super().__init__(f"nested more than {MAX_DEPTH} levels deep")


class _StopError(Exception):
    """The text is not TOML from here on."""


def line_index(text: str) -> dict[KeyPath, int]:
    """The first line, from 1, on which each table, key and array item stands.

    Partial when the text is not TOML. Raises TooDeepError.
    """
    scanner = _Scanner(text.replace("\r\n", "\n"))
    with contextlib.suppress(_StopError):
        scanner.document()
    return scanner.found


def dotted(path: KeyPath) -> str:
    """A path as a person writes it: `site.pages[0].path`, `resolve."www.acme.test"`."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
            continue
        plain = part if _PLAIN_KEY.match(part) else '"' + part.replace("\\", "\\\\").replace('"', '\\"') + '"'
        text += f".{plain}" if text else plain
    return "".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in text)


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.found: dict[KeyPath, int] = {(): 1}
        self.breaks = [match.start() for match in re.finditer("\n", text)]
        self.counts: dict[KeyPath, int] = {}

    def line(self) -> int:
        return bisect_right(self.breaks, self.at - 1) + 1

    def note(self, base: KeyPath, keys: tuple[str | int, ...]) -> KeyPath:
        """Record the path and the tables it opens on its way."""
        if len(base) + len(keys) > MAX_DEPTH:
            raise TooDeepError(self.line())
        line = self.line()
        for end in range(1, len(keys) + 1):
            self.found.setdefault(base + keys[:end], line)
        return base + keys

    def document(self) -> None:
        table: KeyPath = ()
        while True:
            self.skip(_BLANK_LINES)
            if self.at >= len(self.text):
                return
            if self.text[self.at] == "[":
                table = self.header()
            else:
                self.pair(table)

    def header(self) -> KeyPath:
        many = self.text.startswith("[[", self.at)
        self.at += 2 if many else 1
        keys = self.key()
        if not self.text.startswith("]]" if many else "]", self.at):
            raise _StopError
        path: KeyPath = ()
        for position, key in enumerate(keys):
            path = self.note(path, (key,))
            if many and position == len(keys) - 1:
                self.counts[path] = self.counts.get(path, -1) + 1
            if path in self.counts:
                path = self.note(path, (self.counts[path],))
        self.at += 2 if many else 1
        return path

    def pair(self, table: KeyPath) -> None:
        start = self.at
        keys = self.key()
        if not self.text.startswith("=", self.at):
            raise _StopError
        end, self.at = self.at + 1, start
        path = self.note(table, keys)
        self.at = end
        self.skip(_BLANK)
        self.value(path)

    def key(self) -> tuple[str, ...]:
        parts: list[str] = []
        while True:
            self.skip(_BLANK)
            quoted = self.text[self.at : self.at + 1] in {'"', "'"}
            match = (_STRING if quoted else _BARE_KEY).match(self.text, self.at)
            if match is None:
                raise _StopError
            parts.append(_unquote(match[0]) if quoted else match[0])
            if len(parts) > MAX_DEPTH:
                raise TooDeepError(self.line())
            self.at = match.end()
            self.skip(_BLANK)
            if not self.text.startswith(".", self.at):
                return tuple(parts)
            self.at += 1

    def value(self, path: KeyPath) -> None:
        first = self.text[self.at : self.at + 1]
        if first == "[":
            self.array(path)
        elif first == "{":
            self.inline_table(path)
        else:
            match = (_STRING if first in {'"', "'"} else _SCALAR).match(self.text, self.at)
            if match is None:
                raise _StopError
            self.at = match.end()

    def array(self, path: KeyPath) -> None:
        self.at += 1
        number = 0
        while not self.closes("]"):
            self.value(self.note(path, (number,)))
            number += 1

    def inline_table(self, path: KeyPath) -> None:
        self.at += 1
        while not self.closes("}"):
            self.pair(path)

    def closes(self, bracket: str) -> bool:
        """Step over blanks and one comma; True after the closing bracket."""
        self.skip(_BLANK_LINES)
        if self.text.startswith(",", self.at):
            self.at += 1
            self.skip(_BLANK_LINES)
        if self.at >= len(self.text):
            raise _StopError
        if self.text[self.at] != bracket:
            return False
        self.at += 1
        return True

    def skip(self, blank: re.Pattern[str]) -> None:
        match = blank.match(self.text, self.at)
        self.at = match.end() if match else self.at


def _unquote(text: str) -> str:
    if text.startswith("'"):
        return text[1:-1]

    def char(match: re.Match[str]) -> str:
        code = match[1] or match[2]
        if code is None:
            return _SHORT.get(match[3], match[3])
        number = int(code, 16)
        return chr(number) if number <= 0x10FFFF else "\ufffd"

    return _ESCAPE.sub(char, text[1:-1])
