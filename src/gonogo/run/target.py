"""One run without pytest: what is verified, where it is written, how it is decided. The plugin and the CLI stand on it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import gonogo
from gonogo.door import Door
from gonogo.environment.lint import lint
from gonogo.environment.load import load, provider_of
from gonogo.environment.migration_files import with_migrations
from gonogo.environment.model import Tier
from gonogo.environment.models import Environment
from gonogo.environment.secrets import Scrubber
from gonogo.errors import EnvironmentInvalid, Problem
from gonogo.run import catalogue

if TYPE_CHECKING:
    from gonogo.gate.model import Attestation, Policy, Waiver

# The gate and what it needs are imported where something is decided: a run that only collects starts faster.

DEFAULT_POLICY = "policies/default.toml"
PROFILES = ("smoke", "security", "full", "nightly")


def environments_folder(start: Path) -> Path:
    """The folder of environment files: `environments/` at or above `start`, else the one that gonogo ships."""
    for folder in (start, *start.parents):
        if (folder / "environments").is_dir():
            return folder / "environments"
    inside = Path(gonogo.__file__).parent / "environments"
    return inside if inside.is_dir() else Path(gonogo.__file__).parents[2] / "environments"


@dataclass(frozen=True, slots=True)
class Rules:
    """What a verdict is decided by, and the texts it was read from."""

    policy: Policy
    policy_text: str
    waivers: tuple[Waiver, ...]
    attestations: tuple[Attestation, ...]
    beside: dict[str, str]
    """Text of waivers.toml and attestations.toml, where they are."""


@dataclass(frozen=True)
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
        return self.door.scrub

    @cached_property
    def door(self) -> Door:
        """Writes what this run leaves, without its secrets."""
        scrubber = Scrubber(self.secrets)
        return Door(scrubber.scrub, scrubber.scrub_json)


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
