"""However a run ends, in a moment no browser and no profile of one is left; only the evidence is."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from main_job import ROOT, MainJob, Run

WITHIN_S = 20.0
"""A killed run's browsers must be gone by then; a run that ends by itself leaves none when it ends."""
START_S = 60.0
LONGEST_S = 4.0
"""After the first browser was seen; by then the shortest of these runs is in its visits."""
MARK = "GONOGO_TEST_RUN"
KINDS = ("consent", "vitals", "journeys", "accessibility", "consent or journeys or errors or analytics")
"""What is being visited when the end comes."""
MOMENTS = random.Random(20261121)  # noqa: S311 - reproducible moments, not secrets
ENDS = [
    pytest.param(kind, how, MOMENTS.uniform(0.0, LONGEST_S), workers, id=f"{how.name}-{number}")
    for how in (signal.SIGTERM, signal.SIGKILL)
    for number, (kind, workers) in enumerate(zip(KINDS, ("0", "0", "0", "0", "2"), strict=True))
]

pytestmark = [
    pytest.mark.wait,
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="processes are found by /proc"),
]


@dataclass(frozen=True)
class Place:
    """A run's own folder for temporary files, and the mark that its processes carry."""

    temporary: Path
    mark: str

    @property
    def env(self) -> dict[str, str]:
        return {"TMPDIR": str(self.temporary), MARK: self.mark}

    def processes(self) -> dict[int, str]:
        """The living ones that carry the mark or were given a file of the folder, and their command lines."""
        found = {}
        for one in Path("/proc").iterdir():
            if one.name.isdigit() and (command := self._command(one)):
                found[int(one.name)] = command
        return found

    def _command(self, process: Path) -> str:
        """Of a process of the run; empty for others and for one that is gone or has ended and waits for its parent."""
        try:
            state = (process / "stat").read_text().rpartition(") ")[2][:1]
            command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            told = command + (process / "environ").read_bytes().decode(errors="replace")
        except OSError:
            return ""
        ours = f"{MARK}={self.mark}" in told or str(self.temporary) in told
        return command if ours and state != "Z" else ""

    def browsers(self) -> dict[int, str]:
        return {pid: command for pid, command in self.processes().items() if "--headless" in command}

    def profiles(self) -> list[str]:
        return sorted(
            one.name for one in self.temporary.iterdir() if one.name.startswith(("playwright", ".org.chromium"))
        )

    def left(self) -> tuple[dict[int, str], list[str]]:
        return self.processes(), self.profiles()


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    (tmp_path / "t").mkdir()
    one = Place(tmp_path / "t", uuid.uuid4().hex)
    yield one
    for pid in one.processes():
        os.kill(pid, signal.SIGKILL)


def _until_gone(place: Place) -> tuple[dict[int, str], list[str]]:
    end = time.monotonic() + WITHIN_S
    while any(left := place.left()) and time.monotonic() < end:
        time.sleep(0.05)
    return left


@pytest.mark.parametrize(("kind", "how", "after_s", "workers"), ENDS)
def test_a_run_that_is_killed_among_its_visits(
    kind: str, how: signal.Signals, after_s: float, workers: str, place: Place, job: MainJob
) -> None:
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "no:cacheprovider",
        f"--reports={job.reports}",
        f"--env={job.unhurried}",
    ]
    with subprocess.Popen(
        [*command, "-k", kind, "-n", workers],
        cwd=ROOT,
        env={**os.environ, **job.env, **place.env},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as run:
        end = time.monotonic() + START_S
        while not place.browsers():
            assert run.poll() is None, "the run ended before it started a browser"
            assert time.monotonic() < end, "no browser was started"
            time.sleep(0.02)
        assert place.profiles()
        time.sleep(after_s)
        assert run.poll() is None, "the run was over before it could be killed"
        run.send_signal(how)
        assert run.wait(WITHIN_S) != 0
    assert _until_gone(place) == ({}, [])


@pytest.mark.parametrize("defect", ["", "dashboard-blank"])
def test_a_run_that_ends_by_itself(defect: str, place: Place, job: MainJob) -> None:
    run = job("-k", "journeys", *([f"--defect={defect}"] if defect else []), env=place.env)
    assert run.folder.exists(), run.output
    assert bool(run.checks("FAIL")) is bool(defect), run.told()
    assert run.checks("PASS")
    assert place.left() == ({}, [])


def _collectors(place: Place) -> set[int]:
    return {pid for pid, command in place.processes().items() if "gonogo.gathering" in command}


@pytest.mark.parametrize("workers", ["0", "2"])
@pytest.mark.parametrize("times", [1, 2])
def test_a_run_whose_collector_is_killed(times: int, workers: str, place: Place, job: MainJob) -> None:
    """Once: another gathers what is missing, and the verdict stands. Twice: what is missing is unknown, and says why."""
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", f"--reports={job.reports}", "--env=demo"]
    with subprocess.Popen(
        [*command, "--profile=smoke", "-n", workers],
        cwd=ROOT,
        env={**os.environ, **job.env, **place.env},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as run:
        killed: set[int] = set()
        end = time.monotonic() + START_S
        while len(killed) < times:
            assert run.poll() is None, "the run ended before its collector could be killed"
            assert time.monotonic() < end, "no collector was started"
            # The first among its requests; the second as soon as it is there.
            sent = list(job.reports.glob("*/sent.log"))
            if killed or (sent and sent[0].stat().st_size > 0):
                for pid in _collectors(place) - killed:
                    os.kill(pid, signal.SIGKILL)
                    killed.add(pid)
            time.sleep(0.01)
        status = run.wait(3 * WITHIN_S)
    made = Run(status, "", (job.reports / "latest").resolve())
    assert _until_gone(place) == ({}, [])
    if times == 1:
        assert made.told() == ""
        assert status == 0
    else:
        unknown = [str(one["reason"]) for one in made.results if one["outcome"] == "UNKNOWN"]
        assert unknown, made.told()
        assert all("the collector was ended by SIGKILL" in reason for reason in unknown), made.told()
        assert all(not reason.rstrip().endswith(":") for reason in unknown)
        assert status == 10, "by the demo's strict policy a critical check must be seen to pass"
