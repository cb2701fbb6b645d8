"""Every test belongs to one pool, and those that start a whole run or a browser are never of the pool that computes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from main_job import ROOT
from pools import POOLED, POOLS, PURE, RESOURCES, may_hold, pools_of

TESTS = ROOT / "tests"


def test_every_test_belongs_to_exactly_one_pool(request: pytest.FixtureRequest) -> None:
    """Of all that was collected in this session, what was then deselected included."""
    pooled = request.config.stash[POOLED]
    assert request.node.nodeid in pooled
    assert {test: pools for test, pools in pooled.items() if len(pools) != 1 or pools[0] not in POOLS} == {}


def test_a_file_that_a_pool_passes_by_holds_none_of_its_tests(request: pytest.FixtureRequest) -> None:
    wrong = {
        f"{test}: {pool}"
        for test, pools in request.config.stash[POOLED].items()
        for pool in pools
        if not may_hold(ROOT / test.partition("::")[0], pool)
    }
    assert wrong == set()


@pytest.mark.parametrize(
    ("marked", "fixtures", "pools"),
    [
        ([(), ()], (), ["cpu"]),
        ([(), ()], ("tmp_path", "job"), ["wait"]),
        ([(), ()], ("probe", "server"), ["wait"]),
        ([("alone", "slow"), ()], ("job",), ["alone"]),
        ([("alone",), ("wait",)], (), ["alone"]),
        ([(), ("cpu",)], ("probe",), ["cpu"]),
        ([("wait", "alone"), ()], (), ["wait", "alone"]),
    ],
)
def test_the_nearest_marker_counts(marked: list[tuple[str, ...]], fixtures: tuple[str, ...], pools: list[str]) -> None:
    assert pools_of(marked, fixtures) == pools


def test_what_starts_a_run_or_a_browser_says_so() -> None:
    """By a fixture, or by the module's marker."""
    starts = re.compile(r"\bmain_job\(|\bprobing\(|async_playwright\(|[\"']pytest[\"'], \"-p\"")
    silent = {
        str(file.relative_to(TESTS))
        for file in TESTS.rglob("test_*.py")
        if starts.search(text := file.read_text(encoding="utf-8")) and not re.search(r"mark\.(wait|alone)\b", text)
        if file != Path(__file__)
    }
    assert {one for one in silent if not may_hold(TESTS / one, "wait")} == set()


def test_folders_and_fixtures_of_the_rule_are_there() -> None:
    assert {folder for folder in PURE if not (TESTS / folder).is_dir()} == set()
    defined = "\n".join(file.read_text(encoding="utf-8") for file in TESTS.rglob("conftest.py"))
    assert {name for name in RESOURCES if f"def {name}(" not in defined} == set()
