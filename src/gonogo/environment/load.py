"""From the name of an environment to its typed Environment, or to every problem of its file at once."""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, time
from pathlib import Path
from types import MappingProxyType

from dotenv.parser import parse_stream
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from gonogo.environment.across import choices, duplicates
from gonogo.environment.budget_files import with_budgets
from gonogo.environment.document import Node, children, leaves, read_chain, shown
from gonogo.environment.explain import explain, told
from gonogo.environment.interpolate import did_you_mean, interpolate, is_one_reference, references
from gonogo.environment.lines import KeyPath, dotted
from gonogo.environment.models import Environment
from gonogo.environment.secrets import MASK, Json, Scrubber, secret_nodes, secrets_of
from gonogo.environment.shape import ROOT, Kind, Shape
from gonogo.errors import EnvironmentInvalid, Problem

_SUFFIX = ".toml"
_NOT_ENVIRONMENTS = frozenset({"attestations", "base", "policies", "schemas", "sql", "waivers"})
_UNREAD = object()
_BOOLEANS = {"true": True, "false": False}
_INTEGER = re.compile(r"[+-]?[0-9]{1,18}")


@dataclass(frozen=True, slots=True)
class Loaded:
    """An environment and where it came from. Its repr holds no secret."""

    environment: Environment
    path: Path
    """The environment file."""
    sources: tuple[Path, ...]
    """Every TOML file that was read: the environment file, then what it extends."""
    digest: str
    """SHA-256 of the merged document with `***` for every secret, so that it gives nothing away."""
    secrets: tuple[str, ...] = field(repr=False)
    """Every secret value, for a Scrubber."""
    origins: Mapping[str, tuple[str, int]] = field(repr=False)
    """File and line of every key, by its dotted path: `site.pages[0].path`."""
    tree: Node = field(repr=False, compare=False)
    """The merged document with its raw texts, for `lint` and `show`."""

    def file(self, path: str | Path) -> Path:
        """A file that the environment names: relative ones start from the environment file's folder."""
        return self.path.parent / path


@dataclass(frozen=True, slots=True, repr=False)
class _Layer:
    """Variables from one source."""

    values: Mapping[str, str]
    label: Callable[[str], str]


def load(
    name_or_path: str,
    *,
    folder: Path,
    variables: Mapping[str, str] | None = None,
    process_env: Mapping[str, str] | None = None,
) -> Loaded:
    """Load `staging`, `004/staging` or `some/file.toml`; names are looked up in `folder`.

    `${NAME}` is looked up in `variables` (what a provider supplies), then in the process environment
    (`process_env` stands in for it), then in `.env.<name>` and `.env` beside the file and in `folder`, and in
    `.env` of the current directory.

    Raises EnvironmentInvalid with every problem that was found.
    """
    path = find(name_or_path, folder=folder)
    tree, sources = read_chain(path)
    problems: list[Problem] = []
    dotenv_files = _dotenv_files(path, folder)
    layers = [
        _Layer(variables or {}, lambda _: "the provider"),
        _Layer(os.environ if process_env is None else process_env, lambda _: "the process environment"),
        *(_read_dotenv(file, problems) for file in dotenv_files),
    ]
    hint = f"set it in {shown(dotenv_files[0])}, or export it"
    tree = _coerce(_fill(tree, (), layers, hint, problems), ROOT)
    environment, wrong = _validate(tree)
    if environment is not None:
        environment, flaws = with_budgets(environment, tree, path.parent)
        wrong = [*wrong, *flaws]
    secrets = secrets_of(tree)
    problems += wrong
    if problems or environment is None:
        problems += [*choices(tree), *duplicates(tree)]
        raise EnvironmentInvalid(_without_secrets(problems, tree, layers, sources))
    return Loaded(
        environment=environment,
        path=path,
        sources=sources,
        digest=_digest(tree, secrets),
        secrets=secrets,
        origins=MappingProxyType({dotted(at): (shown(node.file), node.line) for at, node in _places(tree)}),
        tree=tree,
    )


def names(folder: Path) -> tuple[str, ...]:
    """The environments of a folder, sorted; not those files that stand there for other uses."""
    found = {
        file.relative_to(folder).with_suffix("").as_posix().removeprefix("systems/")
        for pattern in ("*.toml", "*/*.toml", "systems/*/*.toml")
        for file in folder.glob(pattern)
        if not file.name.startswith(("_", ".")) and file.stem not in _NOT_ENVIRONMENTS
    }
    return tuple(sorted(name for name in found if name.split("/")[0] not in _NOT_ENVIRONMENTS))


