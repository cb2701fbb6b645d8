"""docs/comparison.md is as benchmarks/compare_security.py writes it, and agrees with the catalogue of defects.

No tool is installed or run here: what the others said is as old as the document.
"""

from __future__ import annotations

import re

import pytest
from main_job import ROOT

from gonogo.demo.defects import DEFECTS
from gonogo.run.catalogue import catalogue

TEXT = (ROOT / "docs" / "comparison.md").read_text(encoding="utf-8")
TOOLS = ["gonogo", "Observatory", "csp_evaluator", "drheader", "sslyze"]
SYMBOLS = set("●◐○↗–!")
UNCOUNTED = set("↗–!")
FAMILIES = ["HSTS", "cookies", "CORS", "redirects", "TLS", "headers", "CSP"]
CONCERNS = ("security.", "tls.", "exposure.")
DEFECT_OF = {defect.id: defect for defect in DEFECTS}


def _section(title: str) -> str:
    found = re.search(rf"(?ms)^## {re.escape(title)}\n(.*?)(?=^## |\Z)", TEXT)
    assert found, f"no section {title!r}"
    return found[1]


def _table(title: str) -> tuple[list[str], list[list[str]]]:
    """The head and the rows of the section's only table."""
    lines = [line for line in _section(title).splitlines() if line.startswith("|")]
    head, rule, *rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert all(re.fullmatch(":?-+:?", cell) for cell in rule)
    assert {len(row) for row in [rule, *rows]} == {len(head)}
    return head, rows


CATALOGUED = _table("The catalogue's variants")
FURTHER = _table("Variants made for the others' rules")


@pytest.mark.parametrize(("head", "rows"), [CATALOGUED, FURTHER], ids=["catalogue", "further"])
def test_each_variant_has_one_known_symbol_a_tool(head: list[str], rows: list[list[str]]) -> None:
    assert head[:-1] == ["variant", *TOOLS]
    assert {symbol for row in rows for symbol in row[1:-1]} <= SYMBOLS
    assert len({row[0] for row in rows}) == len(rows)


@pytest.mark.parametrize("row", CATALOGUED[1], ids=lambda row: row[0].strip("`"))
def test_our_column_is_what_the_catalogue_says(row: list[str]) -> None:
    defect = DEFECT_OF[row[0].strip("`")]
    ours = [check for check in defect.trips if check.startswith(CONCERNS)]
    assert row[-1] == ", ".join(f"`{check}`" for check in ours)
    assert row[1] == "●"
    assert set(ours) <= set(catalogue())


def test_further_variants_are_not_in_the_catalogue() -> None:
    assert {row[0].strip("`") for row in FURTHER[1]} & set(DEFECT_OF) == set()


def test_every_family_has_variants() -> None:
    head, rows = _table("Counts")
    assert head == ["family", *TOOLS]
    numbers = {found[1]: int(found[2]) for row in rows if (found := re.fullmatch(r"(\w+) \((\d+)\)", row[0]))}
    assert set(numbers) == {*FAMILIES, "all"}
    assert all(numbers.values())
    assert numbers.pop("all") == sum(numbers.values()) == len(CATALOGUED[1])


def test_totals_count_the_table() -> None:
    """● of what is the tool's subject and within its reach, from the rows themselves."""
    total = _table("Counts")[1][-1][1:]
    for number, words in enumerate(total, start=1):
        symbols = [row[number] for row in CATALOGUED[1]]
        looked = [one for one in symbols if one not in UNCOUNTED]
        assert re.match(rf"{looked.count('●')}\b.* of {len(looked)}$", words), (TOOLS[number - 1], words)


def test_what_only_another_tool_finds_is_said() -> None:
    missed = {row[0] for row in [*CATALOGUED[1], *FURTHER[1]] if row[1] == "○" and set(row[2:-1]) & {"●", "◐"}}
    told = set(re.findall(r"(?m)^- (`[\w-]+`):", _section("What another tool finds and gonogo does not")))
    assert told == missed


def test_times_are_there_for_every_tool() -> None:
    head, rows = _table("Times")
    assert [row[0] for row in rows] == TOOLS
    assert all(re.fullmatch(r"[\d.]+ m?s", cell) for row in rows for cell in row[1:3]), head


def test_nothing_of_a_machine_or_a_template_is_left() -> None:
    assert not re.search(r"@[A-Z_]+@", TEXT)
    assert not re.search(r"(?<![\w.])/(?:tmp|home|root|work|usr)/", TEXT)
