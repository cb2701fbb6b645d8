"""The plugin among other people's tests: loaded on purpose only, inert without --env, and its options do not clash."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from main_job import ROOT, MainJob, main_job

from gonogo.plugin.session import unless_gone

pytestmark = pytest.mark.wait


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:locust", "-p", "no:cacheprovider", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        check=False,
    )


def test_no_entry_point_claims_options_in_other_projects() -> None:
    assert not [point for point in entry_points(group="pytest11") if point.value.startswith("gonogo")]


def test_a_project_with_its_own_env_option_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text("def pytest_addoption(parser):\n    parser.addoption('--env', dest='env')\n")
    (tmp_path / "test_theirs.py").write_text(
        "def test_env(request):\n    assert request.config.getoption('env') == 'qa'\n"
    )
    done = run(tmp_path, "--env=qa")
    assert done.returncode == 0, done.stdout


def test_without_env_the_plugin_is_inert(tmp_path: Path) -> None:
    (tmp_path / "test_theirs.py").write_text("def test_one():\n    pass\n")
    done = run(tmp_path, "-p", "gonogo.plugin")
    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout
    assert not (tmp_path / "reports").exists()


def test_the_options_are_told(tmp_path: Path) -> None:
    done = run(tmp_path, "-p", "gonogo.plugin", "--help")
    for option in ("--env=NAME", "--profile=PROFILE", "--replay=RUN", "--defect=ID", "--gate-policy=FILE"):
        assert option in done.stdout


def test_a_check_of_ones_own_beside_ours(tmp_path: Path, job: MainJob) -> None:
    """A failing test that is no check of ours never ends in GO."""
    plugin = tmp_path / "more.py"
    plugin.write_text("def pytest_collect_file(parent, file_path):\n    return None\n")
    (tmp_path / "test_more.py").write_text("def test_theirs():\n    assert False\n")
    status = job("--profile=smoke", str(ROOT / "checks"), str(tmp_path / "test_more.py"))
    assert status.status != 0, status.output


@pytest.mark.parametrize(
    "arguments",
    [
        ["-x"],
        ["checks/tls"],
        *(
            pytest.param(one, marks=pytest.mark.slow)
            for one in (["--deselect=checks/tls"], ["--ignore=checks/tls"], ["-m", "not slow"])
        ),
    ],
)
def test_every_way_to_narrow_a_run_is_partial(arguments: list[str], job: MainJob) -> None:
    run = job("--profile=smoke", *arguments)
    assert "partial run" in run.output, run.output
    assert not (run.folder / "verdict.json").exists()


def test_collecting_only_starts_nothing(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--env=demo", "--collect-only", "-q", f"--reports={tmp_path / 'reports'}"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "test_max_age[/pricing]" in done.stdout
    assert not (tmp_path / "reports").exists()


@pytest.mark.parametrize("option", ["--fixtures", "--fixtures-per-test"])
def test_a_listing_of_fixtures_is_no_run(option: str, tmp_path: Path) -> None:
    run = main_job("--env=demo", option, reports=tmp_path / "reports")
    assert run.status == 4, run.output
    assert "leave --env out" in run.output


def test_what_is_sent_to_a_dead_worker_is_lost_and_no_more() -> None:
    """xdist hands the next tests to a worker that was killed a moment before: its own end tells what is lost."""
    sent: list[tuple[str, object]] = []

    def send(name: str, **parameters: object) -> None:
        if name == "shutdown":
            raise BrokenPipeError
        sent.append((name, parameters))

    guarded = unless_gone(send)
    guarded("runtests", indices=[1])
    guarded("shutdown")
    assert sent == [("runtests", {"indices": [1]})]
