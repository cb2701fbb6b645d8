"""budget.json of Lighthouse CI, from text to budgets or to every flaw with its line."""

from __future__ import annotations

import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gonogo.formats.budgets import METRICS, Budget, Flaw, lines, matches, parse

WHOLE = """[
  {
    "path": "/*",
    "timings": [
      {"metric": "largest-contentful-paint", "budget": 2000},
      {"metric": "cumulative-layout-shift", "budget": 0.05}
    ],
    "resourceSizes": [
      {"resourceType": "script", "budget": 125},
      {"resourceType": "third-party", "budget": 0.5},
      {"resourceType": "total", "budget": 300}
    ],
    "resourceCounts": [{"resourceType": "third-party", "budget": 10}]
  },
  {"path": "/shop$"}
]"""


def test_sizes_are_kilobytes_of_1024_bytes() -> None:
    assert parse(WHOLE) == (
        Budget(
            "/*",
            (("lcp_ms", 2000.0), ("cls", 0.05)),
            (("script", 128_000), ("third-party", 512), ("total", 307_200)),
            (("third-party", 10),),
        ),
        Budget("/shop$", (), (), ()),
    )


@pytest.mark.parametrize(
    ("text", "flaws"),
    [
        ("", [(1, "", "this is not JSON")]),
        ('[\n{"path": }]', [(2, "", "this is not JSON")]),
        ("{}", [(1, "", "wanted a list of 1 to 200 budgets")]),
        ("[]", [(1, "", "wanted a list of 1 to 200 budgets")]),
        ("[\n 5]", [(2, "[0]", "wanted an object")]),
        ('[{"path": "shop"}]', [(1, "[0].path", "wanted a path that begins with '/'")]),
        (
            '[{\n"option": {}}]',
            [(2, "[0].option", "unknown key; known here: path, timings, resourceSizes, resourceCounts")],
        ),
        ('[{"timings": {}}]', [(1, "[0].timings", "wanted a list")]),
        (
            '[{"resourceSizes": [\n{"resourceType": "script", "budget": 5},\n{"resourceType": "wasm",\n "budget": 5}]}]',
            [
                (
                    3,
                    "[0].resourceSizes[1].resourceType",
                    'found "wasm"; measured here: document, script, stylesheet, image, font, media, other, third-party, total',
                )
            ],
        ),
        (
            '[{"resourceCounts": [{"resourceType": "font",\n"budget": "5"},\n7]}]',
            [
                (2, "[0].resourceCounts[0].budget", 'found "5"; wanted a number that is not negative'),
                (3, "[0].resourceCounts[1]", "wanted an object"),
            ],
        ),
    ],
)
def test_every_flaw_is_told_with_its_line_and_key(text: str, flaws: list[tuple[int, str, str]]) -> None:
    assert parse(text) == tuple(Flaw(*flaw) for flaw in flaws)


def test_only_what_a_page_may_lack_can_be_limited_to_nothing() -> None:
    rows = ",\n".join(f'{{"metric": "{name}", "budget": 0}}' for name in METRICS)
    flaws = [one for one in parse(f'[{{"timings": [{rows}]}}]') if isinstance(one, Flaw)]
    assert [(one.line, one.message) for one in flaws] == [
        (line, "found 0; wanted more than 0") for line in (1, 2, 5, 6)
    ]


def test_a_metric_that_is_not_measured_is_a_flaw_and_never_dropped() -> None:
    (flaw,) = parse('[{"timings": [{"metric": "interactive", "budget": 5000}]}]')
    assert isinstance(flaw, Flaw)
    assert flaw.key == "[0].timings[0].metric"
    assert "largest-contentful-paint" in flaw.message


@pytest.mark.parametrize(
    ("pattern", "path", "wanted"),
    [
        ("/", "/shop", True),
        ("/*", "/", True),
        ("/shop", "/shop/cart", True),
        ("/shop$", "/shop/cart", False),
        ("/shop$", "/shop", True),
        ("/*/cart", "/shop/cart/2", True),
        ("/*/cart$", "/shop/cart/2", False),
        ("*.php$", "/a.php", True),
        ("/a*a$", "/a", False),
        ("/a*b*c", "/a-c-b", False),
        ("/a*b*c", "/a-b-c-d", True),
        ("/b", "/a/b", False),
    ],
)
def test_paths_are_matched_as_in_robots_txt(pattern: str, path: str, wanted: bool) -> None:
    assert matches(pattern, path) is wanted


def test_lines_are_those_of_each_value() -> None:
    assert lines('[\n{"a": [1,\n2],\n"b": "x,:{"}]')[0, "a", 1] == 3
    assert lines('[\n{"a": [1,\n2],\n"b": "x,:{"}]')[0, "b"] == 4


@example('"\\0":')
@given(st.text() | st.text(alphabet='[]{}",:\\ \n0ab', max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    assert isinstance(parse(text), tuple)
    lines(text)


@given(st.text(alphabet="/*$ab", max_size=30), st.text(alphabet="/ab", max_size=30))
def test_any_pattern_is_matched_or_not(pattern: str, path: str) -> None:
    assert matches(pattern, path) in {True, False}


def test_hostile_patterns_and_texts_take_no_longer_than_their_length() -> None:
    began = time.monotonic()
    matches("/*a" * 5000 + "$", "/" + "a" * 20_000)
    parse("[" * 100_000)
    parse('[{"path": "/", "x' + '\\"' * 100_000)
    assert time.monotonic() - began < 2
