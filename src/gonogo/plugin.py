"""The pytest plugin: `pytest --env=NAME` verifies an environment and ends with a verdict. Inert without `--env`.

Fixtures hand evidence to checks and fail where it is missing (UNKNOWN); a check's body judges (PASS or FAIL). Only the
process that runs no tests under xdist, or the only process, writes results, decides and sets the exit status.
"""

from __future__ import annotations

import gc
import json
import signal
import threading
import traceback
from collections import Counter
from collections.abc import Callable, Generator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

from gonogo import catalogue
from gonogo import run as runs
from gonogo.check import Card, card_of
from gonogo.errors import (
    ConfigurationError,
    EvidenceMissing,
    GonogoError,
    PolicyInvalid,
    RunUnreadable,
    Shortfall,
    Unavailable,
)
from gonogo.evidence.collector import Collector
from gonogo.evidence.records import STAGES, Evidence, Request, identity
from gonogo.evidence.store import Store
from gonogo.nouns import NOUNS, Noun, Subject, Watched
from gonogo.progress import Progress
from gonogo.result import Decision, ExitStatus, Finding, Outcome, Result, decode, encode

if TYPE_CHECKING:
    from gonogo.demo.provider import Demo
    from gonogo.gate.model import Receipt, Verdict
    from gonogo.reports.model import Report

PROPERTY = "gonogo"
"""Name of the user property that carries a result's JSON line from a worker to the controller."""
_state = pytest.StashKey["State"]()
_judged = pytest.StashKey["Judged"]()
JUDGEMENT_S = 20
"""Most time of one judgement; evidence is waited for before."""
MAX_SHOWN = 4000
"""Characters of a failure's text that pytest is given; everything is in results.jsonl."""


@dataclass(slots=True)
class Judged:
    """What a test judges, and what came of it so far."""

    card: Card
    noun: Noun
    subject: Subject
    excluded: str = ""
    watched: Watched | None = None
    outcome: Outcome | None = None
    findings: tuple[Finding, ...] = ()
    reason: str = ""
    seconds: float = 0.0


@dataclass(slots=True)
class State:
    """One process's part in a run."""

    name: str
    profile: str
    target: runs.Target
    folder: Path | None
    """The run's directory; None when nothing is gathered (`--collect-only`)."""
    run_id: str
    worker: bool
    started: datetime
    replay: Path | None = None
    demo: Demo | None = None
    variables: dict[str, str] = field(default_factory=dict, repr=False)
    partial: str = ""
    collector: Collector | None = None
    store: Store | None = None
    progress: Progress | None = None
    scrub: Callable[[str], str] = str
    results: list[Result] = field(default_factory=list)
    log: Any = None
    verdict: Verdict | None = None
    report: Report | None = None
    stale: str = ""
    foreign_failures: int = 0
    trouble: str = ""

    def evidence(self, request: Request) -> Evidence:
        """Wait for evidence. Raises EvidenceMissing when it cannot come."""
        tick = self.progress.tick if self.progress is not None else None
        if self.collector is not None:
            return self.collector.wait(request, tick)
        found = self.store.read(identity(request)) if self.store is not None else None
        if found is None:
            raise EvidenceMissing("deadline", f"{identity(request)} is not among the evidence of the stored run")
        return found


# --- options and start --------------------------------------------------------------------------------------------


def pytest_addoption(parser: pytest.Parser) -> None:
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
        state = _join(worker[PROPERTY]) if worker is not None else _begin(config)
    except BaseException as error:  # noqa: BLE001 - raised again
        if worker is None and not config.option.collectonly:
            # Whoever reads `latest` next must not take an older run for this one.
            _forget_latest(config)
        _cannot_begin(config, error)
    config.stash[_state] = state
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
        _quiet(config)
        if config.pluginmanager.hasplugin("html") and not config.getoption("htmlpath", None):
            config.option.htmlpath = str(state.folder / "report.html")
            config.option.self_contained_html = True


def _unless_gone(send: Callable[..., None]) -> Callable[..., None]:
    """What xdist sends to a worker that was killed a moment ago is lost, not an internal error that ends the whole run:
    that the worker is down reaches xdist by its closed channel, and its tests then go to another."""

    @wraps(send)
    def sent(name: str, **parameters: object) -> None:
        with suppress(OSError):
            send(name, **parameters)

    return sent


