"""Set-Cookie as browsers store it (RFC 6265bis §5.6)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime


@dataclass(frozen=True, slots=True)
class Cookie:
    name: str
    value: str
    secure: bool
    http_only: bool
    same_site: str
    """`Strict`, `Lax` or `None` as sent, or an empty text when absent or not one of them."""
    domain: str
    path: str
    deletes: bool
    """The header removes the cookie: Max-Age of zero or less, or an Expires in the past."""


def parse(value: str, *, at: datetime) -> Cookie | None:
    """One Set-Cookie field, or None where a browser ignores it. `at` decides what has expired.

    Of an attribute given twice the last counts (§5.6, processed in order into one list).
    """
    if any((ord(character) < 32 and character != "\t") or ord(character) == 127 for character in value):
        return None
    pair, *attributes = value.split(";")
    name, separator, content = pair.partition("=")
    if not separator:
        name, content = "", pair
    name, content = name.strip(" \t"), content.strip(" \t")
    if (not name and not content) or len(name) + len(content) > 4096:
        return None
    said: dict[str, str] = {}
    for attribute in attributes:
        key, _, text = attribute.partition("=")
        said[key.strip(" \t").lower()] = text.strip(" \t")
    same_site = {"strict": "Strict", "lax": "Lax", "none": "None"}.get(said.get("samesite", "").lower(), "")
    return Cookie(
        name=name,
        value=content,
        secure="secure" in said,
        http_only="httponly" in said,
        same_site=same_site,
        domain=said.get("domain", "").lstrip(".").lower(),
        path=said.get("path", ""),
        deletes=_deletes(said, at),
    )


def _deletes(said: dict[str, str], at: datetime) -> bool:
    age = said.get("max-age", "")
    if age.lstrip("-").isdigit() and age.isascii():
        return age.startswith("-") or int(age[:18]) == 0
    if "expires" not in said:
        return False
    try:
        expires = parsedate_to_datetime(said["expires"])
    except (ValueError, TypeError, OverflowError, IndexError):
        return False
    if expires.tzinfo is None:
        expires = expires.replace(tzinfo=UTC)
    try:
        return expires <= at - timedelta(seconds=0)
    except OverflowError:
        return False


def parse_all(values: Iterable[str], *, at: datetime) -> tuple[Cookie, ...]:
    """Every cookie that a browser would take or delete."""
    return tuple(cookie for value in values if (cookie := parse(value, at=at)) is not None)
