"""The command line. `pytest --env=NAME` is the main job; `gonogo` lists, explains, plans and decides beside it."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, NoReturn

import typer

import gonogo
from gonogo.errors import ConfigurationError, GonogoError, RunUnreadable, Unavailable
from gonogo.gate.model import (
    Attestation,
)
from gonogo.result import ExitStatus
from gonogo.run.conclude import plan_json, plan_of, utc_now

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Verify a deployed web system from the outside: GO or NO-GO.",
)
env_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Environment files: lint, show, list, schema.")
browser_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="The browser: find it, install it.")
app.add_typer(env_app, name="env")
app.add_typer(browser_app, name="browser")

AsJson = Annotated[bool, typer.Option("--json", help="Machine-readable output.")]
Env = Annotated[
    str, typer.Option("--env", metavar="NAME", help="Environment: a name in environments/, or a .toml file.")
]
EnvDir = Annotated[Path | None, typer.Option("--env-dir", metavar="DIR", help="Folder of environment files.")]
Profile = Annotated[str, typer.Option("--profile", metavar="PROFILE", help="smoke, security, full or nightly.")]


def _say(text: str) -> None:
    typer.echo(text)


def _fail(message: str, status: int) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(int(status))


@contextmanager
def _told() -> Iterator[None]:
    """Errors that a user can mend, in words and with their exit status."""
    try:
        yield
    except ConfigurationError as error:
        _fail(str(error), ExitStatus.CONFIGURATION_INVALID)
    except RunUnreadable as error:
        _fail(str(error), ExitStatus.EVIDENCE_UNREADABLE)
    except GonogoError as error:
        _fail(str(error), ExitStatus.CONFIGURATION_INVALID)


def _folder(env_dir: Path | None) -> Path:
    from gonogo.run.target import environments_folder

    return env_dir or environments_folder(Path.cwd())


def _variables(name: str, folder: Path) -> dict[str, str]:
    """What the provider would supply, without starting it."""
    from gonogo.environment import provider_of

    if provider_of(name, folder=folder) == "demo":
        from gonogo.demo.provider import planned_variables

        return planned_variables()
    return {}


def _checked_profile(profile: str) -> str:
    from gonogo.run.target import PROFILES

    if profile not in PROFILES:
        _fail(f"--profile={profile}: no such profile; valid: {', '.join(PROFILES)}", ExitStatus.CONFIGURATION_INVALID)
    return profile


@app.callback(invoke_without_command=True)
def _root(version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False) -> None:
    if version:
        _say(f"gonogo {gonogo.__version__}")
        raise typer.Exit(0)


@app.command(
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
    help="Verify an environment; the same as pytest with the plugin loaded. Further arguments go to pytest.",
)
def run(context: typer.Context, env: Env, profile: Profile = "full", env_dir: EnvDir = None) -> None:
    from gonogo.run import catalogue

    where = ["--pyargs", "gonogo.checks"] if catalogue.package() == "gonogo.checks" else [str(catalogue.folder())]
    arguments = ["-p", "gonogo.plugin", "-p", "no:locust", f"--env={env}", f"--profile={profile}"]
    # Our plugin imports anyio before anyio's own does, which is no error where a project makes errors of warnings.
    arguments += ["-W", "ignore::pytest.PytestAssertRewriteWarning"]
    if env_dir is not None:
        arguments.append(f"--env-dir={env_dir}")
    if catalogue.package() == "gonogo.checks":
        arguments.append(f"--rootdir={Path.cwd()}")
    # In this process' stead, so that signals and the exit status are pytest's own.
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-m", "pytest", *arguments, *context.args, *where])  # noqa: S606 - no shell is wanted


@app.command(help="List every request that a run would make, without sending one.")
def plan(env: Env, profile: Profile = "full", env_dir: EnvDir = None, as_json: AsJson = False) -> None:
    from gonogo.run import catalogue
    from gonogo.run import target as runs

    with _told():
        folder = _folder(env_dir)
        target = runs.target(env, folder=folder, variables=_variables(env, folder))
        scope = catalogue.Scope(target.environment)
        _, listed = plan_of(target.environment, catalogue.requests(scope, _checked_profile(profile)))
    if as_json:
        _say(target.scrubber()(json.dumps(plan_json(listed), indent=1)))
        return
    from gonogo.reports.plan import listing

    _say(target.scrubber()(listing(listed)))


@app.command("list", help="List the checks.")
def list_checks(
    profile: Annotated[str | None, typer.Option("--profile", help="Only those of a profile.")] = None,
    as_json: AsJson = False,
) -> None:
    from gonogo.run.catalogue import catalogue

    if profile is not None:
        _checked_profile(profile)
    with _told():
        cards = [entry.card for entry in catalogue().values() if profile is None or profile in entry.card.profiles]
    if as_json:
        document = [
            {
                "id": card.id,
                "title": card.title,
                "severity": card.severity.value,
                "safety": card.safety.value,
                "profiles": list(card.profiles),
                "concern": card.concern,
            }
            for card in cards
        ]
        _say(json.dumps(document, indent=1))
        return
    for card in cards:
        _say(f"{card.id}  ({card.severity.value})\n    {card.title}")
    _say(f"{len(cards)} checks; `gonogo explain ID` tells why and how to fix")


@app.command(help="Explain a check: why it matters, how to fix it, where it comes from.")
def explain(check: Annotated[str, typer.Argument(metavar="ID")]) -> None:
    from gonogo.run.catalogue import catalogue

    with _told():
        entries = catalogue()
    if check not in entries:
        close = get_close_matches(check, entries, 3, 0.5)
        _fail(
            f"no check has the id {check!r}"
            + (f"; did you mean {' or '.join(close)}?" if close else "; `gonogo list` lists them"),
            20,
        )
    entry = entries[check]
    _say(f"{entry.card.id}: {entry.card.title}")
    _say(
        f"severity {entry.card.severity}, {entry.card.safety}, profiles {', '.join(entry.card.profiles)}, needs {entry.needs}, in {entry.file}\n"
    )
    _say(entry.card.why)


@app.command(help="List the defects that the demo target can show, with the checks that each must trip.")
def defects(as_json: AsJson = False) -> None:
    from gonogo.demo.defects import DEFECTS

    if as_json:
        _say(json.dumps([{"id": one.id, "title": one.title, "trips": list(one.trips)} for one in DEFECTS], indent=1))
        return
    for one in DEFECTS:
        _say(f"{one.id:<34} {one.title}\n{'':<34} trips {', '.join(one.trips)}")
    _say(f"{len(DEFECTS)} defects; `pytest --env=demo --defect=ID` shows one")


@app.command(help="Decide again on a run's directory (or several shards), as of now.")
def gate(
    paths: Annotated[
        list[Path], typer.Argument(metavar="RUN...", help="Run directories, or JUnit files of other suites.")
    ],
    policy: Annotated[
        Path | None, typer.Option("--gate-policy", metavar="FILE", help="Policy in place of the run's own.")
    ] = None,
    at: Annotated[
        str | None, typer.Option("--at", metavar="TIME", help="Decide as of this moment (ISO 8601); default: now.")
    ] = None,
    environment: Annotated[
        str, typer.Option("--env", metavar="NAME", help="The environment that the runs must be about.")
    ] = "",
    release: Annotated[
        str, typer.Option("--release", metavar="ID", help="The release that the runs must be about.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    from gonogo.gate.decide import decide
    from gonogo.gate.encode import verdict_text
    from gonogo.run import folder as rundir
    from gonogo.run import target as runs

    with _told():
        moment = _moment(at) if at else utc_now()
        shards = [rundir.read_junit(path) if path.suffix == ".xml" else rundir.read(path) for path in paths]
        folders = [rundir.resolve(path) for path in paths if path.suffix != ".xml"]
        if policy is None and not (folders and (folders[0] / "policy.toml").is_file()):
            _fail("no policy: none of the runs holds one; give --gate-policy=FILE", ExitStatus.CONFIGURATION_INVALID)
        parsed, _ = runs.read_policy(policy or folders[0] / "policy.toml")
        waivers = parsed.waivers
        attestations: tuple[Attestation, ...] = ()
        for folder in folders:
            waivers += runs.stored_waivers(folder)
            attestations += runs.stored_attestations(folder)
        verdict = decide(
            shards,
            parsed,
            waivers=tuple(dict.fromkeys(waivers)),
            attestations=tuple(dict.fromkeys(attestations)),
            at=moment,
            environment=environment,
            release=release,
        )
    if as_json:
        sys.stdout.write(verdict_text(verdict))
    else:
        for reason in (*verdict.reasons, *verdict.warnings):
            _say(f"{reason.rule}: {reason.message}".encode("ascii", "backslashreplace").decode())
        _say(
            f"{verdict.decision} for {verdict.environment or 'an unknown environment'}, decided at {verdict.decided_at:%Y-%m-%d %H:%M:%S} UTC"
        )
    raise typer.Exit(int(verdict.exit_status))


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        _fail(
            f"--at={text}: not a time; wanted ISO 8601 with an offset: 2026-11-21T12:00:00+00:00",
            ExitStatus.CONFIGURATION_INVALID,
        )
    if moment.tzinfo is None:
        _fail(
            f"--at={text}: has no offset from UTC; wanted 2026-11-21T12:00:00+00:00", ExitStatus.CONFIGURATION_INVALID
        )
    return moment


@app.command(help="Start the demo target and keep it running until Ctrl-C.")
def demo(
    defect: Annotated[list[str] | None, typer.Option("--defect", metavar="ID", help="Switch on a defect.")] = None,
    publish: Annotated[
        Path | None,
        typer.Option(
            "--publish", metavar="FILE", help="Write what GONOGO_DEMO may name, so that runs attach to this demo."
        ),
    ] = None,
) -> None:
    from gonogo.demo import provider
    from gonogo.demo.defects import misnamed

    if wrong := misnamed(defect or ()):
        _fail(f"--defect={wrong}", ExitStatus.CONFIGURATION_INVALID)
    with _told():
        running = provider.start(defects=tuple(defect or ()))
    try:
        if publish is not None:
            running.publish(publish)
        for name, value in sorted(running.variables.items()):
            _say(f"{name}={'***' if name in running.secret_names else value}")
        _say(f"https://www.acme.test:{running.variables['DEMO_HTTPS_PORT']}/ is up at 127.0.0.1; Ctrl-C ends it")
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        while running.alive():
            time.sleep(0.5)
    except KeyboardInterrupt:
        pass
    finally:
        running.stop()


# --- env ----------------------------------------------------------------------------------------------------------


@env_app.command("list", help="List the environments.")
def env_list(env_dir: EnvDir = None) -> None:
    from gonogo.environment.load import names

    for name in names(_folder(env_dir)):
        _say(name)


@env_app.command("lint", help="Check an environment file, its policy and its waivers; every problem at once.")
def env_lint(name: Annotated[str, typer.Argument(metavar="NAME")], env_dir: EnvDir = None) -> None:
    from gonogo.environment import lint, load
    from gonogo.run import target as runs

    with _told():
        folder = _folder(env_dir)
        variables = _variables(name, folder)
        loaded = load(name, folder=folder, variables=variables)
        found = lint(loaded)
        # A provider makes its CA when it starts; it has not started here.
        errors = [problem for problem in found.errors if not (variables and problem.key == "ca_file")]
        for problem in (*errors, *found.warnings):
            _say(f"{'error' if problem in errors else 'warning'}: {problem}")
        if errors:
            raise typer.Exit(int(ExitStatus.CONFIGURATION_INVALID))
        runs.target(name, folder=folder, variables=variables)
    _say(f"{loaded.path}: fit to use" + (f", {len(found.warnings)} warnings" if found.warnings else ""))


@env_app.command("show", help="Show an environment as it is after extends and variables, secrets masked.")
def env_show(
    name: Annotated[str, typer.Argument(metavar="NAME")],
    env_dir: EnvDir = None,
    origin: Annotated[bool, typer.Option("--origin", help="Say from which file and line each value comes.")] = False,
) -> None:
    from gonogo.environment import load, show

    with _told():
        folder = _folder(env_dir)
        _say(show(load(name, folder=folder, variables=_variables(name, folder)), origin))


@env_app.command("schema", help="Print the JSON Schema of environment files, for editors.")
def env_schema() -> None:
    from gonogo.environment.schema import schema_text

    _say(schema_text().rstrip())


# --- browser ------------------------------------------------------------------------------------------------------


@browser_app.command("install", help="Get a browser: Playwright's own first, then the distribution's package.")
def browser_install() -> None:
    from gonogo.probes.browser.browsers import install

    raise typer.Exit(install(_say))


@browser_app.command("find", help="Say which browser a run would use.")
def browser_find() -> None:
    import anyio

    from gonogo.probes.browser.browsers import told, verify

    try:
        identity = anyio.run(verify)
    except Unavailable as error:
        _fail(told(error), ExitStatus.CONFIGURATION_INVALID)
    _say(f"{identity.name} {identity.version}" + (f" at {identity.path}" if identity.path else ""))


# --- docs ---------------------------------------------------------------------------------------------------------


@app.command("docs", hidden=True, help="Write the generated documentation: the catalogue, environments, schemas.")
def docs(root: Annotated[Path, typer.Option("--root")] = Path()) -> None:
    from gonogo.cli.documents import documents
    from gonogo.door import replace

    for name, text in documents().items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        replace(path, text)
        _say(str(path))


USAGE_ERROR = 2
"""What the command-line library exits with; ours is CONFIGURATION_INVALID."""


def main() -> None:
    """The console script. An unexpected error is a bug in gonogo: status 22, never a status that means a verdict."""
    try:
        app()
        status = 0
    except SystemExit as stop:
        status = stop.code if isinstance(stop.code, int) else 0 if stop.code is None else int(ExitStatus.INTERNAL)
    except KeyboardInterrupt:
        status = 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 141
    except Exception:  # noqa: BLE001 - the last line of defence
        traceback.print_exc()
        typer.echo("gonogo: this is a bug; no verdict follows from it", err=True)
        status = int(ExitStatus.INTERNAL)
    raise SystemExit(int(ExitStatus.CONFIGURATION_INVALID) if status == USAGE_ERROR else status)