def _cannot_begin(config: pytest.Config, error: BaseException) -> NoReturn:
    """End with the status and the words that belong to the error; what is not ours is raised on."""
    match error:
        case PolicyInvalid():
            pytest.exit(f"the policy cannot be used:\n{error}", returncode=int(ExitStatus.CONFIGURATION_INVALID))
        case RunUnreadable():
            pytest.exit(str(error), returncode=int(ExitStatus.EVIDENCE_UNREADABLE))
        case ConfigurationError() | Unavailable():
            raise pytest.UsageError(str(error)) from None
        case OSError():
            raise pytest.UsageError(_unwritable(config, error)) from None
    raise error


def _reports(config: pytest.Config) -> Path:
    return Path(config.getoption("gonogo_reports") or config.rootpath / "reports")


def _unwritable(config: pytest.Config, error: OSError) -> str:
    reports = _reports(config)
    where = Path(str(error.filename or reports))
    inside = where == reports or reports in where.parents
    hint = f"; runs are written below {reports}, --reports=DIR names another folder" if inside else ""
    return f"{where}: {error.strerror or error}{hint}"


def _forget_latest(config: pytest.Config) -> None:
    from gonogo import rundir

    with suppress(OSError):
        rundir.forget_latest(_reports(config))


def _quiet(config: pytest.Config) -> None:
    """Our own lines replace pytest's dots and tracebacks, unless the user asked for more."""
    if getattr(config.option, "verbose", 1) == 0:
        if config.option.tbstyle == "auto":
            config.option.tbstyle = "no"
        if config.option.reportchars == "fE":
            config.option.reportchars = ""
            config.option.no_summary = False


def _begin(config: pytest.Config) -> State:
    """Start a run in the process that decides."""
    from gonogo import rundir

    name, profile = config.getoption("gonogo_env"), config.getoption("gonogo_profile") or "full"
    if profile not in runs.PROFILES:
        raise pytest.UsageError(f"--profile={profile}: no such profile; valid: {', '.join(runs.PROFILES)}")
    folder = Path(config.getoption("gonogo_env_dir") or runs.environments_folder(config.rootpath))
    policy = Path(config.getoption("gonogo_policy")) if config.getoption("gonogo_policy") else None
    defects = tuple(config.getoption("gonogo_defects"))
    reports = _reports(config)
    started = runs.utc_now()
    if config.getoption("gonogo_replay"):
        if defects:
            raise pytest.UsageError("--defect cannot change stored evidence; leave it out of a replay")
        return _begin_replay(config, Path(config.getoption("gonogo_replay")), policy, reports)
    gathers = not config.option.collectonly
    kind = runs.provider(name, folder=folder)
    if defects and kind != "demo":
        raise pytest.UsageError(f"--defect works on the embedded demo only; environment {name!r} is a real system")
    demo, variables = _start_demo(defects, gathers=gathers) if kind == "demo" else (None, {})
    try:
        target = runs.target(name, folder=folder, variables=variables, policy=policy, decides=gathers)
        run = (
            rundir.create(reports, environment=target.environment.name, profile=profile, started=started)
            if gathers
            else None
        )
        if run is not None:
            runs.write_copy(target, run)
    except BaseException:
        if demo is not None:
            demo.stop()
        raise
    state = State(
        name=name, profile=profile, target=target, folder=run, run_id=run.name if run else "", worker=False,
        started=started, demo=demo, variables=variables, scrub=target.scrubber(),
    )  # fmt: skip
    if run is not None:
        state.store = Store(run / "evidence", scrub=target.scrub_record)
    return state


def _start_demo(defects: Sequence[str], *, gathers: bool) -> tuple[Demo | None, dict[str, str]]:
    """The demo, where something is gathered, and the variables that it supplies to its environment file."""
    from gonogo.demo import provider

    _known_defects(defects)
    if not gathers:
        return None, provider.planned_variables()
    demo = provider.start(defects=defects)
    return demo, dict(demo.variables)


def _known_defects(defects: Sequence[str]) -> None:
    from gonogo.demo.defects import misnamed

    if wrong := misnamed(defects):
        raise pytest.UsageError(f"--defect={wrong}")


