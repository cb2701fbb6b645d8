"""Rules of autoconsent: which of them are kept for a page."""

from __future__ import annotations

import json
from typing import Any

import pytest
from duckduckgo_autoconsent import rules_json

from gonogo.formats.autoconsent import rules_for

PAGE = "https://shop.example/"


def rule(**fields: Any) -> dict[str, Any]:
    seen = [{"visible": "#banner"}]
    return {"name": "r", "detectCmp": seen, "detectPopup": seen, "optIn": [], "optOut": [], **fields}


def kept(*given: Any, url: str = PAGE) -> list[str]:
    return [one["name"] for one in rules_for(json.dumps(given), url)]


def test_the_rules_of_the_package_are_understood() -> None:
    """A page of no particular site keeps the general ones; few need a script to be recognised."""
    general = rules_for(rules_json(), PAGE)
    names = {one["name"] for one in general}
    assert {"cookieconsent3", "tarteaucitron deny", "iubenda", "Termly"} <= names
    assert 250 < len(general) < len(json.loads(rules_json()))


@pytest.mark.parametrize(
    ("context", "url", "wanted"),
    [
        (None, PAGE, True),
        ({"urlPattern": r"^https?://(www\.)?shop\.example/"}, PAGE, True),
        ({"urlPattern": r"^https?://(www\.)?shop\.example/"}, "https://other.example/", False),
        ({"urlPattern": r"^https?://cmp\.example/", "frame": True}, PAGE, True),
        ({"urlPattern": "("}, PAGE, False),
    ],
)
def test_a_rule_is_kept_where_it_may_hold(context: dict[str, Any] | None, url: str, wanted: bool) -> None:
    assert bool(kept(rule(runContext=context), url=url)) is wanted


@pytest.mark.parametrize(
    "fields",
    [
        {"detectCmp": [{"eval": "EVAL_1"}]},
        {"detectPopup": [{"eval": "EVAL_1"}]},
        {"detectPopup": []},
        {"intermediate": True},
    ],
    ids=["known by a script", "shown by a script", "shown by nothing", "a step before the banner"],
)
def test_a_rule_that_a_finder_cannot_use_is_left_out(fields: dict[str, Any]) -> None:
    assert kept(rule(**fields), rule(name="other")) == ["other"]


@pytest.mark.parametrize(
    "text", ["", "{", "{}", "3", "[3]", "[{}]", '[{"name": "x", "detectCmp": "y"}]', json.dumps([rule(optIn=["x"])])]
)
def test_what_is_no_list_of_rules_is_told(text: str) -> None:
    with pytest.raises(ValueError, match="not a list of objects with name"):
        rules_for(text, PAGE)
