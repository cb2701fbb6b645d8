"""The main job on the demo: serial and under xdist the same verdict, each planned request once, replay without a packet."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from main_job import ROOT, MainJob, Run, Timed

from gonogo.demo.provider import Demo

pytestmark = pytest.mark.wait

EVIDENCE = re.compile(r"gonogo(?:-load)?/[^ ]+ \(\+((?:http|burst|browser|load)-[0-9a-f]+)\)")


def _plan(run: Run) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((run.folder / "plan.json").read_text())
    return found


def _received(demo: Demo) -> list[dict[str, Any]]:
    return list(demo.log())


def _requests(log: list[dict[str, Any]], prefix: str) -> Counter[tuple[str, str]]:
    """(evidence id, method and path) of the requests that a probe's user agent made."""
    counted: Counter[tuple[str, str]] = Counter()
    for entry in log:
        found = EVIDENCE.search(str(entry.get("user_agent", "")))
        if found and found.group(1).startswith(prefix):
            counted[found.group(1), f"{entry['method']} {entry['path']}"] += 1
    return counted


def _same(run: Run) -> Counter[tuple[object, object, object]]:
    return Counter((one["check"], one["subject"], one["outcome"]) for one in run.results)


@pytest.mark.alone
def test_each_planned_request_arrives_once(timed_run: Timed) -> None:
    assert timed_run.run.status == 0, timed_run.run.output + timed_run.run.told()
    _arrived_once(timed_run.run, timed_run.log)


@pytest.mark.alone
@pytest.mark.slow
def test_each_planned_request_arrives_once_where_workers_judge(job: MainJob, demo: Demo) -> None:
    demo.reset()
    run = job("--env=demo", "-n", "2")
    assert run.status == 0, run.output + run.told()
    _arrived_once(run, _received(demo))


def _arrived_once(run: Run, log: list[dict[str, Any]]) -> None:
    plan = _plan(run)

    sent = _requests(log, "http-")
    assert set(sent.values()) == {1}
    planned = Counter(
        f"{entry['method']} /{unquote(entry['target'].split('/', 3)[3])}" for entry in plan if entry["probe"] == "http"
    )
    assert Counter(unquote(what) for _, what in sent) == planned

    burst = sum(_requests(log, "burst-").values())
    assert 0 < burst <= sum(entry["count"] for entry in plan if entry["probe"] == "burst")

    load = Counter(what for (_, what), count in _requests(log, "load-").items() for _ in range(count))
    assert load == Counter({f"GET /{e['target'].split('/', 3)[3]}": e["count"] for e in plan if e["probe"] == "load"})

    visits = Counter(
        name for (name, what), count in _requests(log, "browser-").items() for _ in range(count) if _is_page(what)
    )
    # The plan lists the pages that are opened by their address; the journey to the dashboard also follows one link.
    assert sum(visits.values()) == sum(entry["count"] for entry in plan if entry["method"] == "visit") + 1
    known = {path.stem for path in (run.folder / "evidence").glob("*.json")}
    assert {name for name, _ in (*sent, *_requests(log, "browser-"), *_requests(log, "load-"))} <= known


def _is_page(what: str) -> bool:
    return what in {"GET /", "GET /pricing", "GET /privacy", "GET /dashboard", "GET /dashboard/team"}


def test_serial_and_parallel_agree(job: MainJob) -> None:
    serial, parallel = job("--profile=smoke"), job("--profile=smoke", "-n", "2")
    assert serial.status == parallel.status == 0
    assert _same(serial) == _same(parallel)
    assert _plan(serial) == _plan(parallel)
    ignored = {"run_id", "decided_at", "started", "finished", "evidence", "shards", "metrics"}
    assert {k: v for k, v in serial.verdict.items() if k not in ignored} == {
        k: v for k, v in parallel.verdict.items() if k not in ignored
    }


