"""A benchmark that lacks a program ends in one line that says what to install."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from main_job import ROOT

BENCHMARKS = ROOT / "benchmarks"


def _started(*arguments: str, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(BENCHMARKS / arguments[0]), *arguments[1:]],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=ROOT,
        env={**os.environ, **env},
    )


@pytest.mark.parametrize(
    ("started", "said"),
    [
        (["bench_tls.py"], "bench_tls.py needs nginx: apt-get install nginx-light"),
        (
            ["compare_security.py"],
            "compare_security.py needs npm and node: apt-get install npm, apt-get install nodejs",
        ),
        (["compare_consent.py", "--only", "klaro"], "compare_consent.py needs npm: apt-get install npm"),
        (["round_trip.py", "--no-peers", "--beside", "HEAD"], "round_trip.py needs git: apt-get install git"),
    ],
)
def test_what_is_absent_is_told_in_one_line(started: list[str], said: str, tmp_path: Path) -> None:
    done = _started(*started, env={"PATH": str(tmp_path)})
    assert done.returncode == 1
    assert done.stderr.splitlines() == [said]
    assert done.stdout == ""


def test_what_is_unavailable_is_told_in_one_line(tmp_path: Path) -> None:
    done = _started("round_trip.py", "--no-peers", env={"GONOGO_DEMO": str(tmp_path / "absent.json")})
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith("round_trip.py: GONOGO_DEMO names ")


def test_an_unknown_benchmark_is_told_with_those_that_are_there() -> None:
    done = _started("run.py", "pges", env={})
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "no benchmark pges; there are: pages, collection, gate, tls, browser, scale, trip"
    ]
