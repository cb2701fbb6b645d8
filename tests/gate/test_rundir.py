"""Run directories: what a run writes is read back, and every kind of damage is seen for what it is."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from gate_worlds import AT, CSP, END, HEALTH, START, TRUST, intent, judged, on_disk, result
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gonogo.errors import RunUnreadable
from gonogo.gate import Decision, ProblemKind, verdict_json
from gonogo.result import Outcome
from gonogo.run import folder as rundir


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A finished run in which everything passes, one result by stored evidence."""
    results = [replace(result(HEALTH), evidence=("http-1",)), result(TRUST), result(CSP)]
    return on_disk(tmp_path, intent([HEALTH, TRUST, CSP]), results)


def kinds(path: Path) -> set[ProblemKind]:
    return {problem.kind for problem in rundir.read(path).problems}


def test_what_was_written_is_read_back(tmp_path: Path) -> None:
    whole = intent(
        [HEALTH, CSP],
        not_applicable=((TRUST, "/", "no [tls] section"),),
        partial="-k health",
        deploy_finished=START - timedelta(minutes=1),
        suite="gonogo",
        region="eu",
        shard=(2, 3),
    )
    results = [result(HEALTH, Outcome.FAIL), result(CSP, Outcome.UNKNOWN, reason="täglich \ud800")]
    folder = on_disk(tmp_path, whole, results, finished=False)
    receipt = rundir.write_receipt(
        folder, finished=END, metrics=[("b", 2), ("a", 1.5), ("c", float("nan"))], others=["a failed"]
    )
    shard = rundir.read(folder)
    assert (shard.intent, list(shard.results), shard.receipt, shard.problems) == (whole, results, receipt, ())
    assert receipt.metrics == (("a", 1.5), ("b", 2.0))
    assert receipt.others == ("a failed",)
    assert receipt.counts == {"FAIL": 1, "UNKNOWN": 1}
    assert [name for name, _ in receipt.evidence] == ["evidence/http-1.json"]


def test_a_directory_is_named_after_its_run(tmp_path: Path) -> None:
    started = datetime(2026, 11, 20, 13, tzinfo=UTC).astimezone()
    one = rundir.create(tmp_path, environment="eu west/1", profile="smoke", started=started)
    assert one.name.startswith("20261120T130000Z-eu-west-1-smoke-")
    assert len(one.name.rpartition("-")[2]) == 6
    two = rundir.create(tmp_path, environment="eu west/1", profile="smoke", started=started)
    assert rundir.resolve(tmp_path / "latest") == two.resolve()
    assert (tmp_path / "latest").readlink() == Path(two.name)
    assert {path.name for path in tmp_path.iterdir()} == {one.name, two.name, "latest"}


def test_latest_is_a_text_file_where_links_are_impossible(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError("no links here")

    monkeypatch.setattr(Path, "symlink_to", refuse)
    folder = rundir.create(tmp_path, environment="demo", profile="smoke", started=START)
    assert (tmp_path / "latest").read_text() == f"{folder.name}\n"
    assert rundir.resolve(tmp_path / "latest") == folder.resolve()
    (tmp_path / "latest").write_text("../elsewhere\n")
    with pytest.raises(RunUnreadable, match="does not hold the name"):
        rundir.read(tmp_path / "latest")


def test_a_directory_named_latest_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "latest").mkdir()
    with pytest.raises(RunUnreadable, match="remove it"):
        rundir.create(tmp_path, environment="demo", profile="smoke", started=START)


@pytest.mark.parametrize("name", ["absent", "file"])
def test_no_directory_is_unreadable(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RunUnreadable, match="run directory"):
        rundir.read(tmp_path / name)


def cut_last_line(folder: Path) -> None:
    path = folder / "results.jsonl"
    path.write_bytes(path.read_bytes()[:-20])


def edit(name: str, old: str, new: str) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        text = (folder / name).read_text()
        assert old in text
        (folder / name).write_text(text.replace(old, new))

    return damage


def remove(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).unlink()


def write(name: str, content: bytes) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        (folder / name).write_bytes(content)

    return damage


