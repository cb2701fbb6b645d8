"""One TOML document as a tree in which every value knows its file and line: reading, `extends`, merging."""

from __future__ import annotations

import os
import re
import tomllib
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from pathlib import Path

from gonogo.environment.lines import KeyPath, TooDeepError, dotted, line_index
from gonogo.errors import EnvironmentInvalid, Problem

MAX_BYTES = 256 * 1024
"""Far above any environment file; it bounds the time that a wrong file can take."""

Scalar = str | int | float | bool | datetime | date | time
_PLACE = re.compile(r"\s*\(at (?:line (\d+), column (\d+)|end of document)\)\Z")


@dataclass(frozen=True, slots=True, repr=False)
class Node:
    """A value and where it stands. Its repr names the place only: the value may be a secret."""

    value: dict[str, Node] | list[Node] | Scalar
    file: Path
    line: int
    raw: str = ""
    """The text as the file has it, before variables were put in; empty for what is no text."""
    via: tuple[str, ...] = ()
    """The variables that were put in, each with where its value came from."""
    broken: bool = False
    """A problem of this value has been told already."""

    def __repr__(self) -> str:
        return f"Node({self.file}:{self.line})"

    def at(self, path: KeyPath) -> Node | None:
        """The value under a path, or None."""
        node: Node | None = self
        for key in path:
            node = None if node is None else node.child(key)
        return node

    def child(self, key: str | int) -> Node | None:
        """The value under one key or index, or None."""
        if isinstance(self.value, dict) and isinstance(key, str):
            return self.value.get(key)
        if isinstance(self.value, list) and isinstance(key, int) and 0 <= key < len(self.value):
            return self.value[key]
        return None

    def nearest(self, path: KeyPath) -> Node:
        """The value under a path, or under the longest part of it that exists."""
        node = self
        for key in path:
            found = node.child(key)
            if found is None:
                break
            node = found
        return node


def children(node: Node) -> list[tuple[str | int, Node]]:
    """The keys or indices of a table or array with their values; nothing for a scalar."""
    if isinstance(node.value, dict):
        return list(node.value.items())
    if isinstance(node.value, list):
        return list(enumerate(node.value))
    return []


def leaves(node: Node, path: KeyPath = ()) -> list[tuple[KeyPath, Node]]:
    """Every scalar below a node with its path, in file order."""
    if not isinstance(node.value, dict | list):
        return [(path, node)]
    return [leaf for key, child in children(node) for leaf in leaves(child, (*path, key))]


def shown(path: Path) -> str:
    """A path as messages show it: from the current directory when it lies below."""
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative


def read(path: Path) -> Node:
    """One file as a tree. Raises EnvironmentInvalid: absent, unreadable, too large, or not TOML."""
    text = _text(path)
    try:
        lines = line_index(text)
        document = tomllib.loads(text)
    except TooDeepError as error:
        raise _invalid(path, error.line, f"{error}") from None
    except RecursionError:
        raise _invalid(path, None, "nested too deeply") from None
    except ValueError as error:
        # tomllib lets int() and datetime speak for themselves now and then: not only TOMLDecodeError.
        place = _PLACE.search(str(error))
        is_syntax = isinstance(error, tomllib.TOMLDecodeError)
        what = _PLACE.sub("", str(error)) if is_syntax else "a number or date is out of range"
        line = int(place[1]) if place and place[1] else (text.count("\n") + 1 if place else None)
        column = f", column {place[2]}" if place and place[2] else ""
        raise _invalid(path, line, f"not valid TOML{column}: {what}") from None
    return _tree(document, lines, path, (), 1)


def read_chain(path: Path) -> tuple[Node, tuple[Path, ...]]:
    """A file merged over what it extends, and the files: the given one first.

    Tables merge deeply; scalars and arrays replace. Raises EnvironmentInvalid, also for a circle.
    """
    chain: list[Path] = []
    trees: list[Node] = []
    following: Path | None = path
    while following is not None:
        chain.append(following)
        tree = read(following)
        following, tree = _take_extends(tree, chain)
        trees.append(tree)
    merged = trees.pop()
    while trees:
        merged = _merge(merged, trees.pop())
    return merged, tuple(chain)


def _text(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise _invalid(path, None, f"cannot be read: {error.strerror or error}") from None
    if len(content) > MAX_BYTES:
        raise _invalid(path, None, f"larger than {MAX_BYTES // 1024} KiB, which no environment file needs to be")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise _invalid(path, line, "not UTF-8 text; save the file as UTF-8") from None


def _invalid(path: Path, line: int | None, message: str, key: str = "") -> EnvironmentInvalid:
    return EnvironmentInvalid([Problem(shown(path), line, key, message)])


def _tree(value: object, lines: dict[KeyPath, int], file: Path, path: KeyPath, above: int) -> Node:
    line = lines.get(path, above)
    if isinstance(value, dict):
        return Node({key: _tree(item, lines, file, (*path, key), line) for key, item in value.items()}, file, line)
    if isinstance(value, list):
        return Node([_tree(item, lines, file, (*path, at), line) for at, item in enumerate(value)], file, line)
    if isinstance(value, str):
        return Node(value, file, line, raw=value)
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        raise _invalid(file, line, "a whole number that does not fit into 64 bits", dotted(path))
    assert isinstance(value, int | float | date | time)
    return Node(value, file, line)


def _take_extends(tree: Node, chain: list[Path]) -> tuple[Path | None, Node]:
    """The file that the last one of the chain extends, and its tree without that key."""
    assert isinstance(tree.value, dict)
    extends = tree.value.get("extends")
    if extends is None:
        return None, tree
    file = chain[-1]
    if not isinstance(extends.value, str) or not extends.value or "\0" in extends.value:
        raise _invalid(file, extends.line, 'wanted the path of one TOML file, such as "base.toml"', "extends")
    base = Path(os.path.normpath(file.parent / extends.value))
    real = base.resolve()
    if real in [earlier.resolve() for earlier in chain]:
        circle = " → ".join(shown(each) for each in (*chain, base))
        raise _invalid(file, extends.line, f"files extend each other in a circle: {circle}", "extends")
    if not base.is_file():
        raise _invalid(file, extends.line, f"there is no file {shown(base)}", "extends")
    return base, replace(tree, value={key: node for key, node in tree.value.items() if key != "extends"})


def _merge(base: Node, over: Node) -> Node:
    if not isinstance(base.value, dict) or not isinstance(over.value, dict):
        return over
    merged = dict(base.value)
    for key, node in over.value.items():
        merged[key] = _merge(merged[key], node) if key in merged else node
    return replace(over, value=merged)
