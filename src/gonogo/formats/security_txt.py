"""security.txt (RFC 9116): whom to tell of a vulnerability."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

LIMIT = 32_768
"""Characters: a longer file is refused, as RFC 9116 §5.4 lets readers do."""
LONGEST_VALIDITY = timedelta(days=366)
"""RFC 9116 §2.5.5 recommends that Expires lie less than a year ahead."""

_FIELD = re.compile(r"([!-9;-~]++)[ \t]*+:[ \t]*+([^\r]*+)")
_DATE_TIME = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.\d+)?(?:[Zz]|([+-])(\d\d):(\d\d))", re.ASCII
)
_SIGNED = "-----BEGIN PGP SIGNED MESSAGE-----"
_SIGNATURE = "-----BEGIN PGP SIGNATURE-----"
_END = "-----END PGP SIGNATURE-----"
_ONCE = ("expires", "preferred-languages")
_SCHEMES = {
    "contact": ("mailto", "https", "tel"),
    "encryption": ("https", "dns", "openpgp4fpr"),
    "acknowledgments": ("https",),
    "canonical": ("https",),
    "csaf": ("https",),
    "hiring": ("https",),
    "policy": ("https",),
}
"""What a field's address begins with (§2.5.1 to §2.5.8); plain http is forbidden."""


@dataclass(frozen=True, slots=True)
class SecurityTxt:
    fields: tuple[tuple[str, str], ...]
    """Name in lower case and value, in the order they stand."""
    expires: datetime | None
    """In UTC; None when absent, repeated or no RFC 3339 date."""
    signed: bool
    """It is an OpenPGP cleartext message; the signature itself is not verified."""
    problems: tuple[str, ...]
    """What breaks RFC 9116, one line each."""
    remarks: tuple[str, ...] = ()
    """What RFC 9116 advises against."""

    def values(self, name: str) -> tuple[str, ...]:
        return tuple(value for key, value in self.fields if key == name.lower())


def parse(text: str, *, at: datetime) -> SecurityTxt:
    """The file's fields and all that is wrong with it. `at` (aware) decides whether it has expired."""
    if len(text) > LIMIT:
        return SecurityTxt((), None, False, (f"longer than {LIMIT} characters",))
    lines, signed, problems = _unsigned(text)
    fields = []
    for line in lines:
        if not line.strip(" \t") or line.startswith("#"):
            continue
        match = _FIELD.fullmatch(line)
        if match is None:
            problems.append(f"neither a field nor a comment: {line[:60]!r}")
        else:
            fields.append((match[1].lower(), match[2].rstrip(" \t")))
    expires, troubles, remarks = _expires([value for name, value in fields if name == "expires"], at)
    problems += [f"{name} stands more than once" for name in _ONCE if sum(each == name for each, _ in fields) > 1]
    if not any(name == "contact" for name, _ in fields):
        problems.append("without Contact")
    problems += troubles + _addresses(fields)
    return SecurityTxt(tuple(fields), expires, signed, tuple(problems), tuple(remarks))


def _unsigned(text: str) -> tuple[list[str], bool, list[str]]:
    """The lines without the OpenPGP armour (RFC 9580 §7), whether there was one, and what is wrong with it.

    Lines end with LF or CRLF (RFC 9116 §2.2).
    """
    problems = ["begins with a byte order mark"] if text.startswith("\ufeff") else []
    lines = [line.removesuffix("\r") for line in text.removeprefix("\ufeff").split("\n")]
    if lines[0].rstrip(" \t") != _SIGNED:
        return lines, False, problems
    ends = [line.rstrip(" \t") for line in lines]
    begin = ends.index("") + 1 if "" in ends else len(ends)
    end = ends.index(_SIGNATURE) if _SIGNATURE in ends else len(ends)
    if end == len(ends) or _END not in ends[end:]:
        problems.append("the PGP signature is cut off")
    return [line.removeprefix("- ") for line in lines[begin:end]], True, problems


def _expires(values: list[str], at: datetime) -> tuple[datetime | None, list[str], list[str]]:
    """The date, problems and remarks of Expires (§2.5.5)."""
    if not values:
        return None, ["without Expires"], []
    if len(values) > 1:
        return None, [], []
    expires = date_time(values[0])
    if expires is None:
        return None, [f"Expires {values[0][:40]!r} is not an RFC 3339 date and time"], []
    if expires <= at:
        return expires, [f"expired on {expires:%Y-%m-%d}"], []
    late = expires - at > LONGEST_VALIDITY
    return expires, [], [f"expires on {expires:%Y-%m-%d}, more than a year ahead"] if late else []


def date_time(text: str) -> datetime | None:
    """An RFC 3339 date and time in UTC, whole seconds, or None. A leap second counts as the one before."""
    match = _DATE_TIME.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour, minute, second = (int(match[index]) for index in range(1, 7))
    offset = timedelta(hours=int(match[8] or 0), minutes=int(match[9] or 0))
    if offset >= timedelta(days=1) or int(match[9] or 0) > 59:
        return None
    try:
        local = datetime(year, month, day, hour, minute, 59 if second == 60 else second, tzinfo=UTC)
        return local + offset if match[7] == "-" else local - offset
    except (ValueError, OverflowError):
        return None


def _addresses(fields: list[tuple[str, str]]) -> list[str]:
    return [
        f"{name.capitalize()} {value[:60]!r} does not begin with {': or '.join(_SCHEMES[name])}:"
        for name, value in fields
        if name in _SCHEMES and _scheme(value) not in _SCHEMES[name]
    ]


def _scheme(value: str) -> str:
    """The scheme of an absolute URI with something after it, or an empty text."""
    try:
        parts = urlsplit(value)
    except ValueError:
        return ""
    blank = any(character in value for character in ' \t<>"')
    return parts.scheme if (parts.netloc or parts.path) and not blank else ""
