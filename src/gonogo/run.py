"""One run without pytest: what is verified, where it is written, how it is decided. The plugin and the CLI stand on it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

import gonogo
from gonogo import catalogue
from gonogo.environment.lint import lint
from gonogo.environment.load import Loaded, load, provider_of
from gonogo.environment.models import Database, Environment, Migrations, Secret, Tier
from gonogo.environment.secrets import Scrubber
from gonogo.errors import EnvironmentInvalid, EvidenceMissing, Problem, RunUnreadable
from gonogo.evidence.facts import LoadRun, from_json
from gonogo.evidence.plan import entries, merge
from gonogo.evidence.records import Evidence, LoadRequest, PlanEntry, Request, identity
from gonogo.evidence.store import Store
from gonogo.nouns import NOUNS, VitalsRuns

if TYPE_CHECKING:
    from gonogo.gate.model import Attestation, Intent, Policy, Verdict, Waiver

# The gate and what it needs are imported where something is decided: a run that only collects starts faster.

MASK = "***"
DEFAULT_POLICY = "policies/default.toml"
PROFILES = ("smoke", "security", "full", "nightly")


def environments_folder(start: Path) -> Path:
    """The folder of environment files: `environments/` at or above `start`, else the one that gonogo ships."""
    for folder in (start, *start.parents):
        if (folder / "environments").is_dir():
            return folder / "environments"
    inside = Path(gonogo.__file__).parent / "environments"
    return inside if inside.is_dir() else Path(gonogo.__file__).parents[2] / "environments"


def migration_ids(folder: Path) -> tuple[str, ...]:
    """Ids of the migration files of a folder, in order: the name up to the first `_`, or without its suffix."""
    names = sorted(
        path.stem
        for path in folder.iterdir()
        if path.is_file() and path.suffix == ".sql" and not path.stem.endswith(".down")
    )
    return tuple(dict.fromkeys(name.partition("_")[0] for name in names))


def with_migrations(loaded: Loaded) -> Loaded:
    """The environment with the ids of its migration directories filled in, so that judging needs no disk.

    Raises EnvironmentInvalid when a directory is not there.
    """
    databases: list[Database] = []
    for database in loaded.environment.databases:
        declared = database.migrations
        if declared is None or not declared.directory:
            databases.append(database)
        else:
            folder = loaded.file(declared.directory)
            if not folder.is_dir():
                message = f"{declared.directory!r} is not a folder; name the folder of the migration files, from the environment file"
                raise EnvironmentInvalid(
                    [Problem(str(loaded.path), None, f"databases[{database.name}].migrations.directory", message)]
                )
            expected = tuple(dict.fromkeys((*declared.expected, *migration_ids(folder))))
            declared = Migrations(
                table=declared.table, column=declared.column, directory=declared.directory, expected=expected
            )
            databases.append(database.model_copy(update={"migrations": declared}))
    return replace(loaded, environment=loaded.environment.model_copy(update={"databases": tuple(databases)}))


@dataclass(frozen=True, slots=True)
class Rules:
    """What a verdict is decided by, and the texts it was read from."""

    policy: Policy
    policy_text: str
    waivers: tuple[Waiver, ...]
    attestations: tuple[Attestation, ...]
    beside: dict[str, str]
    """Text of waivers.toml and attestations.toml, where they are."""


@dataclass(frozen=True, slots=True)
class Target:
    """What a run is about: the environment, its policy and what they were read from."""

    environment: Environment
    base: Path
    """The folder of the environment file."""
    digest: str
    secrets: tuple[str, ...] = field(repr=False)
    _rules: Rules | None = None

    @property
    def rules(self) -> Rules:
        """What a decision needs; absent only where `target` was told that nothing will be decided."""
        assert self._rules is not None
        return self._rules

    def scrubber(self) -> Callable[[str], str]:
        return Scrubber(self.secrets).scrub

    @property
    def scrub_record(self) -> Callable[[dict[str, Any]], dict[str, Any]]:
        """Removes secrets from a JSON object, text by text, so that it stays one."""
        scrubber = Scrubber(self.secrets)

        def scrub(record: dict[str, Any]) -> dict[str, Any]:
            clean = scrubber.scrub_json(record)
            assert isinstance(clean, dict)
            return clean

        return scrub


def read_policy(file: Path) -> tuple[Policy, str]:
    """A policy file and its text. Raises PolicyInvalid."""
    from gonogo.errors import PolicyInvalid
    from gonogo.gate.policy import parse_policy

    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else "is not UTF-8 text"
        raise PolicyInvalid([Problem(str(file), None, "", f"policy cannot be read: {why}")]) from None
    return parse_policy(text, file=str(file), known_checks=tuple(catalogue.catalogue())), text


def target(
    name: str,
    *,
    folder: Path,
    variables: Mapping[str, str] | None = None,
    policy: Path | None = None,
    decides: bool = True,
) -> Target:
    """Load an environment with its policy and waivers; without them when nothing will be decided.

    Raises EnvironmentInvalid, PolicyInvalid.
    """
    loaded = with_migrations(load(name, folder=folder, variables=variables))
    if loaded.environment.tier is Tier.PRODUCTION and (errors := lint(loaded).errors):
        # A placeholder or a literal secret on production is a mistake that a run must not build on.
        raise EnvironmentInvalid(errors)
    rules = None
    if decides:
        named = loaded.environment.policy
        rules = read_rules(
            policy or (loaded.file(named) if named else _shipped(folder, DEFAULT_POLICY)), loaded.path.parent
        )
    # What is sent is stripped, and may be one word of `Bearer …`.
    words = (word for secret in loaded.secrets for word in (secret.strip(), *secret.split()))
    secrets = tuple(dict.fromkeys((*loaded.secrets, *words)))
    return Target(loaded.environment, loaded.path.resolve().parent, loaded.digest, secrets, rules)


def read_rules(policy: Path, beside: Path) -> Rules:
    """A policy file, and the waivers and attestations of a folder. Raises PolicyInvalid."""
    parsed, text = read_policy(policy)
    return Rules(parsed, text, parsed.waivers + stored_waivers(beside), stored_attestations(beside), _beside(beside))


BESIDE = ("waivers.toml", "attestations.toml")


def _beside(folder: Path) -> dict[str, str]:
    return {name: (folder / name).read_text(encoding="utf-8") for name in BESIDE if (folder / name).is_file()}


def stored_waivers(folder: Path) -> tuple[Waiver, ...]:
    """The waivers of a folder's waivers.toml. Raises PolicyInvalid."""
    from gonogo.gate.policy import parse_waivers

    file = folder / "waivers.toml"
    if not file.is_file():
        return ()
    return parse_waivers(file.read_text(encoding="utf-8"), file=str(file), known_checks=tuple(catalogue.catalogue()))


