"""RateLimit and RateLimit-Policy (draft-ietf-httpapi-ratelimit-headers) and their forerunners.

The current drafts send lists: `"burst";q=100;w=60` and `"burst";r=50;t=30`. Draft 7 sent
`limit=100, remaining=50, reset=30`; the drafts before it and most servers send three plain numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gonogo.formats import structured_fields
from gonogo.formats.structured_fields import Item, Member

_CLOCK_TIME_S = 1_000_000_000
"""A reset beyond this is a Unix time (2001 or later), not a wait."""


@dataclass(frozen=True, slots=True)
class Quota:
    policy: str
    """Its name; empty in the older forms."""
    limit: int | None = None
    """Quota units, by default requests, in one window."""
    window_s: int | None = None
    remaining: int | None = None
    reset_s: int | None = None
    """Seconds until the quota is full again."""


def policies(values: Sequence[str]) -> tuple[Quota, ...] | str:
    """The quotas that RateLimit-Policy announces, or why it is malformed (clients then ignore it).

    Also reads the older `100;w=60`, whose item is the limit itself.
    """
    members = structured_fields.members(values)
    if isinstance(members, str):
        return members
    found = []
    for member in members:
        quota = _policy(member)
        if isinstance(quota, str):
            return quota
        found.append(quota)
    return tuple(found) or "empty"


def limits(values: Sequence[str]) -> tuple[Quota, ...] | str:
    """What RateLimit says is left, or why it is malformed. Also reads draft 7's `limit=, remaining=, reset=`."""
    older = structured_fields.dictionary(values)
    if isinstance(older, dict) and "remaining" in older:
        return _of_dictionary(older)
    members = structured_fields.members(values)
    if isinstance(members, str):
        return members
    found = []
    for member in members:
        quota = _left(member)
        if isinstance(quota, str):
            return quota
        found.append(quota)
    return tuple(found) or "empty"


def triple(limit: Sequence[str], remaining: Sequence[str], reset: Sequence[str]) -> Quota | str:
    """The quota of RateLimit-Limit, -Remaining and -Reset (or their X- forms), or why one of them is malformed.

    RateLimit-Limit may go on after a comma with policies such as `100;w=60`; the first number counts.
    """
    numbers = []
    for name, values in (("Limit", limit), ("Remaining", remaining), ("Reset", reset)):
        text = values[0].split(",", 1)[0].strip(" \t")[:19] if values else "absent"
        if not (text.isascii() and text.isdigit()):
            return f"RateLimit-{name}: {text!r} is not a whole number"
        numbers.append(int(text))
    if numbers[2] >= _CLOCK_TIME_S:
        return f"RateLimit-Reset: {numbers[2]} is a clock time, wanted seconds to wait"
    return Quota("", limit=numbers[0], remaining=numbers[1], reset_s=numbers[2])


def _policy(member: Member) -> Quota | str:
    name = _name(member)
    if not isinstance(member, Item) or name is None:
        return "a policy without a name"
    window = _number(member, "w")
    if isinstance(window, str):
        return window
    quota = structured_fields.natural(member.value)
    if quota is not None:
        return Quota("", limit=quota, window_s=window)
    quota = structured_fields.natural(member.parameters.get("q"))
    return f"policy {name[:40]!r} without a whole number q" if quota is None else Quota(name, quota, window)


def _left(member: Member) -> Quota | str:
    name = _name(member)
    if not isinstance(member, Item) or not name:
        return "a limit without a policy's name"
    remaining = structured_fields.natural(member.parameters.get("r"))
    if remaining is None:
        return f"limit {name[:40]!r} without a whole number r"
    reset = _number(member, "t")
    return reset if isinstance(reset, str) else Quota(name, remaining=remaining, reset_s=reset)


def _of_dictionary(members: dict[str, Member]) -> tuple[Quota, ...] | str:
    numbers: dict[str, int] = {}
    for key in ("limit", "remaining", "reset"):
        member = members.get(key)
        number = structured_fields.natural(member.value) if isinstance(member, Item) else None
        if number is None:
            return f"{key} is not a whole number"
        numbers[key] = number
    return (Quota("", limit=numbers["limit"], remaining=numbers["remaining"], reset_s=numbers["reset"]),)


def _name(member: Member) -> str | None:
    """A quoted name (a bare word in earlier drafts); empty for the oldest form, whose item is the limit."""
    if not isinstance(member, Item):
        return None
    if structured_fields.natural(member.value) is not None:
        return ""
    return structured_fields.string(member.value) or structured_fields.token(member) or None


def _number(member: Item, key: str) -> int | str | None:
    """An optional parameter: None when absent, words when it is not a whole number."""
    if key not in member.parameters:
        return None
    number = structured_fields.natural(member.parameters[key])
    return f"{key}={str(member.parameters[key])[:40]!r} is not a whole number" if number is None else number
