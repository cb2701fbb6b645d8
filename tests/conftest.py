"""Shared by all tests: one running demo a process, and a way to run the main job against it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from gonogo.demo import provider

ROOT = Path(__file__).parents[1]


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
    *arguments: str, reports: Path, timeout_s: float = 180, env: dict[str, str] | None = None, cwd: Path = ROOT
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


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[provider.Demo]:
    """A running demo; its file for GONOGO_DEMO is `demo_file`."""
    running = provider.start()
    yield running
    running.stop()


@pytest.fixture(scope="session")
def demo_file(demo: provider.Demo, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("demo") / "demo.json"
    demo.publish(path)
    return path


class MainJob:
    """Runs the main job on the shared demo."""

    def __init__(self, demo_file: Path, reports: Path) -> None:
        self.reports = reports
        self.env = {"GONOGO_DEMO": str(demo_file)}

    def __call__(self, *arguments: str, timeout_s: float = 180, env: dict[str, str] | None = None) -> Run:
        return main_job(*arguments, reports=self.reports, timeout_s=timeout_s, env={**self.env, **(env or {})})


@pytest.fixture
def job(demo_file: Path, tmp_path: Path) -> MainJob:
    return MainJob(demo_file, tmp_path / "reports")


def lines(items: Sequence[object]) -> str:
    return "\n".join(str(item) for item in items)
