"""Whatever goes wrong, the status is never 0, and the reason is told in words."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from main_job import ROOT, MainJob, Run, copied, main_job

from gonogo.cli import main as gonogo

pytestmark = pytest.mark.wait


def gate(*arguments: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> tuple[int, str]:
    """Run `gonogo gate …` in this process."""
    monkeypatch.setattr(sys, "argv", ["gonogo", "gate", *arguments])
    with pytest.raises(SystemExit) as stop:
        gonogo()
    told = capsys.readouterr()
    return int(stop.value.code or 0), told.out + told.err


@pytest.fixture
def copy(smoke: Run, tmp_path: Path) -> Path:
    return copied(smoke, tmp_path)


def test_a_whole_fresh_run_is_go(
    copy: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    status, told = gate(str(copy), capsys=capsys, monkeypatch=monkeypatch)
    assert status == 0, told


def test_gate_repeats_the_run_byte_for_byte(
    copy: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = (copy / "verdict.json").read_text()
    status, told = gate(
        str(copy), "--json", f"--at={json.loads(wanted)['decided_at']}", capsys=capsys, monkeypatch=monkeypatch
    )
    assert status == 0
    assert told == wanted


def test_last_weeks_run_is_stale(
    copy: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    later = datetime.now(UTC) + timedelta(days=7)
    status, told = gate(str(copy), f"--at={later.isoformat()}", capsys=capsys, monkeypatch=monkeypatch)
    assert status == 10
    assert "old" in told


@pytest.mark.parametrize("damage", ["results", "receipt", "intent", "evidence", "evidence-changed", "extra-pass"])
def test_damaged_runs(
    damage: str, copy: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    results = copy / "results.jsonl"
    if damage == "results":
        results.write_bytes(results.read_bytes()[:-40])
    elif damage == "receipt":
        (copy / "receipt.json").unlink()
    elif damage == "intent":
        (copy / "intent.json").unlink()
    elif damage == "evidence":
        next(iter((copy / "evidence").glob("http-*.json"))).unlink()
    elif damage == "evidence-changed":
        file = next(iter((copy / "evidence").glob("http-*.json")))
        file.write_text(file.read_text().replace('"status": ', '"status": 1', 1))
        assert file.stat().st_size
    else:
        results.write_text(results.read_text() + results.read_text().splitlines()[0] + "\n")
    status, told = gate(str(copy), capsys=capsys, monkeypatch=monkeypatch)
    assert status in {10, 11, 21}, told
    assert len(told) > 20


def test_a_failing_result_turned_to_pass_is_seen(
    short: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = copied(short, tmp_path)
    results = folder / "results.jsonl"
    results.write_text(results.read_text().replace('"FAIL"', '"PASS"'))
    status, told = gate(str(folder), capsys=capsys, monkeypatch=monkeypatch)
    assert status != 0, told


def test_everything_deselected(job: MainJob) -> None:
    run = job("-k", "no_such_check_anywhere")
    assert run.status == 5, run.output
    assert "partial run" in run.output


def test_everything_skipped(job: MainJob, tmp_path: Path) -> None:
    plugin = tmp_path / "skip_everything.py"
    plugin.write_text(
        "import pytest\n"
        "@pytest.hookimpl(trylast=True)\n"
        "def pytest_collection_modifyitems(items):\n"
        "    for item in items:\n"
        "        item.add_marker(pytest.mark.skip(reason='because'))\n"
    )
    run = job("--profile=smoke", "-p", "skip_everything", env={"PYTHONPATH": str(tmp_path)})
    assert run.status == 10, run.output
    assert run.checks("PASS") == set()
    assert "NO-GO" in run.output


def test_a_deselecting_plugin_leaves_missing_results(job: MainJob, tmp_path: Path) -> None:
    plugin = tmp_path / "drop_half.py"
    plugin.write_text("def pytest_collection_modifyitems(items):\n    del items[::2]\n")
    run = job("--profile=smoke", "-p", "drop_half", env={"PYTHONPATH": str(tmp_path)})
    assert run.status == 10, run.output
    assert run.verdict["counts"]["outcomes"]["MISSING"] > 0  # type: ignore[index]


def test_no_network(tmp_path: Path) -> None:
    environment = tmp_path / "gone.toml"
    environment.write_text('name = "gone"\ntier = "staging"\n[security]\n[tls]\n[site]\nurl = "https://gone.invalid"\n')
    run = main_job(f"--env={environment}", "--profile=smoke", reports=tmp_path / "reports")
    assert run.status == 10, run.output
    assert run.checks("PASS") == set()
    assert "gone.invalid" in run.output


def test_unreadable_ca(tmp_path: Path) -> None:
    environment = tmp_path / "ca.toml"
    environment.write_text(
        'name = "ca"\ntier = "staging"\nca_file = "missing.pem"\n[security]\n[tls]\n[site]\nurl = "https://127.0.0.1:9"\n'
    )
    run = main_job(f"--env={environment}", "--profile=smoke", reports=tmp_path / "reports")
    assert run.status in {4, 10, 11}, run.output
    assert run.checks("PASS") == set() if run.status != 4 else True
    assert "missing.pem" in run.output


def test_a_killed_worker_is_no_go_or_recovered(job: MainJob, tmp_path: Path) -> None:
    """The test that the worker was running is lost; everything else is judged by its replacement."""
    plugin = tmp_path / "kill_worker.py"
    plugin.write_text(
        "import os, pathlib, signal, pytest\n"
        "FLAG = pathlib.Path(os.environ['KILL_FLAG'])\n"
        "def pytest_runtest_call(item):\n"
        "    if hasattr(item.config, 'workerinput') and 'test_max_age' in item.nodeid:\n"
        "        try:\n"
        "            FLAG.touch(exist_ok=False)\n"
        "        except FileExistsError:\n"
        "            return\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    run = job(
        "--profile=smoke", "-n", "2", "-p", "kill_worker",
        env={"PYTHONPATH": str(tmp_path), "KILL_FLAG": str(tmp_path / "flag")},
    )  # fmt: skip
    assert run.status in {10, 11}, run.output
    missing = [reason for reason in run.verdict["reasons"] if reason["outcome"] == "MISSING"]  # type: ignore[union-attr]
    assert [reason["check"] for reason in missing] == ["security.hsts.max-age"], run.output
    assert "crashed" in run.output


def test_a_check_with_a_bug_is_unknown(job: MainJob, tmp_path: Path) -> None:
    plugin = tmp_path / "break_check.py"
    plugin.write_text(
        "import gonogo.formats.csp_review as csp_review\n"
        "def broken(*values):\n    raise RuntimeError('a bug in the parser')\n"
        "csp_review.mixed_content = broken\n"
    )
    run = job("--profile=smoke", "-p", "break_check", env={"PYTHONPATH": str(tmp_path)})
    assert run.checks("UNKNOWN") == {"security.csp.mixed-content"}, run.told()
    assert "a bug in the parser" in run.told()
    assert run.status in {10, 11}


@pytest.mark.slow
def test_sigkill_at_twenty_moments(
    job: MainJob, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Never 0, whenever it comes; and the gate says of what is left that it is not whole."""
    moments = random.Random(20261121)  # noqa: S311 - reproducible moments, not secrets
    begun = time.monotonic()
    whole = job("--profile=smoke")
    length = time.monotonic() - begun
    assert whole.status == 0
    for attempt in range(20):
        reports = job.reports.parent / f"kill-{attempt}"
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "pytest",
                "-p",
                "no:cacheprovider",
                f"--reports={reports}",
                f"--env={job.unhurried}",
                "--profile=smoke",
            ],
            cwd=ROOT,
            env={**os.environ, **job.env},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            process.wait(moments.uniform(0, length * 0.95))
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
        status = process.wait()
        finished = (reports / "latest" / "verdict.json").exists()
        assert status != 0 or finished
        if (reports / "latest").exists() and status != 0:
            decided, told = gate(str(reports / "latest"), capsys=capsys, monkeypatch=monkeypatch)
            if not (reports / "latest" / "receipt.json").exists():
                assert decided in {10, 11, 20, 21}, told


