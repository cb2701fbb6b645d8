"""Field data: the 75th percentiles that JSON Pointers name."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.formats.field_data import percentiles

CRUX = {
    "record": {
        "metrics": {
            "largest_contentful_paint": {"percentiles": {"p75": 2213}},
            "cumulative_layout_shift": {"percentiles": {"p75": "0.05"}},
        }
    }
}


def test_the_chrome_ux_report_is_read_with_its_numbers_as_text() -> None:
    pointers = {
        "lcp_ms": "/record/metrics/largest_contentful_paint/percentiles/p75",
        "cls": "/record/metrics/cumulative_layout_shift/percentiles/p75",
        "inp_ms": "/record/metrics/interaction_to_next_paint/percentiles/p75",
    }
    assert percentiles(json.dumps(CRUX), pointers) == {"lcp_ms": 2213.0, "cls": 0.05, "inp_ms": None}


@pytest.mark.parametrize(
    "value", [True, None, "", "many", "NaN", "Infinity", -1, [], {}, "1" * 50, float("nan"), 10**60]
)
def test_what_is_no_number_of_milliseconds_is_none(value: object) -> None:
    assert percentiles(json.dumps({"p75": value}), {"x": "/p75"}) == {"x": None}


def test_pointers_reach_into_lists_and_escaped_keys() -> None:
    assert percentiles('{"a/b": [{"c~d": 5}]}', {"x": "/a~1b/0/c~0d"}) == {"x": 5.0}
    assert percentiles("[1]", {"x": "/1"}) == {"x": None}


def test_what_is_not_json_is_told() -> None:
    assert percentiles("<!doctype html>", {"x": "/p75"}) == "the answer is not JSON"


@given(st.text(), st.text(alphabet="/~01ab", max_size=20))
def test_any_text_and_pointer(text: str, pointer: str) -> None:
    assert isinstance(percentiles(text, {"x": pointer}), str | dict)
