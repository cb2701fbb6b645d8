"""The public suffix list read in parts says what the library says with the whole list."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from publicsuffixlist import PSLFILE, PublicSuffixList

from gonogo.formats.public_suffix import is_public, registrable

WHOLE = PublicSuffixList()


def _same(name: str) -> None:
    assert is_public(name) == WHOLE.is_public(name), name
    assert registrable(name) == (WHOLE.privatesuffix(name) or None), name


def test_every_tenth_rule_and_names_below_it() -> None:
    with Path(PSLFILE).open(encoding="utf-8") as file:
        rules = [line.split()[0].strip("!*.") for line in file if line.strip() and not line.startswith("//")]
    for rule in (*rules[::10], "ck", "www.ck", "a.ck", "kawasaki.jp", "city.kawasaki.jp"):
        for name in (rule, f"a.{rule}", f"b.a.{rule}"):
            _same(name)
            _same(name.encode("idna").decode())


@pytest.mark.parametrize("name", ["", ".", "com.", ".com", "a..com", "EXAMPLE.Com", "localhost", "a.b.unknown", "ß.de"])
def test_odd_names(name: str) -> None:
    _same(name)


@given(
    st.text(alphabet="ab.-é中", max_size=20), st.sampled_from(["", "com", "co.uk", "github.io", "中国", "xn--fiqs8s"])
)
def test_any_name(head: str, ending: str) -> None:
    _same(f"{head}.{ending}")