def stored_attestations(folder: Path) -> tuple[Attestation, ...]:
    """The attestations of a folder's attestations.toml. Raises PolicyInvalid."""
    from gonogo.gate.policy import parse_attestations

    file = folder / "attestations.toml"
    return parse_attestations(file.read_text(encoding="utf-8"), file=str(file)) if file.is_file() else ()


def _shipped(folder: Path, name: str) -> Path:
    """A file of the given environments folder, or the one that gonogo ships."""
    if (folder / name).is_file():
        return folder / name
    inside = Path(gonogo.__file__).parent / "environments" / name
    return inside if inside.is_file() else Path(gonogo.__file__).parents[2] / "environments" / name


def provider(name: str, *, folder: Path) -> str | None:
    """The provider that must start before the environment can be loaded. Raises EnvironmentInvalid."""
    return provider_of(name, folder=folder)


# --- a run's own copy of what it was about, for replay ------------------------------------------------------------


def _without_password(url: str) -> str:
    parts = urlsplit(url)
    if parts.password is None:
        return url
    host = parts.netloc.rpartition("@")[2]
    return parts._replace(netloc=f"{quote(parts.username or '', safe='')}:{MASK}@{host}").geturl()


def frozen(environment: Environment) -> dict[str, Any]:
    """The environment as JSON without its secrets; enough to judge its evidence again."""
    databases = tuple(
        one.model_copy(update={"url": Secret(_without_password(one.url.get_secret_value()))})
        for one in environment.databases
    )
    masked = {name: role.model_copy(update={"token": Secret(MASK)}) for name, role in environment.roles.items()}
    copy = environment.model_copy(update={"roles": masked, "databases": databases})
    document = json.loads(copy.model_dump_json())
    for shown, database in zip(document["databases"], databases, strict=True):
        shown["url"] = database.url.get_secret_value()
    for role in document["roles"].values():
        role["token"] = MASK
    return document  # type: ignore[no-any-return]


def write_copy(target: Target, run: Path) -> None:
    """Write environment.json, policy.toml and waivers.toml into a run's directory."""
    document = target.scrub_record(frozen(target.environment))
    (run / "environment.json").write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    (run / "policy.toml").write_text(target.rules.policy_text, encoding="utf-8")
    for name, text in target.rules.beside.items():
        (run / name).write_text(text, encoding="utf-8")


