"""What must be proven again: a digest follows what its proof hangs on and nothing else, and nothing is assumed."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import proofs
import pytest
from main_job import ROOT

from gonogo.demo.defects import DEFECTS
from gonogo.run.catalogue import catalogue

KNOWN = {one.id for one in DEFECTS}


def test_the_stored_file_is_of_its_format() -> None:
    """Whether its entries are fresh is no matter of this test: what is stale or lost is proven again."""
    told = json.loads(proofs.STORED.read_text(encoding="utf-8"))
    assert set(told) == {"_", "proven"}
    assert told["_"] == proofs.FORMAT
    assert list(told["proven"]) == sorted(told["proven"])
    assert {one for one, value in told["proven"].items() if not re.fullmatch("[0-9a-f]{16}", value)} == set()


def test_every_defect_and_every_check_is_understood() -> None:
    assert set(proofs.digests()) == KNOWN
    for name, entry in catalogue().items():
        assert entry.function.__module__ in proofs.own(name).modules
        assert any(one.startswith("gonogo.probes.") for one in proofs.own(name).modules), name


def test_what_gathers_judges_and_decides_is_the_engine() -> None:
    told = {str(file.relative_to(ROOT)) for file in proofs.engine()}
    for wanted in ("tests/judging.py", "environments/demo.toml", "src/gonogo/demo/site.py", "src/gonogo/result.py"):
        assert wanted in told
    for folder in ("gate", "evidence", "environment"):
        assert any(one.startswith(f"src/gonogo/{folder}/") for one in told)
    for folder in ("checks", "src/gonogo/reports", "src/gonogo/probes", "src/gonogo/cli"):
        assert not any(one.startswith(folder) for one in told)


def _changed(monkeypatch: pytest.MonkeyPatch, file: Path, before: str, after: str) -> set[str]:
    """The defects that are due again when a file says something else."""
    known = proofs.digests()
    text = file.read_text(encoding="utf-8")
    assert before in text
    read = Path.read_text
    monkeypatch.setattr(
        Path, "read_text", lambda self, *given, **more: text.replace(before, after) if self == file else read(self, *given, **more)
    )  # fmt: skip
    _forget()
    try:
        return {one for one, value in proofs.digests().items() if value != known[one]}
    finally:
        monkeypatch.undo()
        _forget()


def _forget() -> None:
    for one in (
        proofs.parsed,
        proofs.code,
        proofs.imports,
        proofs.exported,
        proofs.catalogues,
        proofs._entries,
        proofs.brought,
        proofs.engine,
    ):
        one.cache_clear()


def _tripping(prefix: str) -> set[str]:
    return {one.id for one in DEFECTS if any(check.startswith(prefix) for check in one.trips)}


def test_a_check_that_changed_is_proven_again(monkeypatch: pytest.MonkeyPatch) -> None:
    file = ROOT / catalogue()["security.hsts.max-age"].file
    found = _changed(monkeypatch, file, "HEADER = ", "LATEST = 1\nHEADER = ")
    assert found == _tripping("security.hsts.")


def test_words_about_a_check_are_no_change(monkeypatch: pytest.MonkeyPatch) -> None:
    file = ROOT / catalogue()["security.hsts.max-age"].file
    assert _changed(monkeypatch, file, "HEADER = ", "# the header\n\nHEADER = ") == set()
    assert _changed(monkeypatch, file, '"""HSTS tells', '"""In other words: HSTS tells') == set()


def test_a_probe_that_changed_is_proven_again_by_what_needs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    file = proofs.file_of(proofs._probe("database")[0])
    assert file is not None
    found = _changed(monkeypatch, file, "async def gather(", "LATEST = 1\nasync def gather(")
    assert _tripping("database.") <= found
    assert not _tripping("security.hsts.") & found


def test_a_defect_that_is_done_otherwise_is_proven_again(monkeypatch: pytest.MonkeyPatch) -> None:
    (file,) = [one for one in proofs.catalogues() if "max-age=60; includeSubDomains" in one.read_text(encoding="utf-8")]
    assert _changed(monkeypatch, file, "max-age=60; includeSubDomains", "max-age=61; includeSubDomains") == {
        "hsts-short"
    }


def test_the_gate_and_the_product_concern_all(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("gate/decide.py", "demo/site.py"):
        file = ROOT / "src" / "gonogo" / name
        assert _changed(monkeypatch, file, "from __future__ import annotations", "from __future__ import annotations\nX = 1") == KNOWN  # fmt: skip


@pytest.mark.parametrize(
    "text", ["", "no json", "[]", '{"proven": 1}', '{"proven": {"gone-defect": "0123456789abcdef"}}']
)
def test_what_is_lost_or_stale_is_due(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proofs, "STORED", tmp_path / "proofs.json")
    (tmp_path / "proofs.json").write_text(text)
    assert proofs.due().ids == KNOWN


def test_only_what_was_proven_is_recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proofs, "STORED", tmp_path / "proofs.json")
    (tmp_path / "proofs.json").write_text(
        '{"proven": {"gone-defect": "0123456789abcdef", "csp-missing": "0000000000000000"}}'
    )
    proofs.record(["hsts-short"])
    assert proofs.stored() == {"csp-missing": "0" * 16, "hsts-short": proofs.digests()["hsts-short"]}
    found = proofs.due(datetime(2026, 11, 30, tzinfo=UTC))
    assert found.changed == KNOWN - {"hsts-short"}
    assert found.told().startswith(f"proofs: {len(found.ids)} of {len(KNOWN)} ")


def test_each_proof_that_stands_is_made_again_within_four_days(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proofs, "STORED", tmp_path / "proofs.json")
    proofs.record(KNOWN)
    days = [datetime(2026, 11, 28, tzinfo=UTC) + timedelta(days=number) for number in range(4)]
    turns = [proofs.due(day) for day in days]
    assert [one.changed for one in turns] == [frozenset()] * 4
    assert sum(len(one.ids) for one in turns) == len(KNOWN)
    assert frozenset().union(*(one.ids for one in turns)) == KNOWN
    assert max(len(one.ids) for one in turns) < len(KNOWN) / 2


def test_a_quick_run_proves_a_few_of_its_pool_what_changed_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proofs, "STORED", tmp_path / "proofs.json")
    proofs.record(KNOWN - {"hsts-short"})
    found = proofs.due(datetime(2026, 11, 30, tzinfo=UTC))
    few = [found.first(5, "cpu", datetime(2026, 11, day, tzinfo=UTC)) for day in (28, 29)]
    assert [one[0] for one in few] == ["hsts-short"] * 2
    assert len(few[0]) == len(few[1]) == 5
    assert few[0] != few[1]
    pools = {one.id: proofs.pool_of(one) for one in DEFECTS}
    assert {pools[one] for turn in few for one in turn} == {"cpu"}
    assert found.first(0, "wait") == []
    assert set(found.first(10_000, None)) == found.ids


def test_the_makefile_runs_each_pool_with_the_workers_that_prove() -> None:
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    told = re.findall(r"--pool=(\w+)(?: -n (\d+))? --proofs", text)
    assert {(pool, int(workers or 0)) for pool, workers in told} == set(proofs.RUNS.items())
