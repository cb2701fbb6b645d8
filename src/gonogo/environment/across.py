"""Rules of the linter that need no more than the file: a file that is refused is told them too."""

from __future__ import annotations

from collections.abc import Iterator

from gonogo.environment.document import Node, children, shown
from gonogo.environment.explain import found, problem
from gonogo.environment.lines import KeyPath
from gonogo.environment.shape import shape_at
from gonogo.errors import Problem

_ONCE: tuple[tuple[KeyPath, str], ...] = (
    (("site", "pages"), "path"),
    (("api", "endpoints"), "name"),
    (("databases",), "name"),
    (("load",), "name"),
    (("third_parties",), "host"),
)


def choices(tree: Node) -> Iterator[Problem]:
    """Journeys that choose in a banner, where none is declared."""
    journeys = tree.at(("journeys",))
    if tree.at(("consent",)) is not None or journeys is None:
        return
    for at, journey in children(journeys):
        path: KeyPath = ("journeys", at, "consent")
        node = journey.child("consent")
        if node is not None and node.value in ("accept", "reject"):
            message = f"found {found(node, shape_at(path))}, a choice in a banner, and there is no [consent]"
            yield problem(tree, path, f"{message}; declare it, or remove the key")


def duplicates(tree: Node) -> Iterator[Problem]:
    """What names one thing, and stands there a second time."""
    for path, key in _ONCE:
        first: dict[object, Node] = {}
        node = tree.at(path)
        for at, item in enumerate(node.value if node is not None and isinstance(node.value, list) else ()):
            named = item.child(key)
            if named is None or named.broken or not isinstance(named.value, str):
                continue
            earlier = first.setdefault(named.value, named)
            if earlier is not named:
                where = f"{shown(earlier.file)}:{earlier.line}"
                message = f"{named.raw!r} stands already at {where}; each must be there once"
                yield problem(tree, (*path, at, key), message)