def _begin_replay(config: pytest.Config, source: Path, policy: Path | None, reports: Path) -> State:
    """Judge a stored run again, in a directory of its own that keeps the run's identity."""
    from gonogo import rundir

    source = rundir.resolve(source)
    target = runs.read_copy(source, policy=policy)
    stored = rundir.read(source)
    assert stored.intent is not None
    name = config.getoption("gonogo_env")
    if name != target.environment.name and not name.endswith(".toml"):
        raise pytest.UsageError(
            f"--replay={source}: that run verified environment {target.environment.name!r}, not {name!r}"
        )
    profile = config.getoption("gonogo_profile")
    if profile and profile != stored.intent.profile:
        raise pytest.UsageError(
            f"--profile={profile}: that run was of profile {stored.intent.profile!r}; leave --profile out"
        )
    if stored.receipt is None:
        raise RunUnreadable(f"{source}: the run did not finish, so there is nothing whole to replay")
    if stored.problems:
        raise RunUnreadable(f"{source}: " + "; ".join(problem.message for problem in stored.problems))
    run = rundir.create(
        reports, environment=f"{target.environment.name}-replay", profile=stored.intent.profile, started=runs.utc_now()
    )
    state = State(
        name=name, profile=stored.intent.profile, target=target, folder=run, run_id=stored.intent.run_id, worker=False,
        started=stored.intent.started, replay=source, scrub=target.scrubber(),
    )  # fmt: skip
    runs.write_copy(target, run)
    state.store = runs.copy_evidence(source, run)
    return state


def _join(handed: str) -> State:
    """Take part in a run as an xdist worker, with what the controller handed over."""
    told = json.loads(handed)
    run = Path(told["folder"]) if told["folder"] else None
    if told["replay"] and run is not None:
        target = runs.read_copy(run)
    else:
        target = runs.target(
            told["name"],
            folder=Path(told["env_dir"]),
            variables=told["variables"],
            policy=Path(told["policy"]) if told["policy"] else None,
        )
    state = State(
        name=told["name"], profile=told["profile"], target=target, folder=run, run_id=told["run_id"], worker=True,
        started=datetime.fromisoformat(told["started"]), replay=Path(told["replay"]) if told["replay"] else None,
        scrub=target.scrubber(),
    )  # fmt: skip
    if run is not None:
        state.store = Store(run / "evidence", scrub=target.scrub_record)
    return state


# --- fixtures: the nouns ------------------------------------------------------------------------------------------


def _noun_fixture(noun: Noun) -> Any:
    def evidence(request: pytest.FixtureRequest) -> object:
        state, judged = request.config.stash[_state], request.node.stash[_judged]
        watched = Watched(state)
        judged.watched = watched
        return noun.build(state.target.environment, judged.subject, watched)

    evidence.__doc__ = f"{noun.doc} Needs {noun.section} in the environment file."
    return pytest.fixture(name=noun.name)(evidence)


for _noun in NOUNS.values():
    globals()[f"noun_{_noun.name}"] = _noun_fixture(_noun)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    card = card_of(metafunc.function)
    if card is None:
        return
    state = metafunc.config.stash.get(_state, None)
    if state is None:
        return
    entry = catalogue.Entry(card, catalogue.noun_of(metafunc.function), metafunc.function, "")
    if why := entry.excluded(state.target.environment):
        absent = Subject(catalogue.NOT_CONFIGURED, (), why)
        marks = pytest.mark.skip(reason=why)
        metafunc.parametrize(
            entry.noun.name, [pytest.param(absent, marks=marks)], ids=[catalogue.NOT_CONFIGURED], indirect=True
        )
        return
    subjects = entry.subjects(state.target.environment)
    metafunc.parametrize(entry.noun.name, subjects, ids=[subject.id for subject in subjects], indirect=True)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if _state not in config.stash and any(card_of(getattr(item, "function", None)) for item in items):
        raise pytest.UsageError("checks need an environment: pytest --env=demo, or a name from `gonogo env list`")


def _stage(subject: Subject) -> int:
    """When a subject's evidence is complete; tests run in that order, so that none waits while another could judge."""
    return max(
        (index for request in subject.requests for index, lanes in enumerate(STAGES) if request.lane in lanes),
        default=0,
    )


