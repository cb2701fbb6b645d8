"""The security policy of a host as its answers state it: what was sent, and what is in effect."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from gonogo.check import Card, subject_of
from gonogo.concerns.security.fixes import Changes


class Family(StrEnum):
    """Rows of a host's policy that gonogo can put into words or mend; in the order in which they are shown."""

    HSTS = "Strict-Transport-Security"
    CSP = "Content-Security-Policy"
    FRAMING = "Framing"
    CONTENT_TYPE = "Content types"
    REFERRER = "Referrer-Policy"
    PERMISSIONS = "Permissions-Policy"
    ISOLATION = "Cross-origin isolation"
    COOKIES = "Cookies"
    CORS = "CORS"
    REDIRECTS = "Redirects"
    TLS = "TLS"
    HEADERS = "Headers as a whole"
    EXPOSURE = "Exposure"


CONCERNS = frozenset({"security", "tls", "exposure"})
"""Whose checks speak of a host's security."""


def family_of(check: str, cards: Mapping[str, Card]) -> str:
    """The row that a check's rule stands in, as its card says; empty for checks of other concerns."""
    if check.partition(".")[0] not in CONCERNS:
        return ""
    card = cards.get(check)
    return card.family if card else subject_of(check)


def families(checks: Iterable[str], cards: Mapping[str, Card]) -> dict[str, str]:
    """The row of each check that has one; a card is read once, however many subjects its check has."""
    return {check: family for check in set(checks) if (family := family_of(check, cards))}


def in_order(families: Iterable[str]) -> list[str]:
    """As they are shown: those that gonogo has words for in their order, others by name before what is exposed."""
    known = list(Family)
    return sorted(set(families), key=lambda one: (known.index(Family(one)) if one in known else len(known) - 1.5, one))


@dataclass(frozen=True, slots=True)
class FamilyPolicy:
    """One family of one host. All text is what the target sent or made of it, bounded."""

    family: str
    """A `Family`, or the subject of a file of checks that has a row of its own."""
    sent: tuple[str, ...]
    """As sent, a line each; empty: absent."""
    in_effect: tuple[str, ...]
    """In words, a line each."""


@dataclass(frozen=True, slots=True)
class HostPolicy:
    """What one host sent."""

    host: str
    role: str
    """`the site`, `an alias`, `the API`, `TLS only`."""
    source: str
    """The request whose answer is shown: `GET https://www.example.org/`; empty where there is none."""
    policies: tuple[FamilyPolicy, ...]
    results: frozenset[tuple[str, str]]
    """(check, subject) of the results that speak of this host."""
    changes: Changes