DAMAGE: dict[str, tuple[Callable[[Path], None], set[ProblemKind]]] = {
    "intent gone": (remove("intent.json"), {ProblemKind.INTENT, ProblemKind.CHANGED}),
    "intent cut": (write("intent.json", b'{"schema": "gonogo.in'), {ProblemKind.INTENT, ProblemKind.CHANGED}),
    "intent of another schema": (
        edit("intent.json", "intent/1", "intent/2"),
        {ProblemKind.INTENT, ProblemKind.CHANGED},
    ),
    "intent without time zone": (
        edit("intent.json", "+00:00", ""),
        {ProblemKind.INTENT, ProblemKind.CHANGED},
    ),
    "intent of a time out of range": (
        edit("intent.json", "2026-11-20T12:00:00.000000+00:00", "0001-01-01T00:00:00+14:00"),
        {ProblemKind.INTENT, ProblemKind.CHANGED},
    ),
    "intent nested without end": (
        write("intent.json", b"[" * 100_000),
        {ProblemKind.INTENT, ProblemKind.CHANGED},
    ),
    "intent that expects less": (edit("intent.json", CSP, HEALTH), {ProblemKind.CHANGED}),
    "policy altered": (write("policy.toml", b"[severity.low]"), {ProblemKind.CHANGED}),
    "policy gone": (remove("policy.toml"), {ProblemKind.CHANGED}),
    "waivers added": (write("waivers.toml", b"[[waiver]]"), {ProblemKind.CHANGED}),
    "receipt gone": (remove("receipt.json"), {ProblemKind.UNFINISHED}),
    "receipt empty": (write("receipt.json", b""), {ProblemKind.UNREADABLE}),
    "receipt with an endless count": (
        edit("receipt.json", '"PASS": 3', '"PASS": Infinity'),
        {ProblemKind.UNREADABLE},
    ),
    "results gone": (remove("results.jsonl"), {ProblemKind.UNREADABLE}),
    "results cut": (cut_last_line, {ProblemKind.TRUNCATED, ProblemKind.CHANGED}),
    "results altered": (edit("results.jsonl", '"/"', '"/x"'), {ProblemKind.CHANGED}),
    "results not text": (
        write("results.jsonl", b"\xff\xfe\n"),
        {ProblemKind.UNREADABLE, ProblemKind.CHANGED},
    ),
    "results not objects": (
        write("results.jsonl", b"[]\n3\nnull\n"),
        {ProblemKind.UNREADABLE, ProblemKind.CHANGED},
    ),
    "evidence gone": (remove("evidence/http-1.json"), {ProblemKind.EVIDENCE_MISSING}),
    "evidence altered": (write("evidence/http-1.json", b"{}"), {ProblemKind.CHANGED}),
    "evidence outside": (
        edit("receipt.json", "evidence/http-1.json", "evidence/../intent.json"),
        {ProblemKind.CHANGED, ProblemKind.EVIDENCE_MISSING},
    ),
    "evidence with an impossible name": (
        edit("receipt.json", "evidence/http-1.json", "evidence/\\u0000"),
        {ProblemKind.EVIDENCE_MISSING},
    ),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_damage_is_seen_and_never_go(run: Path, name: str) -> None:
    damage, seen = DAMAGE[name]
    assert judged([rundir.read(run)]).decision is Decision.GO
    damage(run)
    shard = rundir.read(run)
    assert {problem.kind for problem in shard.problems} == seen
    assert judged([shard]).decision is Decision.NO_GO


def test_a_pass_needs_the_evidence_that_it_names(tmp_path: Path) -> None:
    results = [replace(result(HEALTH), evidence=("http-2",))]
    folder = on_disk(tmp_path, intent([HEALTH]), results)
    assert kinds(folder) == {ProblemKind.EVIDENCE_MISSING}
    unknown = [result(HEALTH), replace(result(TRUST, Outcome.UNKNOWN), evidence=("http-2",))]
    assert kinds(on_disk(tmp_path, intent([HEALTH, TRUST]), unknown)) == set()


def test_scratch_files_are_no_evidence(tmp_path: Path) -> None:
    folder = on_disk(tmp_path, intent([HEALTH]), [result(HEALTH)], finished=False)
    (folder / "evidence" / ".lock").write_text("")
    receipt = rundir.write_receipt(folder, finished=END)
    assert [name for name, _ in receipt.evidence] == ["evidence/http-1.json"]
    assert not [path for path in folder.rglob(".*") if path.name != ".lock"]


def test_a_run_killed_while_writing_keeps_what_it_saw(tmp_path: Path) -> None:
    folder = on_disk(tmp_path, intent([HEALTH, TRUST]), [result(HEALTH, Outcome.FAIL), result(TRUST)], finished=False)
    cut_last_line(folder)
    shard = rundir.read(folder)
    assert {problem.kind for problem in shard.problems} == {ProblemKind.UNFINISHED, ProblemKind.TRUNCATED}
    assert shard.results == (result(HEALTH, Outcome.FAIL),)
    said = {(reason.rule, reason.check) for reason in judged([shard]).reasons}
    assert {("unfinished", ""), ("fail", HEALTH), ("missing", TRUST)} <= said


def test_a_broken_results_file_gets_no_receipt(run: Path) -> None:
    (run / "receipt.json").unlink()
    cut_last_line(run)
    with pytest.raises(RunUnreadable, match="ends in the middle of line 3"):
        rundir.write_receipt(run, finished=END)
    assert not (run / "receipt.json").exists()


def test_a_verdict_is_written_whole_or_not_at_all(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    verdict = judged([rundir.read(run)])
    path = rundir.write_verdict(run, verdict)
    assert json.loads(path.read_text()) == verdict_json(verdict)
    before = path.read_bytes()

    def lost(*_: object) -> None:
        raise OSError("power cut")

    monkeypatch.setattr(os, "fsync", lost)
    with pytest.raises(OSError, match="power cut"):
        rundir.write_verdict(run, judged([rundir.read(run)], at=AT + timedelta(seconds=1)))
    assert path.read_bytes() == before
    assert sorted(path.name for path in run.iterdir()) == [
        "evidence",
        "intent.json",
        "policy.toml",
        "receipt.json",
        "results.jsonl",
        "verdict.json",
    ]


@given(st.sampled_from(["intent.json", "receipt.json", "results.jsonl"]), st.binary(max_size=60), st.data())
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_damage_makes_reading_fail_or_the_verdict_go(
    tmp_path: Path, name: str, noise: bytes, data: st.DataObject
) -> None:
    folder = on_disk(tmp_path, intent([HEALTH]), [result(HEALTH)])
    content = (folder / name).read_bytes()
    start = data.draw(st.integers(0, len(content)))
    stop = data.draw(st.integers(start, len(content)))
    damaged = content[:start] + noise + content[stop:]
    (folder / name).write_bytes(damaged)
    shard = rundir.read(folder)
    if damaged != content and name != "receipt.json":
        assert judged([shard]).decision is Decision.NO_GO
    else:
        judged([shard])
