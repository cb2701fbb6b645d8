"""Which part of a host name anybody can register under (https://publicsuffix.org), from the list that is installed."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from publicsuffixlist import PublicSuffixList


@cache
def _rules() -> dict[str, list[str]]:
    """The list's rules by their last label; to read the whole list as rules takes a tenth of a second."""
    text = files("publicsuffixlist").joinpath("public_suffix_list.dat").read_text(encoding="utf-8")
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        if line.strip() and line[0] != "/":
            rule = line.split()[0]
            found.setdefault(rule.rpartition(".")[2], []).append(rule)
    return found


@cache
def _whole() -> PublicSuffixList:
    return PublicSuffixList()


@cache
def _below(ending: str) -> PublicSuffixList:
    return PublicSuffixList(_rules()[ending])


@cache
def _none() -> PublicSuffixList:
    return PublicSuffixList([])


def _suffixes(host: str) -> PublicSuffixList:
    ending = host.rpartition(".")[2].lower()
    # Rules of other scripts stand in the list as written, and names carry them encoded too.
    if not ending.isascii() or ending.startswith("xn--"):
        return _whole()
    return _below(ending) if ending in _rules() else _none()


def is_public(domain: str) -> bool:
    """`com`, `co.uk`, `github.io`; a name that the list does not know is judged by its last label."""
    return bool(_suffixes(domain).is_public(domain))


def registrable(host: str) -> str | None:
    """The public suffix and one label more: `example.co.uk` of `www.example.co.uk`; None for a suffix itself."""
    found = _suffixes(host).privatesuffix(host)
    return str(found) if found else None
