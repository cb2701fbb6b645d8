"""Rules of the house that a reader should be able to rely on."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from main_job import ROOT

import gonogo
from gonogo.catalogue import catalogue
from gonogo.check import MAX_TITLE
from gonogo.documents import documents

SOURCE = ROOT / "src" / "gonogo"
ALLOWED: dict[str, set[str]] = {
    # package: what it may import of gonogo, beside itself
    "formats": {"result"},
    "result": set(),
    "errors": {"result"},
    "gate": {"result", "errors"},
    "reports": {"gate", "result", "check", "evidence", "errors"},
    "environment": {"errors", "formats"},
    "evidence": {"environment", "errors", "probes", "formats"},
    "probes": {"environment", "evidence", "errors", "formats", "browsers", "vendor"},
}
PURE = ("formats", "gate", "result")
IMPURE = {"pytest", "httpx", "socket", "subprocess", "playwright", "psycopg", "os", "pathlib", "time"}


def _imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found |= {f"{node.module}.{alias.name}" if node.module == "gonogo" else node.module for alias in node.names}
    return found


def _files(package: str) -> list[Path]:
    return (
        [SOURCE / f"{package}.py"] if (SOURCE / f"{package}.py").exists() else sorted((SOURCE / package).rglob("*.py"))
    )


@pytest.mark.parametrize("package", ALLOWED)
def test_imports_point_one_way(package: str) -> None:
    wrong = {
        f"{path.relative_to(SOURCE)} imports {name}"
        for path in _files(package)
        for name in _imports(path)
        if name.startswith("gonogo.") and name.split(".")[1] not in ALLOWED[package] | {package, "__version__"}
    }
    assert wrong == set()


@pytest.mark.parametrize("package", PURE)
def test_pure_packages_know_no_io(package: str) -> None:
    wrong = {
        f"{path.name} imports {name}"
        for path in _files(package)
        for name in _imports(path)
        if name.split(".")[0] in IMPURE
    }
    assert wrong == set()


def test_only_the_plugin_knows_pytest() -> None:
    """`gonogo run` starts it, and imports nothing of it."""
    knowing = {
        str(path.relative_to(SOURCE))
        for path in SOURCE.rglob("*.py")
        if "pytest" in {name.split(".")[0] for name in _imports(path)}
    }
    assert knowing == {"plugin.py"}


def test_only_the_plugin_and_the_command_line_start_the_demo() -> None:
    knowing = {
        str(path.relative_to(SOURCE))
        for path in SOURCE.rglob("*.py")
        if any(name.startswith("gonogo.demo") for name in _imports(path)) and not path.is_relative_to(SOURCE / "demo")
    }
    assert knowing == {"plugin.py", "cli.py"}


def test_public_names() -> None:
    assert gonogo.__all__ == [
        "Finding",
        "GonogoError",
        "Outcome",
        "Result",
        "Severity",
        "Shortfall",
        "__version__",
        "check",
    ]


def test_ids_are_never_lost() -> None:
    """docs/check-ids.txt holds every id that ever was; a retired one is marked `retired`, and never used again."""
    lines = (ROOT / "docs" / "check-ids.txt").read_text().split("\n")
    known = {line.split()[0]: line.split()[1:] for line in lines if line and not line.startswith("#")}
    current = set(catalogue())
    assert current - set(known) == set(), "add new ids to docs/check-ids.txt"
    assert {name for name, marks in known.items() if not marks} - current == set(), "mark retired ids `retired`"
    assert {name for name, marks in known.items() if marks} & current == set(), "a retired id is never reused"


def test_cards_are_complete() -> None:
    for name, entry in catalogue().items():
        card = entry.card
        assert re.fullmatch(r"[a-z0-9-]+\.[a-z0-9-]+\.[a-z0-9-]+", name), name
        assert len(card.title) <= MAX_TITLE
        assert card.section("Fix"), f"{name} says no fix"
        assert card.section("See").startswith("https://"), f"{name} names no source"
        assert "full" in card.profiles


def test_there_are_at_least_forty_checks_and_three_of_each_concern() -> None:
    concerns: dict[str, int] = {}
    for name in catalogue():
        concerns[name.partition(".")[0]] = concerns.get(name.partition(".")[0], 0) + 1
    assert sum(concerns.values()) >= 40
    wanted = {"availability", "tls", "security", "api", "consent", "vitals", "database", "load", "delivery"}
    assert {concern for concern in wanted if concerns.get(concern, 0) < 3} == set()


@pytest.mark.parametrize("name", list(documents()))
def test_generated_files_are_fresh(name: str) -> None:
    assert (ROOT / name).read_text(encoding="utf-8") == documents()[name], "run `make docs`"
