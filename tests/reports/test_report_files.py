"""Writing the files, pytest-html's additions, and the published schema of verdict.json."""

from __future__ import annotations

import json
import stat
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given, settings
from report_samples import HOSTILE, Words, all_passed, every_outcome, report, waiver

from gonogo.reports.pytest_html import header_cells, prefix, row_cells
from gonogo.reports.write import WRITERS, write_all
from gonogo.result import Outcome, Result, Severity

SCHEMA = json.loads((Path(__file__).parents[2] / "environments/schemas/verdict.schema.json").read_text())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def test_all_files_are_written_whole_and_as_utf8(tmp_path: Path) -> None:
    written = write_all(every_outcome(Words(subject="\ud800 é \x00")), tmp_path)
    assert [path.name for path in written] == ["verdict.html", "junit.xml", "summary.md"]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(WRITERS)
    for path in written:
        assert "é" in path.read_text(encoding="utf-8")
        assert stat.S_IMODE(path.stat().st_mode) & 0o444 >= 0o400


def test_files_of_before_are_replaced_and_nothing_is_left_beside_them(tmp_path: Path) -> None:
    write_all(every_outcome(), tmp_path)
    write_all(all_passed(), tmp_path)
    assert "<h1>GO</h1>" in (tmp_path / "verdict.html").read_text(encoding="utf-8")
    assert len(list(tmp_path.iterdir())) == len(WRITERS)


def test_nothing_is_written_when_the_verdict_is_none(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="MAYBE"):
        write_all(replace(all_passed(), verdict={**all_passed().verdict, "verdict": "MAYBE"}), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_cannot_take_its_place_leaves_no_rest(tmp_path: Path) -> None:
    (tmp_path / "verdict.html").mkdir()
    with pytest.raises(OSError, match=r"verdict\.html"):
        write_all(all_passed(), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["verdict.html"]


class Shape(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, tuple[str, ...]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, tuple(name for name, _ in attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


@settings(max_examples=60, deadline=None)
@given(HOSTILE, HOSTILE)
def test_cells_hold_text_only(check: str, subject: str) -> None:
    cells = row_cells(check, Severity.HIGH, subject, Outcome.FAIL)
    assert [Shape(cell).tags for cell in cells] == [[("td", ("class",))]] * 4
    usual = Shape(prefix(every_outcome()))
    assert Shape(prefix(every_outcome(Words(message=subject, reason=check)))).tags == usual.tags


def test_there_is_a_cell_a_column() -> None:
    assert [Shape(cell).text for cell in header_cells()] == ["Check", "Severity", "Subject", "Verdict"]
    cells = row_cells("security.hsts.max-age", Severity.HIGH, "/", Outcome.NOT_APPLICABLE)
    assert [Shape(cell).text for cell in cells] == ["security.hsts.max-age", "high", "/", "not applicable"]
    assert [Shape(cell).text for cell in row_cells("", None, "", None)] == [""] * 4
    assert Shape(prefix(every_outcome())).text.startswith("NO-GO security.csp.present failed")


def held() -> dict[str, object]:
    unknown = Result("database.role.read-only", "main", Outcome.UNKNOWN, Severity.HIGH, reason="connect: refused")
    return dict(report([unknown], waivers=[waiver("load.*")]).verdict)


@pytest.mark.parametrize(
    ("made", "word"),
    [(lambda: every_outcome().verdict, "NO_GO"), (lambda: all_passed().verdict, "GO"), (held, "HOLD")],
)
def test_what_the_gate_writes_is_valid_by_the_schema(made, word: str) -> None:  # type: ignore[no-untyped-def]
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    verdict = made()
    assert verdict["verdict"] == word
    assert [error.message for error in VALIDATOR.iter_errors(json.loads(json.dumps(verdict)))] == []


@pytest.mark.parametrize(
    "change",
    [
        {"verdict": "MAYBE"},
        {"verdict": "GO"},
        {"verdict": "GO", "exit_status": 0},
        {"exit_status": 0},
        {"reasons": []},
        {"schema": "gonogo.verdict/2"},
        {"decided_at": "yesterday"},
        {"readiness": 101},
        {"more": 1},
        {"evidence": [{"path": "a"}]},
    ],
    ids=str,
)
def test_the_schema_refuses_what_is_not_a_verdict(change: dict[str, object]) -> None:
    assert not VALIDATOR.is_valid({**json.loads(json.dumps(every_outcome().verdict)), **change})


@pytest.mark.parametrize("key", sorted(SCHEMA["required"]))
def test_the_schema_demands_every_key(key: str) -> None:
    verdict = dict(every_outcome().verdict)
    del verdict[key]
    assert not VALIDATOR.is_valid(verdict)