def find(name_or_path: str, *, folder: Path) -> Path:
    """The file of an environment. A name stays within `folder`; a path to a .toml file may lead anywhere.

    Raises EnvironmentInvalid, which lists the known names.
    """
    if name_or_path.endswith(_SUFFIX):
        path = Path(name_or_path)
        if "\0" not in name_or_path and path.is_file():
            return path.absolute()
        raise _unknown(name_or_path, f"there is no file {_printable(name_or_path)}", folder)
    parts = name_or_path.split("/")
    if not all(re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]*", part) for part in parts):
        message = f"{_printable(name_or_path)} is no name of an environment (letters, digits, `._-` and `/`)"
        raise _unknown(name_or_path, f"{message}, nor a path to a .toml file", folder)
    for base in (folder, folder / "systems"):
        path = base.joinpath(*parts).with_name(parts[-1] + _SUFFIX)
        if path.is_file():
            return path.absolute()
    raise _unknown(name_or_path, f"no environment is named {_printable(name_or_path)}", folder)


def provider_of(name_or_path: str, *, folder: Path) -> str | None:
    """The provider that must be started before `load`, since it supplies variables; None when there is none.

    Raises EnvironmentInvalid when there is no such file or it is not TOML.
    """
    node = read_chain(find(name_or_path, folder=folder))[0].at(("provider",))
    return node.value if node is not None and isinstance(node.value, str) else None


def _printable(text: str) -> str:
    return ascii(text if len(text) <= 100 else f"{text[:100]}…")


def _unknown(name: str, message: str, folder: Path) -> EnvironmentInvalid:
    known = names(folder)
    told = f"known: {', '.join(known)}" if known else "there is none in this folder"
    close = did_you_mean(name.removesuffix(_SUFFIX), list(known))
    return EnvironmentInvalid([Problem(shown(folder), None, "", f"{message}; {told}{close}")])


def _dotenv_files(path: Path, folder: Path) -> list[Path]:
    """Where secrets are looked for, first one first."""
    candidates = [
        place / name for place in (path.parent, folder) for name in (f".env.{path.stem}", ".env")
    ] + [Path.cwd() / ".env"]  # fmt: skip
    return list({candidate.resolve(): candidate for candidate in reversed(candidates)}.values())[::-1]


def _read_dotenv(file: Path, problems: list[Problem]) -> _Layer:
    """The variables of one .env file; nothing in it is replaced, so that a password may hold a `$`."""
    values: dict[str, str] = {}
    lines: dict[str, int] = {}
    try:
        with file.open(encoding="utf-8-sig") as stream:
            for binding in parse_stream(stream):
                text = binding.original.string
                line = binding.original.line + text[: len(text) - len(text.lstrip())].count("\n")
                if binding.error:
                    problems.append(Problem(shown(file), line, "", "not a line NAME=value, nor a comment"))
                elif binding.key is not None and binding.value is not None:
                    values[binding.key], lines[binding.key] = binding.value, line
    except FileNotFoundError:
        pass
    except UnicodeDecodeError:
        problems.append(Problem(shown(file), None, "", "not UTF-8 text"))
    except OSError as error:
        problems.append(Problem(shown(file), None, "", f"cannot be read: {error.strerror}"))
    return _Layer(values, lambda name: f"{shown(file)}:{lines[name]}")


def _fill(node: Node, path: KeyPath, layers: list[_Layer], hint: str, problems: list[Problem]) -> Node:
    """The tree with variables put into its texts; a text that cannot be filled is marked as broken."""
    if isinstance(node.value, dict):
        filled = {key: _fill(child, (*path, key), layers, hint, problems) for key, child in node.value.items()}
        return replace(node, value=filled)
    if isinstance(node.value, list):
        items = [_fill(child, (*path, at), layers, hint, problems) for at, child in enumerate(node.value)]
        return replace(node, value=items)
    if isinstance(node.value, date | time):
        problems.append(Problem(shown(node.file), node.line, dotted(path), "found a date or time; put it in quotes"))
        return replace(node, value="", broken=True)
    if not isinstance(node.value, str) or "$" not in node.value:
        return node
    sources = {name: layer for name in _names_in(node.value) if (layer := _layer_of(name, layers))}

    def hint_for(name: str) -> str:
        supplied = [known for layer in (layers[0], *layers[2:]) for known in layer.values]
        return f"{hint}{did_you_mean(name, supplied, cutoff=0.8)}"

    filling = interpolate(
        node.value, lambda name: sources[name].values[name] if name in sources else None, hint=hint_for
    )
    problems += [Problem(shown(node.file), node.line, dotted(path), fault) for fault in filling.faults]
    via = tuple(f"{name} from {layer.label(name)}" for name, layer in sources.items())
    return replace(node, value=filling.text, via=via, broken=bool(filling.faults))


def _names_in(text: str) -> list[str]:
    return list(dict.fromkeys(reference.name for reference in references(text)))


def _layer_of(name: str, layers: list[_Layer]) -> _Layer | None:
    return next((layer for layer in layers if name in layer.values), None)


