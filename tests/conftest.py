"""Shared by all tests: one running demo a process, and a way to run the main job against it."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import proofs
import pytest
from hypothesis import HealthCheck, settings
from main_job import MainJob, Run, Starts, Timed, once
from pools import POOLED, POOLS, may_hold, pools_of
from unhurried import QUICK, environment

from gonogo.demo import provider

# Properties are of values; how long a busy machine takes to try one is none.
settings.register_profile("shared", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("shared")
TOLD = pytest.StashKey[str]()
"""Which proofs are due."""


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("suite", "the suite's own")
    group.addoption("--pool", choices=list(POOLS), help="run the tests of this pool alone; see tests/pools.py")
    group.addoption(
        "--proofs",
        choices=["all", "due"],
        default="all",
        help="due: leave out proofs of defects that stand; see tests/proofs.py",
    )
    group.addoption(
        "--proofs-most", type=int, metavar="N", help="prove at most so many that are due in this pool, each day others"
    )
    group.addoption("--proofs-told", metavar="FILE", help="append a line of JSON for each proof: defect and outcome")
    # Found once, by the process that starts the workers: at midnight and in a changing clone they agree.
    group.addoption("--proofs-due", dest="proofs_due", nargs="*", default=None, help=argparse.SUPPRESS)


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--proofs") == "due" and config.option.proofs_due is None:
        found, most = proofs.due(), config.getoption("--proofs-most")
        config.option.proofs_due, config.stash[TOLD] = sorted(found.ids), found.told()
        if most is not None:
            config.option.proofs_due = found.first(most, config.getoption("--pool"))
            config.stash[TOLD] += f"; {len(config.option.proofs_due)} of them here"


def pytest_report_header(config: pytest.Config) -> str | None:
    return config.stash.get(TOLD, None)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    pool = config.getoption("--pool")
    if pool and collection_path.name.startswith("test_") and not may_hold(collection_path, pool):
        return True
    return None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    wanted, proves = config.getoption("--pool"), config.option.proofs_due
    pooled, kept, left = {}, [], []
    for item in items:
        pools = pools_of(
            ({mark.name for mark in node.own_markers} for node in reversed(item.listchain())),
            getattr(item, "fixturenames", ()),
        )
        pooled[item.nodeid] = pools
        for pool in pools:
            item.add_marker(pool)
        proof = item.get_closest_marker("proof")
        stands = proof is not None and proves is not None and proof.args[0] not in proves
        if proof is not None:
            item.user_properties.append(("proof", proof.args[0]))
        (left if stands or (wanted and wanted not in pools) else kept).append(item)
    config.stash[POOLED] = pooled
    if left:
        config.hook.pytest_deselected(items=left)
        items[:] = kept


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    told, reporter = (
        session.config.getoption("--proofs-told"),
        session.config.pluginmanager.get_plugin("terminalreporter"),
    )
    if not told or hasattr(session.config, "workerinput") or reporter is None:
        return
    with Path(told).open("a", encoding="utf-8") as file:
        for outcome in ("passed", "failed", "error"):
            for report in reporter.stats.get(outcome, []):
                proof = dict(getattr(report, "user_properties", ())).get("proof")
                if proof is not None:
                    print(json.dumps([proof, outcome]), file=file)


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


@pytest.fixture(scope="session")
def unhurried(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's environment without load and with room in every budget of time."""
    path = tmp_path_factory.mktemp("unhurried") / "unhurried.toml"
    path.write_text(environment(), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def quick(unhurried: Path) -> Path:
    """The same for defects of the browser, each of which is visited anew."""
    path = unhurried.with_name("quick.toml")
    path.write_text(environment(**QUICK), encoding="utf-8")
    return path


@pytest.fixture
def job(demo_file: Path, unhurried: Path, tmp_path: Path) -> MainJob:
    return MainJob(demo_file, tmp_path / "reports", unhurried)


@pytest.fixture(scope="session")
def timed_run(demo: provider.Demo, demo_file: Path, unhurried: Path, tmp_path_factory: pytest.TempPathFactory) -> Timed:
    """For tests of the pool `alone`."""
    folder = tmp_path_factory.mktemp("timed")
    starts = Starts(folder / "starts")
    demo.reset()
    run = MainJob(demo_file, folder / "reports", unhurried)("--env=demo", env=starts.env)
    return Timed(run, starts, list(demo.log()))


@pytest.fixture(scope="session")
def stored(demo_file: Path, unhurried: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Run]:
    """Makes a whole run of the profile smoke with these defects, once for all workers: `stored("hsts-short")`."""
    mine = tmp_path_factory.getbasetemp()
    shared = (mine.parent if os.environ.get("PYTEST_XDIST_WORKER") else mine) / "stored"

    def run(*defects: str) -> Run:
        def make(reports: Path) -> Run:
            given = [f"--defect={one}" for one in defects]
            return MainJob(demo_file, reports, unhurried)("--profile=smoke", *given, env={"COLUMNS": "80"})

        return once(shared, "-".join(("smoke", *defects)), make)

    return run


@pytest.fixture(scope="session")
def smoke(stored: Callable[..., Run]) -> Run:
    """A whole run of the profile smoke that is GO."""
    run = stored()
    assert run.status == 0, run.output + run.told()
    return run


@pytest.fixture(scope="session")
def short(stored: Callable[..., Run]) -> Run:
    """The same with the defect `hsts-short`: NO-GO."""
    run = stored("hsts-short")
    assert run.status == 10, run.output + run.told()
    return run
