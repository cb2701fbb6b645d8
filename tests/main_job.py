"""Runs the main job, `pytest --env=…`, in a process of its own, and reads what it left."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Made:
    """One visit of a browser, as its record tells it; times are seconds since the epoch."""

    name: str
    began: float
    ended: float


@dataclass(frozen=True)
class Run:
    """One main job: what it printed, its status and its directory."""

    status: int
    output: str
    folder: Path

    @property
    def verdict(self) -> dict[str, object]:
        found: dict[str, object] = json.loads((self.folder / "verdict.json").read_text())
        return found

    @property
    def results(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in (self.folder / "results.jsonl").read_text().splitlines()]

    @property
    def visits(self) -> list[Made]:
        """Those that were made, in the order in which they began; a spare that was not needed was not made."""
        records = [json.loads(path.read_text()) for path in (self.folder / "evidence").glob("browser-*.json")]
        made = [
            Made(
                one["request"]["name"], *(datetime.fromisoformat(one[key]).timestamp() for key in ("started", "ended"))
            )
            for one in records
            if one["failure"] is None or one["failure"]["kind"] != "unneeded"
        ]
        return sorted(made, key=lambda one: one.began)

    @property
    def browser_s(self) -> float:
        """Seconds in which at least one visit was under way, the browser's start and each visit's waits included."""
        seconds, until = 0.0, 0.0
        for one in self.visits:
            seconds += max(one.ended - max(one.began, until), 0.0)
            until = max(until, one.ended)
        return seconds

    def checks(self, outcome: str) -> set[str]:
        return {str(result["check"]) for result in self.results if result["outcome"] == outcome}

    def told(self) -> str:
        """Findings and reasons, for a failing assertion."""
        return "\n".join(
            f"{one['outcome']} {one['check']} [{one['subject']}] {one['reason']} {[f['message'] for f in one['findings']]}"  # type: ignore[attr-defined]
            for one in self.results
            if one["outcome"] != "PASS"
        )


def main_job(
    *arguments: str, reports: Path, timeout_s: float = 600, env: dict[str, str] | None = None, cwd: Path = ROOT
) -> Run:
    """Run `pytest …` in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", f"--reports={reports}", *arguments],
        capture_output=True,
        text=True,
        errors="replace",
        timeout=timeout_s,
        cwd=cwd,
        env={**os.environ, **(env or {})},
        check=False,
    )
    return Run(done.returncode, done.stdout + done.stderr, (reports / "latest").resolve())


def in_the_collector(module: str, *folders: Path) -> dict[str, str]:
    """The environment of a main job whose collector imports this module before its own; it stands in one of the folders, or in
    tests/plugins."""
    path = (ROOT / "tests" / "plugins", *folders)
    return {"IN_THE_COLLECTOR": module, "PYTHONPATH": ":".join(map(str, path))}


@dataclass(frozen=True)
class Starts:
    """Counts the browsers that a main job starts: give the job this environment."""

    file: Path

    @property
    def env(self) -> dict[str, str]:
        return in_the_collector("browser_starts") | {"BROWSER_STARTS": str(self.file)}

    @property
    def number(self) -> int:
        return len(self.file.read_text(encoding="utf-8").splitlines()) if self.file.exists() else 0


@dataclass(frozen=True)
class Timed:
    """The one run of the whole demo that is judged by the demo's own budgets of time, and what it did."""

    run: Run
    starts: Starts
    log: list[dict[str, Any]]
    """What the demo received."""


class MainJob:
    """Runs the main job on the shared demo: without hurry (tests/unhurried.py), unless an environment is named."""

    def __init__(self, demo_file: Path, reports: Path, unhurried: Path) -> None:
        self.reports = reports
        self.env = {"GONOGO_DEMO": str(demo_file)}
        self.unhurried = unhurried

    def __call__(self, *arguments: str, timeout_s: float = 600, env: dict[str, str] | None = None) -> Run:
        named = any(one.startswith("--env=") for one in arguments)
        given = arguments if named else (f"--env={self.unhurried}", *arguments)
        return main_job(*given, reports=self.reports, timeout_s=timeout_s, env={**self.env, **(env or {})})


def once(shared: Path, name: str, make: Callable[[Path], Run]) -> Run:
    """A run that is made once for all workers, in a folder that they share; nobody may write into it."""
    shared.mkdir(parents=True, exist_ok=True)
    told = shared / f"{name}.json"
    with (shared / f"{name}.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not told.exists():
            run = make(shared / name)
            told.write_text(json.dumps([run.status, run.output, str(run.folder)]), encoding="utf-8")
    status, output, folder = json.loads(told.read_text(encoding="utf-8"))
    return Run(status, output, Path(folder))


def copied(run: Run, folder: Path) -> Path:
    """A copy of a run's directory that may be changed."""
    return Path(shutil.copytree(run.folder, folder / run.folder.name))