def _judgement(item: pytest.Item) -> Judged | None:
    function = getattr(item, "function", None)
    card = card_of(function)
    callspec = getattr(item, "callspec", None)
    if card is None or function is None or callspec is None:
        return None
    noun = catalogue.noun_of(function)
    subject = callspec.params[noun.name]
    return Judged(card, noun, subject, excluded=str(subject.declared) if subject.id == catalogue.NOT_CONFIGURED else "")


class Session:
    """The hooks of one run."""

    def __init__(self, config: pytest.Config, state: State) -> None:
        self.config = config
        self.state = state

    # --- collection ---

    @pytest.hookimpl(trylast=True)
    def pytest_sessionstart(self) -> None:
        from gonogo import rundir

        state = self.state
        if state.worker or state.folder is None:
            return
        state.partial = _narrowed(self.config)
        intent = runs.intent(
            state.target, run_id=state.run_id, profile=state.profile, partial=state.partial, started=state.started
        )
        try:
            rundir.write_intent(state.folder, intent)
            state.log = rundir.open_results(state.folder)
        except OSError as error:
            pytest.exit(_unwritable(self.config, error), returncode=int(ExitStatus.INTERNAL))
        expected = Counter(one.check.partition(".")[0] for one in intent.expected)
        expected.update(check.partition(".")[0] for check, _, _ in intent.not_applicable)
        reporter: Any = self.config.pluginmanager.get_plugin("terminalreporter")
        if reporter is not None and self.config.option.verbose == 0:
            reporter.showfspath = False
            reporter._show_progress_info = False
            state.progress = Progress(reporter._tw._file, expected, evidence=self._gathering)

    def _gathering(self) -> str:
        collector = self.state.collector
        if self.state.replay is not None:
            return "stored evidence"
        if collector is None:
            return "workers are at it"
        running = (
            "+".join(sorted({lane for lane, count in collector.progress.running.items() if count > 0})) or "waiting"
        )
        return f"evidence {collector.progress.done} of {collector.progress.planned} ({running})"

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        state, option = self.state, self.config.option
        node.sendcommand = _unless_gone(node.sendcommand)
        node.workerinput[PROPERTY] = json.dumps(
            {
                "name": state.name if not state.name.endswith(".toml") else str(Path(state.name).resolve()),
                "profile": state.profile,
                "folder": str(state.folder.resolve()) if state.folder else "",
                "run_id": state.run_id,
                "started": state.started.isoformat(),
                "variables": state.variables,
                "env_dir": str(Path(option.gonogo_env_dir or runs.environments_folder(self.config.rootpath)).resolve()),
                "policy": str(Path(option.gonogo_policy).resolve()) if option.gonogo_policy else "",
                "replay": str(state.replay.resolve()) if state.replay else "",
            }
        )

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        kept: list[pytest.Item] = []
        left: list[pytest.Item] = []
        for item in items:
            judged = _judgement(item)
            if judged is not None:
                item.stash[_judged] = judged
            (kept if judged is None or self.state.profile in judged.card.profiles else left).append(item)
        if left:
            config.hook.pytest_deselected(items=left)
        kept.sort(key=lambda item: _stage(item.stash[_judged].subject) if _judged in item.stash else len(STAGES))
        items[:] = kept

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        # What is loaded by now stays to the end; the collections to come, five of them at pytest's end, pass it by.
        gc.freeze()
        state = self.state
        if state.folder is None or state.store is None or state.replay is not None or self.config.option.collectonly:
            return
        if not state.worker and _distributed(self.config):
            return
        wanted = [
            request
            for item in session.items
            if _judged in item.stash
            for request in item.stash[_judged].subject.requests
        ]
        requests, listed = runs.plan(state.target.environment, wanted)
        try:
            if not (state.folder / "plan.json").exists():
                text = json.dumps(runs.plan_json(listed), indent=1) + "\n"
                (state.folder / "plan.json").write_text(state.scrub(text), encoding="utf-8")
        except OSError as error:
            pytest.exit(_unwritable(self.config, error), returncode=int(ExitStatus.INTERNAL))
        state.collector = Collector(
            environment=state.target.environment,
            base=state.target.base,
            store=state.store,
            requests=requests,
            run_id=state.run_id,
            scrub=state.scrub,
        )
        state.collector.start()

    # --- judging ---

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        judged = item.stash.get(_judged, None)
        if judged is not None:
            judged.seconds += call.duration
            self._note(judged, report, call)
            # The report that settles the test carries its result; a teardown that fails afterwards adds a worse one.
            if report.when == "call" or not report.passed:
                self._hand_over(report, self._result(judged))
        self._hide_secrets(report)
        return report

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, None, None]:
        """Judging is quick; what a target sends (a pattern in its OpenAPI document) may not make it endless."""
        if _judged not in item.stash or threading.current_thread() is not threading.main_thread():
            return (yield)

        def expire(*_: object) -> None:
            raise EvidenceMissing("invalid", f"the judgement took longer than {JUDGEMENT_S} s")

        before = signal.signal(signal.SIGALRM, expire)
        signal.setitimer(signal.ITIMER_REAL, JUDGEMENT_S)
        try:
            return (yield)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)

    def _hand_over(self, report: pytest.TestReport, result: Result) -> None:
        """To the process that decides: as JSON text from a worker, as it is within one process."""
        if self.state.worker:
            report.user_properties.append((PROPERTY, encode(result)))
        else:
            report.__dict__[PROPERTY] = result

    def _note(self, judged: Judged, report: pytest.TestReport, call: pytest.CallInfo[None]) -> None:
        error = call.excinfo.value if call.excinfo is not None else None
        if report.passed:
            if report.when == "call" and judged.outcome is None:
                judged.outcome = Outcome.PASS
        elif report.skipped:
            reason = (
                judged.excluded or f"skipped: {report.longrepr[2] if isinstance(report.longrepr, tuple) else error}"
            )
            judged.outcome = Outcome.NOT_APPLICABLE if judged.excluded else Outcome.UNKNOWN
            judged.reason = reason
        elif report.when == "call" and isinstance(error, Shortfall):
            judged.outcome, judged.findings = Outcome.FAIL, error.findings
            report.longrepr = self.state.scrub(str(error))[:MAX_SHOWN]
        elif report.when == "call" and isinstance(error, AssertionError):
            text = self.state.scrub(str(error)).partition("\n")[0] or "an assertion does not hold"
            judged.outcome = Outcome.FAIL
            judged.findings = (
                Finding(judged.subject.id, text, "the assertion to hold", f"{judged.subject.id}: {text}"),
            )
        elif isinstance(error, EvidenceMissing):
            judged.outcome, judged.reason = Outcome.UNKNOWN, f"{error.kind}: {error.message}"
            report.longrepr = self.state.scrub(f"UNKNOWN {judged.reason}")[:MAX_SHOWN]
        else:
            last = traceback.extract_tb(error.__traceback__)[-1] if error is not None and error.__traceback__ else None
            where = f" at {Path(last.filename).name}:{last.lineno}" if last else ""
            judged.outcome = Outcome.UNKNOWN
            judged.reason = f"crash: {type(error).__name__}: {self.state.scrub(str(error))[:300]}{where}"

    def _result(self, judged: Judged) -> Result:
        outcome = judged.outcome or Outcome.UNKNOWN
        reason = judged.reason or ("" if judged.outcome is not None else "crash: the test ended without an outcome")
        scrub = self.state.scrub
        return Result(
            check=judged.card.id,
            subject=judged.subject.id,
            outcome=outcome,
            severity=judged.card.severity,
            findings=tuple(
                Finding(scrub(one.subject), scrub(one.seen), scrub(one.wanted), scrub(one.message))
                for one in judged.findings
            )
            if outcome is Outcome.FAIL
            else (),
            evidence=tuple(judged.watched.seen) if judged.watched else (),
            seconds=judged.seconds,
            reason=scrub(reason) if outcome in {Outcome.UNKNOWN, Outcome.NOT_APPLICABLE} else "",
        )

    def _hide_secrets(self, report: pytest.TestReport | pytest.CollectReport) -> None:
        scrub = self.state.scrub
        if report.longrepr is not None and not isinstance(report.longrepr, tuple):
            text = str(report.longrepr)
            if (clean := scrub(text)) != text:
                report.longrepr = clean
        report.sections = [(scrub(title), scrub(content)) for title, content in report.sections]

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        from gonogo import rundir

        state = self.state
        if state.worker or state.log is None:
            return
        result = _handed(report)
        if result is None:
            if report.failed and str(report.when) == "???":
                state.trouble = f"a worker crashed while it ran {report.nodeid}"
            elif report.failed and "checks/" not in report.nodeid:
                state.foreign_failures += 1
            return
        state.results.append(result)
        try:
            rundir.append_result(state.log, result)
        except OSError as error:
            # The receipt will not hold what could not be written, so the gate sees it as missing.
            state.trouble = _unwritable(self.config, error)
        if state.progress is not None:
            state.progress.result(result.check.partition(".")[0], result.outcome)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        self._hide_secrets(report)
        if report.failed:
            self.state.foreign_failures += 1
            self.state.trouble = f"{report.nodeid} cannot be collected"

    @pytest.hookimpl(tryfirst=True)
    def pytest_report_teststatus(self, report: pytest.TestReport, config: pytest.Config) -> tuple[str, str, str] | None:
        if self.state.progress is None or config.option.verbose > 0:
            return None
        if report.when == "call" or (report.when == "setup" and not report.passed):
            return (report.outcome if report.when == "call" or report.skipped else "error", "", report.outcome.upper())
        return ("", "", "") if report.passed else ("error", "", "ERROR")

    # --- the end ---

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> Generator[None, None, None]:
        """Decides before other plugins report, and has the last word on the status after them."""
        self._finish(session, exitstatus)
        status = session.exitstatus
        try:
            yield
        finally:
            session.exitstatus = status or (int(ExitStatus.INTERNAL) if self.state.trouble else 0)

    def _finish(self, session: pytest.Session, exitstatus: int) -> None:
        state = self.state
        interrupted = int(exitstatus) not in (0, 1, 5)
        if state.collector is not None:
            if interrupted or state.partial or (state.worker and session.shouldstop):
                state.collector.stop()
            else:
                state.collector.finish()
        if state.worker or state.folder is None:
            return
        if state.progress is not None:
            state.progress.close()
        if state.log is not None:
            with suppress(OSError):
                state.log.close()
        if state.demo is not None:
            state.demo.stop()
        try:
            session.exitstatus = self._conclude(interrupted, int(exitstatus))
        except Exception as error:  # noqa: BLE001 - whatever it was, the process must not end with a status of pytest's
            state.verdict = None
            state.trouble = f"no verdict could be written: {type(error).__name__}: {state.scrub(str(error))[:500]}"
            if not isinstance(error, GonogoError | OSError):
                state.trouble += "\n" + traceback.format_exc(limit=-3)
            session.exitstatus = int(ExitStatus.INTERNAL)

    def _conclude(self, interrupted: bool, exitstatus: int) -> int:
        """Write the receipt, decide, write the reports; returns the exit status."""
        from gonogo import rundir

        state = self.state
        assert state.folder is not None
        if interrupted:
            return exitstatus or int(ExitStatus.INTERNAL)
        finished = runs.utc_now()
        if state.replay is not None:
            stored = rundir.read(state.replay).receipt
            assert stored is not None
            finished = stored.finished
        assert state.store is not None
        receipt = rundir.write_receipt(
            state.folder, finished=finished, metrics=runs.measured(state.target.environment, state.store)
        )
        if state.partial:
            # 0 is GO and nothing else: a narrowed run keeps pytest's status unless that would look like a GO.
            judged = any(result.outcome in {Outcome.PASS, Outcome.FAIL} for result in state.results)
            return exitstatus or int(ExitStatus.HOLD if judged else pytest.ExitCode.NO_TESTS_COLLECTED)
        return self._decide(receipt, exitstatus)

    def _decide(self, receipt: Receipt, exitstatus: int) -> int:
        state = self.state
        assert state.folder is not None
        state.verdict = verdict = runs.conclude(state.folder, state.target, at=receipt.finished)
        from gonogo.reports.write import write_all
        from gonogo.summaries import report_of

        state.report = report_of(state.folder, state.target.environment, verdict, scrub=state.scrub)
        write_all(state.report, state.folder)
        age = (runs.utc_now() - state.started).total_seconds()
        if (
            state.replay is not None
            and age > state.target.rules.policy.evidence.max_age_s
            and verdict.decision is Decision.GO
        ):
            limit = state.target.rules.policy.evidence.max_age_s
            state.stale = f"The evidence is {age / 3600:.1f} hours old; it decided then, and decides nothing now (limit {limit / 3600:g} h)."
            return int(ExitStatus.NO_GO)
        status = _EXIT[verdict.decision]
        if status == 0 and state.foreign_failures:
            state.stale = state.trouble or "Other tests of this session failed."
            return exitstatus or int(ExitStatus.NO_GO)
        return status

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_terminal_summary(self, terminalreporter: Any) -> Generator[None, None, None]:
        # After every other plugin's summary: the verdict is what a person looks for at the end.
        yield
        if not self.state.worker and self.state.folder is not None:
            self._summarise(terminalreporter, self.state)

    def _summarise(self, terminalreporter: Any, state: State) -> None:
        assert state.folder is not None
        write = terminalreporter.write_line
        terminalreporter.ensure_newline()
        if state.partial:
            write(f"partial run ({state.partial}): no verdict, and that is not a GO")
            write(f"results: {_shown(state.folder)}")
            from gonogo.reports.partial import listing

            for told in listing(state.results, width=min(terminalreporter._tw.fullwidth, 100)):
                write(told)
            return
        if state.trouble:
            write(state.scrub(state.trouble), red=True)
        if state.verdict is None:
            write("No verdict: the run was interrupted or could not be decided. That is not a GO.", red=True, bold=True)
            return
        self._write_block(terminalreporter, state)
        if state.stale:
            write(state.stale, red=True, bold=True)

    def _write_block(self, terminalreporter: Any, state: State) -> None:
        from rich.console import Console
        from rich.text import Text

        from gonogo.reports.terminal import block

        assert state.report is not None
        assert state.folder is not None
        stream = terminalreporter._tw._file
        width = min(terminalreporter._tw.fullwidth, 100)
        segments = block(
            state.report,
            width=width,
            encoding=getattr(stream, "encoding", None) or "ascii",
            page=_shown(state.folder / "verdict.html"),
        )
        console = Console(
            file=stream, width=width, highlight=False, force_terminal=terminalreporter._tw.hasmarkup, soft_wrap=True
        )
        console.print(Text.assemble(*segments), end="")

    def pytest_unconfigure(self) -> None:
        state = self.state
        if state.collector is not None:
            state.collector.stop()
        if state.demo is not None:
            state.demo.stop()

    # --- pytest-html ---

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_report_title(self, report: Any) -> None:
        report.title = f"gonogo: {self.state.target.environment.title or self.state.target.environment.name}"

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_summary(self, prefix: list[str]) -> None:
        if self.state.report is not None:
            from gonogo.reports.pytest_html import prefix as verdict_above

            prefix.insert(0, verdict_above(self.state.report))

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_table_header(self, cells: list[str]) -> None:
        from gonogo.reports.pytest_html import header_cells

        cells[1:1] = header_cells()

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_table_row(self, report: Any, cells: list[str]) -> None:
        from gonogo.reports.pytest_html import row_cells

        result = _handed(report)
        cells[1:1] = (
            row_cells(result.check, result.severity, result.subject, result.outcome)
            if result
            else row_cells("", None, "", None)
        )