def test_a_plugin_that_comes_later_does_not_turn_the_status(job: MainJob, tmp_path: Path) -> None:
    (tmp_path / "kind.py").write_text(
        "import pytest\n"
        "@pytest.hookimpl(trylast=True)\n"
        "def pytest_sessionfinish(session):\n"
        "    session.exitstatus = 0\n"
    )
    run = job("--profile=smoke", "--defect=hsts-short", "-p", "kind", env={"PYTHONPATH": str(tmp_path)})
    assert run.status == 10, run.output


def test_latest_is_never_an_older_run_than_the_one_asked_for(job: MainJob) -> None:
    before = job("--profile=smoke", "-k", "hsts")
    assert (before.folder / "intent.json").exists()
    after = job("--gate-policy=/nowhere.toml")
    assert after.status == 20
    assert not after.folder.exists()
    assert before.folder.exists()


def test_a_reports_folder_that_is_none(demo_file: Path, unhurried: Path, tmp_path: Path) -> None:
    (tmp_path / "reports").write_text("a file")
    run = MainJob(demo_file, tmp_path / "reports", unhurried)("--profile=smoke")
    assert run.status == 4
    assert "INTERNALERROR" not in run.output
    assert "Traceback" not in run.output
    assert "--reports=DIR names another folder" in run.output


@pytest.mark.parametrize(
    "kilobytes", [pytest.param(1, marks=pytest.mark.slow), 8, pytest.param(40, marks=pytest.mark.slow)]
)
def test_a_full_disk(kilobytes: int, demo_file: Path, unhurried: Path, tmp_path: Path) -> None:
    """Files that may not grow stand for a disk that is full; the run must end in words and never with GO."""
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", f"--env={unhurried}", "--profile=smoke"]
    limited = ["sh", "-c", f'ulimit -f {kilobytes * 2}; exec "$@"', "sh", *command, f"--reports={tmp_path / 'reports'}"]
    done = subprocess.run(
        limited,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "GONOGO_DEMO": str(demo_file)},
    )
    told = done.stdout + done.stderr
    assert done.returncode in {4, 10, 11, 21, 22}, told
    assert "INTERNALERROR" not in told
    assert "File too large" in told


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["serial", "workers"])
def test_other_tests_that_fail_in_the_session_stop_the_release(
    smoke: Run, job: MainJob, tmp_path: Path, workers: tuple[str, ...],
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """In the verdict, so that the gate decides the same of the stored run."""
    (tmp_path / "test_other.py").write_text("def test_of_ours(): assert not 'mended'\n")
    given = ("--profile=smoke", f"--replay={smoke.folder}", *workers)
    run = job(*given, "-o", f"testpaths=checks {tmp_path / 'test_other.py'}")
    assert run.status == 10, run.output
    assert {reason["rule"] for reason in run.verdict["reasons"]} == {"session"}  # type: ignore[union-attr]
    assert "beside the checks" in " ".join(run.output.split())
    status, told = gate(str(run.folder), capsys=capsys, monkeypatch=monkeypatch)
    assert (status, "test_other.py::test_of_ours failed" in told) == (10, True), told
