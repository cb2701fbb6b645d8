"""The command line's part of a run: our options, and what those of pytest mean for us."""

from __future__ import annotations

from pathlib import Path

import pytest

from gonogo.run import catalogue
from gonogo.run import target as runs


def add_options(parser: pytest.Parser) -> None:
    """`--env` and the options that need it."""
    group = parser.getgroup("gonogo", "gonogo: verify a deployed system")
    group.addoption(
        "--env",
        dest="gonogo_env",
        metavar="NAME",
        help="environment to verify: a name in environments/, or a .toml file",
    )
    group.addoption(
        "--profile",
        dest="gonogo_profile",
        metavar="PROFILE",
        help=f"checks to run: {', '.join(runs.PROFILES)} (default: full)",
    )
    group.addoption(
        "--env-dir",
        dest="gonogo_env_dir",
        metavar="DIR",
        help="folder of environment files (default: environments/ of this project)",
    )
    group.addoption(
        "--reports",
        dest="gonogo_reports",
        metavar="DIR",
        help="where runs are written (default: reports/ of this project)",
    )
    group.addoption(
        "--gate-policy", dest="gonogo_policy", metavar="FILE", help="policy in place of the environment's own"
    )
    group.addoption(
        "--replay",
        dest="gonogo_replay",
        metavar="RUN",
        help="judge the stored evidence of a run again; nothing is sent",
    )
    group.addoption(
        "--defect",
        dest="gonogo_defects",
        metavar="ID",
        action="append",
        default=[],
        help="switch on a defect of the demo target (may be repeated)",
    )


def reports_folder(config: pytest.Config) -> Path:
    return Path(config.getoption("gonogo_reports") or config.rootpath / "reports")


def unwritable(config: pytest.Config, error: OSError) -> str:
    reports = reports_folder(config)
    where = Path(str(error.filename or reports))
    inside = where == reports or reports in where.parents
    hint = f"; runs are written below {reports}, --reports=DIR names another folder" if inside else ""
    return f"{where}: {error.strerror or error}{hint}"


def quiet(config: pytest.Config) -> None:
    """Our own lines replace pytest's dots and tracebacks, unless the user asked for more."""
    if getattr(config.option, "verbose", 1) <= 0:
        if config.option.tbstyle == "auto":
            config.option.tbstyle = "no"
        if config.option.reportchars == "fE":
            config.option.reportchars = ""
            config.option.no_summary = False


def distributed(config: pytest.Config) -> bool:
    """Whether xdist workers run the tests."""
    return bool(getattr(config.option, "numprocesses", None) or getattr(config.option, "tx", None))


def narrowed(config: pytest.Config) -> str:
    """Why this run does not see every check of its profile; empty when it does."""
    option = config.option
    reasons = [
        *([f"-k {option.keyword}"] if option.keyword else []),
        *([f"-m {option.markexpr}"] if option.markexpr else []),
        *(["-x"] if option.maxfail == 1 else [f"--maxfail={option.maxfail}"] if option.maxfail else []),
        *(["--deselect"] if option.deselect else []),
        *(["--ignore"] if option.ignore or option.ignore_glob else []),
        *(["--last-failed"] if getattr(option, "lf", False) else []),
        *(["--stepwise"] if getattr(option, "stepwise", False) else []),
    ]
    whole = {catalogue.folder().resolve(), catalogue.folder().resolve().parent}
    if config.args_source is pytest.Config.ArgsSource.ARGS:
        for argument in config.args:
            named = argument == "gonogo.checks" or Path(str(config.invocation_params.dir), argument).resolve() in whole
            if not named:
                reasons.append(argument)
    return " ".join(reasons)