class OtherReports:
    """Stands between other plugins' reports and pytest's end: one that cannot be written is told, not a crash."""

    def __init__(self, config: pytest.Config, state: State) -> None:
        self.config = config
        self.state = state

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Generator[None, None, None]:
        try:
            yield
        except OSError as error:
            self.state.trouble = f"a report could not be written: {_unwritable(self.config, error)}"
            session.exitstatus = session.exitstatus or int(ExitStatus.INTERNAL)


def _handed(report: Any) -> Result | None:
    """The result that a report carries; None when it is of no check, or not the report that settles it."""
    result = report.__dict__.get(PROPERTY)
    if result is None:
        line = next((value for name, value in getattr(report, "user_properties", ()) if name == PROPERTY), None)
        if line is not None:
            report.__dict__[PROPERTY] = result = decode(str(line))
    return result if isinstance(result, Result) else None


_EXIT = {
    Decision.GO: int(ExitStatus.GO),
    Decision.NO_GO: int(ExitStatus.NO_GO),
    Decision.HOLD: int(ExitStatus.HOLD),
    Decision.ROLLBACK: int(ExitStatus.ROLLBACK),
}


def _shown(path: Path) -> str:
    """A path as a person would type it from here."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def _distributed(config: pytest.Config) -> bool:
    """Whether xdist workers run the tests."""
    return bool(getattr(config.option, "numprocesses", None) or getattr(config.option, "tx", None))


def _narrowed(config: pytest.Config) -> str:
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
