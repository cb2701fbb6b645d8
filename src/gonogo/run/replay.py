"""A run's own copy of what it was about, for a replay."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gonogo import door
from gonogo.environment.models import Environment
from gonogo.errors import RunUnreadable
from gonogo.evidence.store import Store
from gonogo.run.target import Target, read_rules


def frozen(environment: Environment) -> dict[str, Any]:
    """The environment as JSON with its secrets masked; enough to judge its evidence again."""
    document: dict[str, Any] = environment.model_dump(mode="json")
    return document


def write_copy(target: Target, run: Path) -> None:
    """Write environment.json, policy.toml and waivers.toml into a run's directory."""
    target.door.write_json(run / "environment.json", frozen(target.environment))
    target.door.write(run / "policy.toml", target.rules.policy_text)
    for name, text in target.rules.beside.items():
        target.door.write(run / name, text)


def read_copy(run: Path, *, policy: Path | None = None) -> Target:
    """What a stored run was about. Raises RunUnreadable, and PolicyInvalid for its policy."""
    from gonogo.run import folder as rundir

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


def copy_evidence(source: Path, run: Path) -> Store:
    """Bring a stored run's evidence into a replay's directory: what its receipt lists, and nothing that was added later."""
    from gonogo.run import folder as rundir

    receipt = rundir.read(source).receipt
    for name, _ in receipt.evidence if receipt else ():
        door.copy(source / name, run / name)
    return Store(run / "evidence")
