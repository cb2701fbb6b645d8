"""`${NAME}` in texts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.environment.interpolate import (
    Reference,
    did_you_mean,
    escape,
    interpolate,
    is_one_reference,
    literal_part,
    references,
)

texts = st.text(st.characters(exclude_categories=["Cs"]))
names = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True)


def fill(text: str, **values: str) -> str:
    filled = interpolate(text, values.get, hint=lambda name: f"set {name}")
    assert filled.faults == ()
    return filled.text


def faults(text: str, **values: str) -> tuple[str, ...]:
    return interpolate(text, values.get, hint=lambda name: f"set {name}").faults


@given(texts)
def test_an_escaped_text_comes_back(text: str) -> None:
    assert fill(escape(text)) == text
    assert references(escape(text)) == ()


@given(st.lists(st.tuples(texts, names, texts.filter(bool)), max_size=5), texts)
def test_values_are_put_in_as_they_are(parts: list[tuple[str, str, str]], end: str) -> None:
    """Whatever a value holds, `${OTHER}` included, it arrives unchanged, between what stood round it."""
    values = {name: value for _, name, value in parts}
    text = "".join(f"{escape(before)}${{{name}}}" for before, name, _ in parts) + escape(end)
    assert fill(text, **values) == "".join(before + values[name] for before, name, _ in parts) + end


@given(names, texts.filter(lambda text: "}" not in text))
def test_a_default_is_taken_for_unset_and_empty(name: str, default: str) -> None:
    text = f"${{{name}:-{default}}}"
    assert fill(text) == fill(text, **{name: ""}) == default
    assert fill(text, **{name: "set"}) == "set"
    assert references(text) == (Reference(name, default),)
    assert is_one_reference(text)


@given(st.text())
def test_any_text_is_filled_or_told(text: str) -> None:
    interpolate(text, lambda _: None, hint=str)


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("a$$b", "a$b"),
        ("$${A}", "${A}"),
        ("$$$$", "$$"),
        ("[href$='.pdf']", "[href$='.pdf']"),
        ("a$", "a$"),
        ("$1", "$1"),
    ],
)
def test_dollar_signs(text: str, filled: str) -> None:
    assert fill(text) == filled


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("${A}", "A is not set; set A"),
        ("$A", "`$A` is not replaced; write `${NAME}` or `${NAME:-default}`, and `$$` for a dollar sign"),
        ("${}", "`${}` is no reference; write `${NAME}` or `${NAME:-default}`, and `$$` for a dollar sign"),
        ("${A", "`${A` is no reference; write `${NAME}` or `${NAME:-default}`, and `$$` for a dollar sign"),
        (
            "${A-x}",
            "`${A-x}` is no reference; write `${NAME}` or `${NAME:-default}`, and `$$` for a dollar sign",
        ),
        ("${E}", "E is set but empty; give it a value, or write `${E:-}` to allow that"),
        ("${S}", "the value of S is not UTF-8 text"),
    ],
)
def test_what_cannot_be_filled(text: str, fault: str) -> None:
    assert faults(text, E="", S="\udcff") == (fault,)


def test_one_reference_and_the_rest_of_a_text() -> None:
    assert not is_one_reference("x${A}")
    assert not is_one_reference("${A}${B}")
    assert not is_one_reference("$$")
    assert literal_part("a${B}c$$${D:-e}") == "ac$$e"


def test_did_you_mean() -> None:
    assert did_you_mean("Stagin", ["production", "Staging"]) == "; did you mean 'Staging'?"
    assert did_you_mean("x", ["production"]) == ""
