"""How a run begins, in the process that decides and in xdist's workers; and what each of them holds of it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest

from gonogo.door import Lines
from gonogo.errors import ConfigurationError, EvidenceMissing, PolicyInvalid, RunUnreadable, Unavailable
from gonogo.evidence.records import Evidence, Request, identity
from gonogo.evidence.store import Store
from gonogo.gathering.job import Job
from gonogo.plugin.options import narrowed, reports_folder, unwritable
from gonogo.plugin.progress import Progress
from gonogo.result import ExitStatus, Result
from gonogo.run import catalogue
from gonogo.run import target as runs
from gonogo.run.conclude import plan_json, plan_of, utc_now
from gonogo.run.gatherer import GRACE_S, Gatherer
from gonogo.run.replay import copy_evidence, read_copy, write_copy

if TYPE_CHECKING:
    from gonogo.demo.provider import Demo
    from gonogo.gate.model import Verdict
    from gonogo.reports.model import Report
    from gonogo.reports.pytest_html import Rows


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
    planned: frozenset[str] = frozenset()
    """Ids of the evidence that was asked for."""
    gatherer: Gatherer | None = None
    store: Store | None = None
    progress: Progress | None = None
    scrub: Callable[[str], str] = str
    results: list[Result] = field(default_factory=list)
    log: Lines | None = None
    verdict: Verdict | None = None
    report: Report | None = None
    rows: Rows | None = None
    others: list[str] = field(default_factory=list)
    """What went wrong in this session that is no check: the gate is told."""
    begun: float = field(default_factory=time.monotonic)
    trouble: str = ""

    scope: catalogue.Scope = field(init=False)

    def __post_init__(self) -> None:
        self.scope = catalogue.Scope(self.target.environment)

    def evidence(self, request: Request) -> Evidence:
        """Wait for evidence. Raises EvidenceMissing when it cannot come."""
        if self.gatherer is not None:
            return self.gatherer.wait(request, self.tick)
        assert self.store is not None
        if self.worker and self.replay is None:
            limit = self.target.environment.limits.run_timeout_s + GRACE_S
            left = max(self.begun + limit - time.monotonic(), 0.0)
            return self.store.wait(identity(request), timeout_s=left, alive=self.store.ended)
        found = self.store.read(identity(request))
        if found is None:
            raise EvidenceMissing("deadline", f"{identity(request)} is not among the evidence of the stored run")
        return found

    def tick(self) -> None:
        """Redraw the live line."""
        if self.progress is not None:
            self.progress.tick()


def cannot_begin(config: pytest.Config, error: BaseException) -> NoReturn:
    """End with the status and the words that belong to the error; what is not ours is raised on."""
    match error:
        case PolicyInvalid():
            pytest.exit(f"the policy cannot be used:\n{error}", returncode=int(ExitStatus.CONFIGURATION_INVALID))
        case RunUnreadable():
            pytest.exit(str(error), returncode=int(ExitStatus.EVIDENCE_UNREADABLE))
        case ConfigurationError() | Unavailable():
            raise pytest.UsageError(str(error)) from None
        case OSError():
            raise pytest.UsageError(unwritable(config, error)) from None
    raise error


def forget_latest(config: pytest.Config) -> None:
    from gonogo.run import folder as rundir

    with suppress(OSError):
        rundir.forget_latest(reports_folder(config))


def begin(config: pytest.Config) -> State:
    """Start a run in the process that decides."""
    name, profile = config.getoption("gonogo_env"), config.getoption("gonogo_profile") or "full"
    if profile not in runs.PROFILES:
        raise pytest.UsageError(f"--profile={profile}: no such profile; valid: {', '.join(runs.PROFILES)}")
    folder = Path(config.getoption("gonogo_env_dir") or runs.environments_folder(config.rootpath))
    policy = Path(config.getoption("gonogo_policy")) if config.getoption("gonogo_policy") else None
    defects = tuple(config.getoption("gonogo_defects"))
    if config.getoption("gonogo_replay"):
        if defects:
            raise pytest.UsageError("--defect cannot change stored evidence; leave it out of a replay")
        return begin_replay(config, Path(config.getoption("gonogo_replay")), policy, reports_folder(config))
    kind = runs.provider(name, folder=folder)
    if defects and kind != "demo":
        raise pytest.UsageError(f"--defect works on the embedded demo only; environment {name!r} is a real system")
    gathers, started = not config.option.collectonly, utc_now()
    with ExitStack() as undo:
        # Its imports run beside ours; what it verifies it is told as soon as that is read.
        gatherer = Gatherer() if gathers else None
        if gatherer is not None:
            undo.callback(gatherer.stop)
        demo, variables = _start_demo(defects, gathers=gathers) if kind == "demo" else (None, {})
        if demo is not None:
            undo.callback(demo.stop)
        target = runs.target(name, folder=folder, variables=variables, policy=policy, decides=gathers)
        state = State(
            name=name, profile=profile, target=target, folder=None, run_id="", worker=False, started=started,
            demo=demo, variables=variables, scrub=target.scrubber(), gatherer=gatherer,
        )  # fmt: skip
        if gatherer is not None:
            _open_run(config, state, gatherer)
        undo.pop_all()
    return state


def _open_run(config: pytest.Config, state: State, gatherer: Gatherer) -> None:
    """Make the run's directory, and begin to gather: a whole profile's plan is known before anything is collected."""
    from gonogo.run import folder as rundir

    target = state.target
    run = rundir.create(
        reports_folder(config), environment=target.environment.name, profile=state.profile, started=state.started
    )
    state.folder, state.run_id = run, run.name
    write_copy(target, run)
    state.store = Store(run / "evidence", target.door)
    job = Job(target.environment, target.base, run.resolve(), run.name, target.secrets)
    gatherer.describe(job, state.store, state.scrub)
    if not narrowed(config):
        plan_and_gather(state, catalogue.requests(state.scope, state.profile))


def plan_and_gather(state: State, wanted: Sequence[Request]) -> None:
    """Write the plan, and have it gathered. Raises OSError when it cannot be written."""
    assert state.folder is not None
    assert state.gatherer is not None
    requests, listed = plan_of(state.target.environment, wanted)
    state.target.door.write_json(state.folder / "plan.json", plan_json(listed))
    state.gatherer.gather(requests)
    state.planned = frozenset(map(identity, requests))


def _start_demo(defects: Sequence[str], *, gathers: bool) -> tuple[Demo | None, dict[str, str]]:
    """The demo, where something is gathered, and the variables that it supplies to its environment file."""
    from gonogo.demo import provider

    if defects:
        _known_defects(defects)
    if not gathers:
        return None, provider.planned_variables()
    demo = provider.start(defects=defects)
    return demo, dict(demo.variables)


def _known_defects(defects: Sequence[str]) -> None:
    from gonogo.demo.defects import misnamed

    if wrong := misnamed(defects):
        raise pytest.UsageError(f"--defect={wrong}")


def begin_replay(config: pytest.Config, source: Path, policy: Path | None, reports: Path) -> State:
    """Judge a stored run again, in a directory of its own that keeps the run's identity."""
    from gonogo.run import folder as rundir

    source = rundir.resolve(source)
    target = read_copy(source, policy=policy)
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
        reports, environment=f"{target.environment.name}-replay", profile=stored.intent.profile, started=utc_now()
    )
    state = State(
        name=name, profile=stored.intent.profile, target=target, folder=run, run_id=stored.intent.run_id, worker=False,
        started=stored.intent.started, replay=source, scrub=target.scrubber(),
    )  # fmt: skip
    write_copy(target, run)
    state.store = copy_evidence(source, run)
    return state


def join(handed: str) -> State:
    """Take part in a run as an xdist worker, with what the controller handed over."""
    told = json.loads(handed)
    run = Path(told["folder"]) if told["folder"] else None
    if told["replay"] and run is not None:
        target = read_copy(run)
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
        state.store = Store(run / "evidence")
    return state