def test_the_command_runs_it_too(tmp_path: Path, unhurried: Path) -> None:
    """`gonogo run` is pytest with its arguments, its signals and its exit status."""
    done = subprocess.run(
        [sys.executable, "-c", "from gonogo.cli import main; main()", "run", f"--env={unhurried}", "--profile=smoke", f"--reports={tmp_path}"],
        capture_output=True, text=True, check=False, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT / "src")}, timeout=600,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert " GO " in done.stdout
    wrong = subprocess.run(
        [sys.executable, "-c", "from gonogo.cli import main; main()", "run", "--env=nowhere", f"--reports={tmp_path}"],
        capture_output=True, text=True, check=False, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT / "src")}, timeout=600,
    )  # fmt: skip
    assert wrong.returncode == 4, "pytest: wrong use"
    assert "Traceback" not in wrong.stdout + wrong.stderr


@pytest.mark.slow
def test_a_policy_may_judge_web_vitals(job: MainJob) -> None:
    """Where a run has a warm-up and spare loads, too."""
    run = job("-k", "vitals")
    told = json.loads((run.folder / "receipt.json").read_text())
    assert {"vitals./.lcp_ms", "vitals./.cls"} <= {one["metric"] for one in told["metrics"]}


def test_the_plan_is_listed_beforehand(smoke: Run, demo: Demo, unhurried: Path) -> None:
    demo.reset()
    listed = subprocess.run(
        [sys.executable, "-c", "from gonogo.cli import main; main()", "plan", f"--env={unhurried}", "--profile=smoke", "--json"],
        capture_output=True, text=True, check=True, cwd=ROOT, env={"PYTHONPATH": str(ROOT / "src"), "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    assert _received(demo) == []
    plan = json.loads(listed.stdout)

    def portless(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
        told: list[dict[str, Any]] = json.loads(re.sub(r"(?<=\.test):\d+", "", json.dumps(entries)))
        return told

    key = lambda entry: json.dumps(entry, sort_keys=True)  # noqa: E731 - a sort key
    assert sorted(portless(plan), key=key) == sorted(portless(_plan(smoke)), key=key)
    assert set(plan[0]) == {"probe", "method", "target", "role", "lane", "count", "name", "does", "run"}


def test_replay_sends_nothing_and_says_the_same(job: MainJob, short: Run, tmp_path: Path) -> None:
    (tmp_path / "no_packet.py").write_text(
        "import sys\n"
        "def forbid(event, args):\n"
        "    if event in {'socket.connect', 'socket.getaddrinfo', 'socket.sendto', 'socket.gethostbyname'}:\n"
        "        raise RuntimeError(f'a packet would leave: {event} {args}')\n"
        "sys.addaudithook(forbid)\n"
    )
    again = job(
        "--env=demo",
        f"--replay={short.folder.parent / 'latest'}",
        "-p",
        "no_packet",
        env={"PYTHONPATH": str(tmp_path), "GONOGO_DEMO": "/nowhere"},
    )
    assert again.status == 10, again.output
    assert again.folder != short.folder
    assert (again.folder / "verdict.json").read_bytes() == (short.folder / "verdict.json").read_bytes()
    assert _same(again) == _same(short)


def test_a_partial_run_has_no_verdict(job: MainJob) -> None:
    run = job("-k", "hsts")
    assert run.status == 11
    assert "partial run (-k hsts): no verdict" in run.output
    assert not (run.folder / "verdict.json").exists()


def test_the_output_fits_eighty_columns(short: Run) -> None:
    """Which it was told to have."""
    run = short
    block = run.output.partition("[ 80%]")[0] or run.output
    ours = [
        line
        for line in block.splitlines()
        if line and not line.startswith(("rootdir", "plugins", "- Generated", "=", "Report"))
    ]
    assert max(map(len, ours)) <= 80, max(ours, key=len)
    assert "NO-GO" in run.output.splitlines()[-2] or "NO-GO" in "\n".join(run.output.splitlines()[-4:])


def test_reports_are_there(smoke: Run) -> None:
    names = {path.name for path in smoke.folder.iterdir()}
    assert {
        "intent.json", "results.jsonl", "evidence", "receipt.json", "verdict.json", "verdict.html", "report.html",
        "junit.xml", "summary.md", "plan.json", "environment.json", "policy.toml",
    } <= names  # fmt: skip
    report = (smoke.folder / "report.html").read_text()
    assert "security.hsts.max-age" in report
    assert "GO</strong>" in report
