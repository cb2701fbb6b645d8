"""Permissions-Policy as browsers read it (W3C Permissions Policy §5.2, §9.2)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

from gonogo.formats import structured_fields
from gonogo.formats.structured_fields import InnerList, Item, Member

_FEATURE_POLICY = re.compile(r"[ \t]*[a-z-]+[ \t]+(?:'[a-z]+'|\*|https?:)", re.IGNORECASE)


class Reach(StrEnum):
    """Who may use a feature."""

    EVERYONE = "everyone"
    SELF = "self"
    ORIGINS = "origins"
    """Named origins, with or without the page's own."""
    NONE = "none"
    DEFAULT = "default"
    """The header does not name the feature: its own default counts, for most of them `self`."""


@dataclass(frozen=True, slots=True)
class Allowlist:
    reach: Reach
    origins: tuple[str, ...] = ()
    """`https://app.example`, besides the page's own origin."""
    includes_self: bool = False
    report_to: str = ""
    ignored: tuple[str, ...] = ()
    """Entries that browsers skip, such as the word `none` or a text that is no origin."""


@dataclass(frozen=True, slots=True)
class PermissionsPolicy:
    features: Mapping[str, Allowlist]
    repeated: tuple[str, ...] = ()
    """Features that stand more than once: the last counts."""

    def allowed(self, feature: str) -> Reach:
        found = self.features.get(feature)
        return Reach.DEFAULT if found is None else found.reach


def parse(values: Sequence[str]) -> PermissionsPolicy | str:
    """The policy, or why there is none: one syntax error voids the whole header. Several fields are one policy."""
    repeated: list[str] = []
    members = structured_fields.dictionary(values, repeated=repeated.append)
    if isinstance(members, str):
        old = any(_FEATURE_POLICY.match(value) for value in values)
        return f"{members} (this is the syntax of the old Feature-Policy)" if old else members
    features = {name: _allowlist(member) for name, member in members.items()}
    return PermissionsPolicy(features, tuple(dict.fromkeys(repeated)))


def _allowlist(member: Member) -> Allowlist:
    entries = member.items if isinstance(member, InnerList) else (member,)
    words, origins, ignored = set(), [], []
    for entry in entries:
        word, origin = structured_fields.token(entry), _origin(entry)
        if word in {"*", "self"}:
            words.add(word)
        elif origin:
            origins.append(origin)
        else:
            ignored.append(str(entry.value)[:80])
    return Allowlist(
        reach=_reach(words, origins),
        origins=tuple(dict.fromkeys(origins)),
        includes_self="self" in words,
        report_to=structured_fields.string(member.parameters.get("report-to")),
        ignored=tuple(ignored),
    )


def _reach(words: set[str], origins: list[str]) -> Reach:
    if "*" in words:
        return Reach.EVERYONE
    if origins:
        return Reach.ORIGINS
    return Reach.SELF if "self" in words else Reach.NONE


def _origin(entry: Item) -> str:
    """Scheme, host and port of a quoted URL, or an empty text."""
    try:
        parts = urlsplit(structured_fields.string(entry.value))
        port = f":{parts.port}" if parts.port is not None else ""
        return f"{parts.scheme}://{parts.hostname}{port}" if parts.scheme and parts.hostname else ""
    except ValueError:
        return ""
