"""The line of every key of a TOML text."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.environment.lines import KeyPath, TooDeepError, dotted, line_index

TEXT = '''# comment = 1
name = "x" # [not.a.table]
"quoted key"."in ''two"=1
[a.b] # comment
c = { d = 1, "e f" = { g = [1, 2] } }
list = [
  "one", # ], comment
  [ 2,
    3 ],
  { h = 4 },
]
text = """
[no.table]
key = 1 \\""" "" """
raw = \'\'\'
'' [no] \'\'\'
date = 1979-05-27 07:32:00
i.j.k = 5

[[t]]
x = 1
[[t.u]]
y = 2
[[t.u]]
y = 3
[t.v]
z = 4
[[t]]
x = 5
'''

LINES: dict[KeyPath, int] = {
    (): 1,
    ("name",): 2,
    ("quoted key",): 3,
    ("quoted key", "in ''two"): 3,
    ("a",): 4,
    ("a", "b"): 4,
    ("a", "b", "c"): 5,
    ("a", "b", "c", "d"): 5,
    ("a", "b", "c", "e f"): 5,
    ("a", "b", "c", "e f", "g"): 5,
    ("a", "b", "c", "e f", "g", 0): 5,
    ("a", "b", "c", "e f", "g", 1): 5,
    ("a", "b", "list"): 6,
    ("a", "b", "list", 0): 7,
    ("a", "b", "list", 1): 8,
    ("a", "b", "list", 1, 0): 8,
    ("a", "b", "list", 1, 1): 9,
    ("a", "b", "list", 2): 10,
    ("a", "b", "list", 2, "h"): 10,
    ("a", "b", "text"): 12,
    ("a", "b", "raw"): 15,
    ("a", "b", "date"): 17,
    ("a", "b", "i"): 18,
    ("a", "b", "i", "j"): 18,
    ("a", "b", "i", "j", "k"): 18,
    ("t",): 20,
    ("t", 0): 20,
    ("t", 0, "x"): 21,
    ("t", 0, "u"): 22,
    ("t", 0, "u", 0): 22,
    ("t", 0, "u", 0, "y"): 23,
    ("t", 0, "u", 1): 24,
    ("t", 0, "u", 1, "y"): 25,
    ("t", 0, "v"): 26,
    ("t", 0, "v", "z"): 27,
    ("t", 1): 28,
    ("t", 1, "x"): 29,
}


@pytest.mark.parametrize("break_", ["\n", "\r\n"])
def test_every_key_has_its_line(break_: str) -> None:
    assert paths(tomllib.loads(TEXT)) == set(LINES)
    assert line_index(TEXT.replace("\n", break_)) == LINES


def paths(value: object, path: KeyPath = ()) -> set[KeyPath]:
    if isinstance(value, dict):
        return {path}.union(*(paths(item, (*path, key)) for key, item in value.items()))
    if isinstance(value, list):
        return {path}.union(*(paths(item, (*path, at)) for at, item in enumerate(value)))
    return {path}


@pytest.mark.parametrize("file", sorted(Path("environments").rglob("*.toml")), ids=lambda file: file.name)
def test_every_key_of_the_shipped_files_has_its_line(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    found = line_index(text)
    assert set(found) == paths(tomllib.loads(text))
    rows = text.splitlines()
    for path, line in found.items():
        named = [key for key in path if isinstance(key, str)]
        assert not named or isinstance(path[-1], int) or named[-1] in rows[line - 1]


pieces = st.sampled_from(
    ["[", "]", "{", "}", '"', "'", '"""', "'''", "=", ".", ",", "\n", "#", "\\", "a", "b", " ", "1", "-"]
)


@given(st.lists(pieces, max_size=40).map("".join))
def test_what_tomllib_reads_is_indexed_in_full(text: str) -> None:
    """The scanner never raises, and agrees with tomllib wherever that finds no fault."""
    found = line_index(text)
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    assert set(found) == paths(document)
    assert all(1 <= line <= text.count("\n") + 1 for line in found.values())


@pytest.mark.parametrize(
    "text",
    [
        "a=" + "[" * 99,
        "\na=" + "{a=" * 99,
        "[" + "a." * 99 + "a]",
        "a." * 99 + "a=1",
        "[a.b]\n" + "a." * 23 + "a=1",
    ],
)
def test_too_deep(text: str) -> None:
    with pytest.raises(TooDeepError) as caught:
        line_index(text)
    assert caught.value.line == 1 + text.count("\n")


def test_dotted() -> None:
    assert dotted(("site", "pages", 0, "path")) == "site.pages[0].path"
    assert dotted(("resolve", "www.acme.test")) == 'resolve."www.acme.test"'
    assert dotted(("", 'a"\\\n')) == '""."a\\"\\\\\\u000a"'
