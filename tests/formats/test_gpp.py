"""GPP strings; those in full were made with the IAB's own encoder (@iabgpp/cmpapi 3.2.0)."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.formats import gpp, tcf
from gonogo.formats.gpp import GppString, OptOut, opt_outs

STATES = [
    ("usnat", 7, "DBABLA~CAAZAAAAAABA.QA"),
    ("usca", 8, "DBABBg~BAYAAABA.QA"),
    ("usva", 9, "DBABRg~BAYAABA"),
    ("usco", 10, "DBABJg~BAYAAEA.QA"),
    ("usut", 11, "DBABFg~BAGAAAQA"),
    ("usct", 12, "DBABVg~BAYAAAEA.QA"),
    ("usfl", 13, "DBABAw~BAYAAABA"),
    ("usmt", 14, "DBABQw~BAYAAABA.QA"),
    ("usor", 15, "DBABIw~BAYAAAABAA.QA"),
    ("ustx", 16, "DBABEw~BAYAAAQA.QA"),
    ("usde", 17, "DBABUw~BAYAAAABAA.QA"),
    ("usia", 18, "DBABCw~BAGAAAQA.QA"),
    ("usne", 19, "DBABSw~BAYAAAQA.QA"),
    ("usnh", 20, "DBABKw~BAYAAABA.QA"),
    ("usnj", 21, "DBABAYA~BAYAAAAAQA.QA"),
    ("ustn", 22, "DBABQYA~BAYAAAQA.QA"),
    ("usmn", 23, "DBABIYA~BAYAAAQA.QA"),
    ("usmd", 24, "DBABEYA~BQBg.QA"),
    ("usin", 25, "DBABUYA~BQBg.AAA"),
    ("usky", 26, "DBABCYA~BQBg.AAA"),
    ("usri", 27, "DBABSYA~BQBg.AAA"),
]
"""Opted out of the first (sale), not of the second."""


def read(text: str) -> GppString:
    string = gpp.parse(text)
    assert isinstance(string, GppString), string
    return string


@pytest.mark.parametrize(("name", "number", "text"), STATES, ids=[name for name, _, _ in STATES])
def test_opt_outs_of_every_state_are_read(name: str, number: int, text: str) -> None:
    string = read(text)
    assert [one for one, _ in string.sections] == [number]
    told, unread = opt_outs(string)
    assert unread == []
    second = "opt-out of sharing" if name in {"usnat", "usca"} else "opt-out of targeted advertising"
    assert [(one.section, one.what, one.state) for one in told][:2] == [
        (name, "opt-out of sale", "yes"),
        (name, second, "no"),
    ]


def states(text: str) -> dict[str, str]:
    told, unread = opt_outs(read(text))
    assert unread == []
    return {one.what: one.state for one in told}


def test_the_signal_of_global_privacy_control_is_read() -> None:
    three = ("opt-out of sale", "opt-out of sharing", "opt-out of targeted advertising")
    assert states("DBABLA~CAAVAAAAAABA.YA") == dict.fromkeys((*three, "Global Privacy Control"), "yes")
    assert states("DBABLA~CAAqAAAAAABA.QA") == dict.fromkeys((*three, "Global Privacy Control"), "no")
    assert "Global Privacy Control" not in states("DBABLA~CAAQAAAAAABA")


def test_the_first_version_of_usnat_has_the_same_places() -> None:
    """A six-bit version in front; the lists that became longer come behind."""
    second = "CAAVAAAAAABA"
    assert states(f"DBABLA~B{second[1:]}") == states(f"DBABLA~{second}")


@pytest.mark.parametrize(
    ("text", "state"),
    [("1YNN", "no"), ("1YYN", "yes"), ("1---", "not applicable")],
)
def test_the_us_privacy_string_is_read(text: str, state: str) -> None:
    assert opt_outs(read(f"DBABTA~{text}")) == ([OptOut("uspv1", "opt-out of sale", state)], [])


def test_a_range_of_sections_is_read() -> None:
    string = read("DBACztTA~1YYN~CAAQAAAAAABA.QA~BAQAAABA.QA~BAQAABA~BAQAAEA.QA~BQBA.AAA")
    assert [number for number, _ in string.sections] == [6, 7, 8, 9, 10, 27]
    assert {one.section for one in opt_outs(string)[0]} == {"uspv1", "usnat", "usca", "usva", "usco", "usri"}


def test_the_specifications_own_example() -> None:
    string = read("DBACNYA~CPXxRfAPXxRfAAfKABENB-CgAAAAAAAAAAYgAAAAAAAA~1YNN")
    assert string.section(gpp.TCF_EU).startswith("CPXx")
    assert string.section(6) == "1YNN"
    assert string.section(7) == ""


def test_the_tc_string_of_section_2_is_one() -> None:
    core = tcf.parse(read("DBABMA~CQuCLYAQuCLYAAfAAAENAAFgAMAAAAAAAAAAAAAAAAAA.IAAA.YAAAAAAAAAAA").section(gpp.TCF_EU))
    assert isinstance(core, tcf.TcString)
    assert (core.cmp_id, core.purposes) == (31, {1, 2})


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "ends 6 bits early"),
        ("CPXxRfAPXxRfAAfKABENB-CgAAAAAAAAAAYgAAAAAAAA", "its type is 2, wanted 3"),
        ("DCAA", "its version is 2, wanted 1"),
        ("DBABMA", "names 1 sections, and 0 follow"),
        ("DBAA~1YNN", "names 0 sections, and 1 follow"),
        ("DBABLA=~x", "'=' is not base64url"),
        ("DBABAAAA", "ends"),
        ("D" * 20_000, "20000 characters"),
    ],
)
def test_what_is_no_gpp_string_says_why(text: str, why: str) -> None:
    found = gpp.parse(text)
    assert isinstance(found, str)
    assert why in found


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("DBABLA~", "section 7 (usnat): it ends 6 bits early"),
        ("DBABLA~DAAVAAAAAABA", "section 7 (usnat): its version is 3, wanted 1 or 2"),
        ("DBABBg~B?", "section 8 (usca): '?' is not base64url"),
        ("DBABTA~2YNN", "section 6 (uspv1): not `1` and three of Y, N and -"),
    ],
)
def test_a_section_that_cannot_be_read_says_why(text: str, why: str) -> None:
    assert opt_outs(read(text)) == ([], [why])


# --- any header, by an encoder of our own ---


def fibonacci(number: int) -> str:
    worths = [1, 2]
    while worths[-1] <= number:
        worths.append(worths[-1] + worths[-2])
    bits = ""
    for worth in reversed(worths):
        bits = ("1" if worth <= number else "0") + bits
        number -= worth if worth <= number else 0
    return bits.rstrip("0") + "1"


def header(numbers: Sequence[int], *, ranges: bool) -> str:
    groups: list[list[int]] = []
    for number in numbers:
        if ranges and groups and number == groups[-1][-1] + 1:
            groups[-1].append(number)
        else:
            groups.append([number])
    bits, before = f"{3:06b}{1:06b}{len(groups):012b}", 0
    for group in groups:
        bits += f"{int(len(group) > 1)}{fibonacci(group[0] - before)}"
        bits += fibonacci(group[-1] - group[0]) if len(group) > 1 else ""
        before = group[-1]
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    bits += "0" * (-len(bits) % 6)
    return "".join(alphabet[int(bits[at : at + 6], 2)] for at in range(0, len(bits), 6))


@given(st.sets(st.integers(1, 300), max_size=40).map(sorted), st.booleans())
def test_every_header_is_read(numbers: list[int], ranges: bool) -> None:
    text = "~".join([header(numbers, ranges=ranges), *(f"s{number}" for number in numbers)])
    assert read(text).sections == tuple((number, f"s{number}") for number in numbers)


@given(st.text(max_size=300) | st.text(alphabet="ABDMYgz0-_~.1N", max_size=100).map("DB".__add__))
def test_any_text_is_read(text: str) -> None:
    string = gpp.parse(text)
    if isinstance(string, GppString):
        opt_outs(string)