def read_copy(run: Path, *, policy: Path | None = None) -> Target:
    """What a stored run was about. Raises RunUnreadable, and PolicyInvalid for its policy."""
    from gonogo import rundir

    try:
        text = (run / "environment.json").read_text(encoding="utf-8")
        environment = Environment.model_validate_json(text)
    except (OSError, ValueError) as error:
        raise RunUnreadable(
            f"{run / 'environment.json'}: cannot be read ({type(error).__name__}); this run cannot be replayed"
        ) from None
    shard = rundir.read(run)
    if shard.intent is None:
        raise RunUnreadable(f"{run / 'intent.json'}: cannot be read; this run cannot be replayed")
    rules = read_rules(policy or run / "policy.toml", run)
    return Target(environment, run, shard.intent.environment_digest, (), rules)


# --- plan, intent, verdict ----------------------------------------------------------------------------------------


def plan(environment: Environment, requests: Sequence[Request]) -> tuple[tuple[Request, ...], tuple[PlanEntry, ...]]:
    """The requests that will be made, each once, and their listing."""
    merged = merge(requests, environment)
    return merged, entries(merged, environment)


def plan_json(listed: Sequence[PlanEntry]) -> list[dict[str, object]]:
    """The plan as `gonogo plan --json` prints it."""
    return [
        {
            "probe": one.probe,
            "method": one.method,
            "target": one.target,
            "role": one.role,
            "lane": one.lane,
            "count": one.count,
            "name": one.name,
            "does": one.does,
            "run": one.run,
        }
        for one in listed
    ]


def intent(target: Target, *, run_id: str, profile: str, partial: str, started: datetime) -> Intent:
    """What this run sets out to do."""
    from gonogo.gate.model import Intent

    environment = target.environment
    announced = catalogue.expected(environment, profile)
    return Intent(
        run_id=run_id,
        environment=environment.name,
        tier=environment.tier.value,
        release=environment.release.expected if environment.release else "",
        profile=profile,
        environment_digest=target.digest,
        policy_digest=target.rules.policy.digest,
        started=started,
        expected=announced,
        not_applicable=catalogue.not_applicable(environment, profile),
        partial=partial,
    )


def copy_evidence(source: Path, run: Path) -> Store:
    """Bring a stored run's evidence into a replay's directory: what its receipt lists, and nothing that was added later."""
    from gonogo import rundir

    receipt = rundir.read(source).receipt
    for name, _ in receipt.evidence if receipt else ():
        (run / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source / name, run / name)
    return Store(run / "evidence")


def conclude(run: Path, target: Target, *, at: datetime) -> Verdict:
    """Decide on a finished run's directory and write verdict.json.

    Raises RunUnreadable when what was written cannot be read back, OSError when it cannot be written.
    """
    from gonogo import rundir
    from gonogo.gate.decide import decide

    verdict = decide(
        [rundir.read(run)],
        target.rules.policy,
        waivers=target.rules.waivers,
        attestations=target.rules.attestations,
        at=at,
        environment=target.environment.name,
    )
    rundir.write_verdict(run, verdict)
    return verdict


def measured(environment: Environment, store: Store) -> list[tuple[str, float]]:
    """The numbers that a policy's budgets may judge: `load.<profile>.p95_ms`, `vitals.<page>.lcp_ms` …"""
    from gonogo.formats.latency import percentile

    metrics: list[tuple[str, float]] = []
    for profile in environment.load:
        evidence = store.read(identity(LoadRequest(profile.name)))
        if evidence is not None and evidence.facts is not None:
            load_run = from_json(LoadRun, evidence.facts)
            total = load_run.series[0]
            if load_run.healthy and total.requests:
                slow = percentile(total.histogram, 0.95, total=total.requests)
                if isfinite(slow):
                    metrics.append((f"load.{profile.name}.p95_ms", slow))
                metrics.append((f"load.{profile.name}.error_share", total.failures / total.requests))
                metrics.append((f"load.{profile.name}.rate", load_run.achieved_rate))
    noun, sight = NOUNS["vitals"], _Stored(store)
    for subject in noun.subjects(environment):
        try:
            runs = noun.build(environment, subject, sight)
        except EvidenceMissing:
            continue
        assert isinstance(runs, VitalsRuns)
        for name in ("lcp_ms", "cls", "inp_ms", "fcp_ms", "ttfb_ms"):
            with suppress(EvidenceMissing):
                metrics.append((f"vitals.{subject.id}.{name}", runs.series(name).median))
    return metrics


class _Stored:
    """Evidence as it lies in a store, when a run is over."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def evidence(self, request: Request) -> Evidence:
        """Raises EvidenceMissing("unavailable") where the run left none."""
        found = self._store.read(identity(request))
        if found is None:
            raise EvidenceMissing("unavailable", f"no evidence was stored of {request}")
        return found


def utc_now() -> datetime:
    return datetime.now(UTC)
