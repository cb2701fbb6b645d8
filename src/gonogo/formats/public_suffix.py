"""Which part of a host name anybody can register under (https://publicsuffix.org), from the list that is installed."""

from __future__ import annotations

from functools import cache

from publicsuffixlist import PublicSuffixList


@cache
def _suffixes() -> PublicSuffixList:
    # Reading the list takes a tenth of a second, so it waits until something asks.
    return PublicSuffixList()


def is_public(domain: str) -> bool:
    """`com`, `co.uk`, `github.io`; a name that the list does not know is judged by its last label."""
    return bool(_suffixes().is_public(domain))


def registrable(host: str) -> str | None:
    """The public suffix and one label more: `example.co.uk` of `www.example.co.uk`; None for a suffix itself."""
    found = _suffixes().privatesuffix(host)
    return str(found) if found else None
