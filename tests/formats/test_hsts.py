"""Strict-Transport-Security: the vectors of Chromium's and Firefox's own tests, and this project's."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gonogo.formats import hsts

VECTORS = Path(__file__).parent / "vectors"
CHROMIUM_CAP_S = 31_536_000
"""Chromium cuts max-age to one year; `Hsts.max_age` tells what was sent."""

FOLDED = """Firefox takes a folded line for white space, as RFC 6797 §6.1 does; Chromium finds no token there.
Followed Firefox's vector: clients refuse folded fields before they get here."""
NO_VALUE = """Chromium voids the field, as RFC 6797 §6.1 wants a value after the equals sign; Firefox has no vector for it.
Followed Chromium."""
DIFFERENCES = {"\r\n max-age=1": (True, FOLDED), "max-age=1; unknown=": (False, NO_VALUE)}
"""Where only one of the browsers' tests speaks: whether the field is in force here, and why."""


def _rows(name: str) -> list[tuple[str, str, list[int] | None]]:
    return [(group, value, wanted) for group, value, wanted in json.loads((VECTORS / name).read_text())]


@pytest.mark.parametrize(("group", "value", "wanted"), _rows("hsts_chromium.json"), ids=range(117))
def test_chromium_agrees(group: str, value: str, wanted: list[int] | None) -> None:
    found = hsts.parse([value])
    seen = None if isinstance(found, str) else [min(found.max_age, CHROMIUM_CAP_S), found.include_subdomains]
    assert seen == wanted, group


@pytest.mark.parametrize(("group", "value", "wanted"), _rows("hsts_firefox.json"), ids=range(51))
def test_firefox_agrees(group: str, value: str, wanted: list[int] | None) -> None:
    found = hsts.parse([value])
    assert (None if isinstance(found, str) else [found.max_age, found.include_subdomains]) == wanted, group


@pytest.mark.parametrize(("value", "valid"), [(value, valid) for value, (valid, _) in DIFFERENCES.items()])
def test_differences_between_browsers(value: str, valid: bool) -> None:
    assert isinstance(hsts.parse([value]), hsts.Hsts) is valid


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        (["max-age=31536000; includeSubDomains; preload"], hsts.Hsts(31536000, True, True)),
        (["max-age=1; unknown=yes"], hsts.Hsts(1, False, False, ("unknown",))),
        (["max-age=1; includeSubdomain"], hsts.Hsts(1, False, False, ("includesubdomain",))),
        (["max-age=1; preload; preload"], hsts.Hsts(1, False, True)),
        (["max-age=1; preload=yes"], hsts.Hsts(1, False, False)),
        (["max-age=60", "max-age=31536000"], hsts.Hsts(60, False, False)),
        (['max-age="6\\0"'], hsts.Hsts(60, False, False)),
        (["max-age=" + "0" * 30 + "60"], hsts.Hsts(60, False, False)),
        (["max-age=" + "9" * 5000], hsts.Hsts(10**18 - 1, False, False)),
    ],
)
def test_in_force(values: list[str], wanted: hsts.Hsts) -> None:
    assert hsts.parse(values) == wanted


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ([], "absent"),
        (["includeSubDomains"], "without max-age"),
        (["", "max-age=1"], "without max-age"),
        (["max-age=1; max-age=2"], "max-age stands twice"),
        (["max-age=1; includeSubDomains; includesubdomains"], "includesubdomains stands twice"),
        (["max-age=1; includeSubDomains=1"], "has a value"),
        (["max-age=-1"], "not a number"),
        (["max-age=1e9"], "not a number"),
        (['max-age=""'], "not a number"),
        (["max-age=\u0661"], "not a list of directives"),
        (['max-age="\u0661"'], "not a number"),
        (["max-age"], "without max-age"),
        (["max-age=1, max-age=2"], "not a list of directives"),
        (['max-age="1'], "not a list of directives"),
        (["\n"], "not a list of directives"),
        (["max-age=1;\n"], "not a list of directives"),
        (["max-age=1" + ";" * hsts.LIMIT], "longer than"),
    ],
)
def test_void(values: list[str], why: str) -> None:
    found = hsts.parse(values)
    assert isinstance(found, str)
    assert why in found


def test_several() -> None:
    assert hsts.several(["max-age=1", "max-age=1"])
    assert not hsts.several(["max-age=1, max-age=1"])
    assert not hsts.several([])
