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
from main_job import ROOT, MainJob

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
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", f"--reports={job.reports}", "--env=demo"]
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
    run = job("--env=demo", "-k", "journeys", *([f"--defect={defect}"] if defect else []), env=place.env)
    assert run.folder.exists(), run.output
    assert bool(run.checks("FAIL")) is bool(defect), run.told()
    assert run.checks("PASS")
    assert place.left() == ({}, [])