def _coerce(node: Node, shape: Shape | None) -> Node:
    """Numbers and booleans from texts that were one reference; what does not fit is left for the models."""
    if shape is None:
        return node
    if isinstance(node.value, dict):
        return replace(node, value={key: _coerce(child, shape.child(key)) for key, child in node.value.items()})
    if isinstance(node.value, list):
        return replace(node, value=[_coerce(child, shape.child(at)) for at, child in enumerate(node.value)])
    if not isinstance(node.value, str) or node.broken or not is_one_reference(node.raw):
        return node
    number = _from_text(node.value.strip(), shape.kind)
    return node if number is None else replace(node, value=number)


def _from_text(text: str, kind: Kind) -> int | float | bool | None:
    if kind is Kind.BOOLEAN:
        return _BOOLEANS.get(text.lower())
    if kind in {Kind.INTEGER, Kind.NUMBER} and _INTEGER.fullmatch(text):
        return int(text)
    if kind is Kind.NUMBER:
        try:
            number = float(text)
        except ValueError:
            return None
        return number if math.isfinite(number) else None
    return None


def _validate(tree: Node) -> tuple[Environment | None, list[Problem]]:
    """The Environment of a filled tree, or every problem that was not told before."""
    environment: Environment | None = None
    errors: list[ErrorDetails] = []
    try:
        # Strict JSON takes arrays for tuples and words for enums, and no "8" for 8, nor 1 for true.
        environment = Environment.model_validate_json(json.dumps(_plain(tree)), strict=True)
    except ValidationError as error:
        errors = error.errors(include_url=False, include_input=False)
    wrong = [explain(error, tree) for error in errors if not _is_told(error, tree)]
    # A model holds its keys against each other only where each is right: here the same rules read what they can.
    return environment, [*_slips(tree, tree, ROOT, ()), *wrong]


def _is_told(error: ErrorDetails, tree: Node) -> bool:
    node = tree.at(tuple(error["loc"]))
    if node is None:
        return False
    # Pydantic counts only the items that are valid, and has told of the others.
    enough = isinstance(node.value, list) and len(node.value) >= error.get("ctx", {}).get("min_length", 0)
    return node.broken or (error["type"] == "too_short" and enough)


def _slips(tree: Node, node: Node, shape: Shape | None, path: KeyPath) -> Iterator[Problem]:
    if shape is not None and shape.model is not None and isinstance(node.value, dict):
        said = {key: _readable(child) for key, child in node.value.items()}
        for slip in shape.model.slips(said):
            place = tree.at((*path, *slip.path))
            if place is None or not place.broken:
                yield told(tree, (*path, *slip.path), slip.message)
    for key, child in children(node):
        yield from _slips(tree, child, shape.child(key) if shape is not None else None, (*path, key))


def _readable(node: Node) -> object:
    """The value for the models' rules; something that is no text where a variable is missing."""
    if isinstance(node.value, dict):
        return {key: _readable(child) for key, child in node.value.items()}
    if isinstance(node.value, list):
        return [_readable(child) for child in node.value]
    return _UNREAD if node.broken else node.value


def _places(tree: Node, path: KeyPath = ()) -> Iterator[tuple[KeyPath, Node]]:
    for key, child in children(tree):
        yield (*path, key), child
        yield from _places(child, (*path, key))


def _plain(node: Node, mask: frozenset[int] = frozenset()) -> Json:
    """The tree as JSON, with `***` for the nodes whose id is in `mask`."""
    if id(node) in mask:
        return MASK
    if isinstance(node.value, dict):
        return {key: _plain(child, mask) for key, child in node.value.items()}
    if isinstance(node.value, list):
        return [_plain(child, mask) for child in node.value]
    assert isinstance(node.value, str | int | float)
    return node.value


def _digest(tree: Node, secrets: tuple[str, ...]) -> str:
    masked = Scrubber(secrets).scrub_json(_plain(tree, frozenset(id(node) for node in secret_nodes(tree))))
    return hashlib.sha256(json.dumps(masked, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _without_secrets(
    problems: list[Problem], tree: Node, layers: list[_Layer], sources: tuple[Path, ...]
) -> list[Problem]:
    """The problems in file order, with any secret taken out that a message may still hold."""
    values = set(secrets_of(tree))
    for node in secret_nodes(tree):
        for _, leaf in leaves(node):
            values |= {layer.values[name] for name in _names_in(leaf.raw) if (layer := _layer_of(name, layers))}
    scrub = Scrubber(values).scrub
    order = {shown(file): number for number, file in enumerate(sources)}
    unique = dict.fromkeys(replace(each, key=scrub(each.key), message=scrub(each.message)) for each in problems)
    return sorted(unique, key=lambda each: (order.get(each.file, len(order)), each.line or 0))
