"""The pytest plugin: `pytest --env=NAME` verifies an environment and ends with a verdict. Inert without `--env`.

Fixtures hand evidence to checks and fail where it is missing (UNKNOWN); a check's body judges (PASS or FAIL). Only the
process that runs no tests under xdist, or the only process, writes results, decides and sets the exit status. Evidence is
gathered by a process of its own (`gonogo.gathering`).
"""

from __future__ import annotations

import pytest

from gonogo.check import card_of
from gonogo.plugin.begin import begin, cannot_begin, forget_latest, join
from gonogo.plugin.fixtures import STATE, evidence_fixtures, generate_tests
from gonogo.plugin.options import add_options, quiet
from gonogo.plugin.outcome import PROPERTY
from gonogo.plugin.session import OtherReports, Session

globals().update(evidence_fixtures())


def pytest_addoption(parser: pytest.Parser) -> None:
    add_options(parser)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("gonogo_env") is None:
        if config.getoption("gonogo_replay") or config.getoption("gonogo_defects"):
            raise pytest.UsageError("--replay and --defect need --env=NAME")
        return
    if config.option.showfixtures or config.option.show_fixtures_per_test:
        raise pytest.UsageError("--fixtures runs nothing and decides nothing; leave --env out")
    worker = getattr(config, "workerinput", None)
    try:
        state = join(worker[PROPERTY]) if worker is not None else begin(config)
    except BaseException as error:  # noqa: BLE001 - raised again
        if worker is None and not config.option.collectonly:
            # Whoever reads `latest` next must not take an older run for this one.
            forget_latest(config)
        cannot_begin(config, error)
    config.stash[STATE] = state
    for kind in (
        "ResourceWarning",
        "pytest.PytestUnraisableExceptionWarning",
        "pytest.PytestUnhandledThreadExceptionWarning",
    ):
        # What the garbage collector finds belongs to no check, whatever the project's own tests make of it.
        config.addinivalue_line("filterwarnings", f"default::{kind}")
    config.pluginmanager.register(Session(config, state), "gonogo-session")
    config.pluginmanager.register(OtherReports(config, state), "gonogo-other-reports")
    if state.folder is not None and not state.worker:
        quiet(config)
        if config.pluginmanager.hasplugin("html") and not config.getoption("htmlpath", None):
            config.option.htmlpath = str(state.folder / "report.html")
            config.option.self_contained_html = True


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    generate_tests(metafunc)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if STATE not in config.stash and any(card_of(getattr(item, "function", None)) for item in items):
        raise pytest.UsageError("checks need an environment: pytest --env=demo, or a name from `gonogo env list`")
