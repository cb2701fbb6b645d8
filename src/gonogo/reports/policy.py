"""The security policy of a host as its answers state it: what was sent, and what is in effect."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from gonogo.reports.fixes import Changes


class Family(StrEnum):
    """One row of a host's policy; in the order in which they are shown."""

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


_PREFIXES: tuple[tuple[str, Family], ...] = (
    ("security.hsts.", Family.HSTS),
    ("security.preload.", Family.HSTS),
    ("security.csp.frame-ancestors", Family.FRAMING),
    ("security.csp.", Family.CSP),
    ("security.integrity.", Family.CSP),
    ("security.framing.", Family.FRAMING),
    ("security.content-type", Family.CONTENT_TYPE),
    ("security.referrer-policy.", Family.REFERRER),
    ("security.permissions-policy.", Family.PERMISSIONS),
    ("security.cross-origin.", Family.ISOLATION),
    ("security.cookies.", Family.COOKIES),
    ("security.cors.", Family.CORS),
    ("security.https.", Family.REDIRECTS),
    ("security.open-redirects.", Family.REDIRECTS),
    ("security.server.", Family.HEADERS),
    ("security.header-fields.", Family.HEADERS),
    ("security.coverage.", Family.HEADERS),
    ("tls.", Family.TLS),
    ("exposure.", Family.EXPOSURE),
    ("security.", Family.EXPOSURE),
)
"""The first that a check's id begins with counts."""


def family_of(check: str) -> Family | None:
    """The row that a check's rule stands in; None for checks of other concerns."""
    return next((family for prefix, family in _PREFIXES if check.startswith(prefix)), None)


@dataclass(frozen=True, slots=True)
class FamilyPolicy:
    """One family of one host. All text is what the target sent or made of it, bounded."""

    family: Family
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
