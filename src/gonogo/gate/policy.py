"""Reads policy, waiver and attestation files: TOML in, models out, or every mistake at once with its line."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Collection, Iterator, Sequence
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import Any, TypeVar, get_args

from pydantic import Field, ValidationError
from pydantic_core import ErrorDetails

from gonogo.errors import PolicyInvalid, Problem
from gonogo.gate.lines import Path, key_lines, nearest
from gonogo.gate.model import BUDGET_PREFIX, FOREIGN_PREFIX, Attestation, Model, Policy, Waiver

Document = TypeVar("Document", bound=Model)
Table = dict[str, Any]

RULES = ("severity", "require", "severity_of", "score", "budget")
"""Tables that demand something; a policy without any of them lets everything through by mistake."""


class WaiverFile(Model):
    waivers: tuple[Waiver, ...] = Field(alias="waiver")


class AttestationFile(Model):
    attestations: tuple[Attestation, ...] = Field(alias="attestation")


def parse_policy(text: str, *, file: str, known_checks: Collection[str]) -> Policy:
    """Read a policy. `known_checks` are the ids of the catalogue; `file` is used in messages only.

    Raises PolicyInvalid with every problem: TOML that cannot be read, unknown keys and checks, values out of
    range, waivers that are too broad or long or lack owner, reason or expiry, a policy that demands nothing.
    """
    document, lines = _load(text, file)
    budgeted = {f"{BUDGET_PREFIX}{one['metric']}" for one in _tables(document, "budget") if "metric" in one}
    checks = {*known_checks, *budgeted}
    problems = []
    if not any(document.get(name) for name in RULES):
        tables = ", ".join(f"[{rule}]" for rule in RULES)
        said = f"demands nothing, so it would let everything through; give one of {tables}"
        problems.append(Problem(file, None, "", said))
    if "digest" in document:
        problems.append(Problem(file, nearest(lines, ("digest",)), "digest", "is computed, it cannot be given"))
    for path, glob in _named_checks(document):
        if said := _glob_fault(glob, known_checks if path[0] == "require" else checks):
            problems.append(Problem(file, nearest(lines, path), _dotted(path), said))
    policy = _validate(Policy, document, lines, file, problems)
    return policy.model_copy(update={"digest": hashlib.sha256(text.encode()).hexdigest()})


def parse_waivers(text: str, *, file: str, known_checks: Collection[str]) -> tuple[Waiver, ...]:
    """Read a file of `[[waiver]]` tables; one without any is empty. Raises PolicyInvalid like `parse_policy`.

    `known_checks` must hold `budget.<metric>` for each budget of the policy that may be waived.
    """
    document, lines = _load(text, file)
    document.setdefault("waiver", [])
    problems = [
        Problem(file, nearest(lines, path), _dotted(path), said)
        for path, glob in _named_checks(document)
        if path[0] == "waiver" and (said := _glob_fault(glob, known_checks))
    ]
    return _validate(WaiverFile, document, lines, file, problems).waivers


def parse_attestations(text: str, *, file: str) -> tuple[Attestation, ...]:
    """Read a file of `[[attestation]]` tables; one without any is empty. Raises PolicyInvalid."""
    document, lines = _load(text, file)
    document.setdefault("attestation", [])
    return _validate(AttestationFile, document, lines, file, []).attestations


def _load(text: str, file: str) -> tuple[Table, dict[Path, int]]:
    try:
        return tomllib.loads(text), key_lines(text)
    except tomllib.TOMLDecodeError as error:
        said = str(error)
        found = re.search(r" \(at line (\d+), column \d+\)$", said)
        line = int(found[1]) if found else None
        message = f"is not TOML: {said[: found.start()] if found else said}"
        raise PolicyInvalid([Problem(file, line, "", message)]) from None


def _validate(
    model: type[Document], document: Table, lines: dict[Path, int], file: str, problems: Sequence[Problem]
) -> Document:
    found = list(problems)
    try:
        valid = model.model_validate(document)
    except ValidationError as error:
        valid = None
        for detail in error.errors(include_url=False, include_context=True):
            path = _written(detail["loc"], document)
            if path != ("digest",):
                found.append(Problem(file, nearest(lines, path), _dotted(path), _explain(detail, model)))
    if found or valid is None:
        unique = sorted(set(found), key=lambda one: (one.line or 0, one.key, one.message))
        raise PolicyInvalid(unique)
    return valid


def _explain(detail: ErrorDetails, model: type[Model]) -> str:
    """What is wrong, what was found, what is valid."""
    kind, name = detail["type"], str(detail["loc"][-1])
    context = detail.get("ctx", {})
    if kind == "extra_forbidden":
        valid = _keys_at(model, detail["loc"][:-1])
        return f"is not a key of this table{_hint(name, valid)}; valid: {', '.join(sorted(valid))}"
    if kind == "missing":
        return "is missing; it must be given"
    if kind in {"literal_error", "enum"}:
        valid_text = str(context.get("expected", "")).replace("'", "")
        words = re.split(r", | or ", valid_text)
        return f"{detail['input']!r} is not valid{_hint(str(detail['input']), words)}; valid: {valid_text}"
    if kind in {"timezone_aware", "datetime_from_date_parsing"} or "datetime" in kind:
        return f"{detail['input']} is not a moment with a time zone; write it as 2026-12-01T00:00:00Z"
    if kind == "value_error":
        return str(context["error"])
    said = detail["msg"].replace("Input should be", "must be").replace("String should", "must")
    return f"{said[0].lower()}{said[1:]}, found {detail['input']!r}"


def _keys_at(model: type[Model], path: Sequence[str | int]) -> list[str]:
    """The keys that a file may use in the table at `path`."""
    here: type[Model] = model
    for part in path:
        if isinstance(part, int):
            continue
        for name, field in here.model_fields.items():
            if part in {name, field.alias}:
                inner = [one for one in (field.annotation, *get_args(field.annotation)) if _is_model(one)]
                here = inner[0] if inner else here
    return [field.alias or name for name, field in here.model_fields.items() if name != "digest"]


def _is_model(annotation: object) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, Model)


def _written(loc: Sequence[str | int], document: Table) -> Path:
    """The error's place without the steps that pydantic adds for unions and which no file holds."""
    path: list[str | int] = []
    here: Any = document
    for number, part in enumerate(loc):
        inside = (isinstance(here, dict) and part in here) or (
            isinstance(here, list) and isinstance(part, int) and part < len(here)
        )
        if inside:
            here = here[part]
        elif number < len(loc) - 1:
            continue
        path.append(part)
    return tuple(path)


def _named_checks(document: Table) -> Iterator[tuple[Path, str]]:
    """Every place of a document that names checks."""
    severities = document.get("severity_of")
    for glob in severities if isinstance(severities, dict) else ():
        yield ("severity_of", glob), glob
    required = document.get("require")
    listed = required.get("checks") if isinstance(required, dict) else None
    for number, glob in enumerate(listed if isinstance(listed, list) else ()):
        if isinstance(glob, str):
            yield ("require", "checks", number), glob
    for number, waiver in enumerate(_tables(document, "waiver")):
        if isinstance(waiver.get("check"), str):
            yield ("waiver", number, "check"), waiver["check"]


def _tables(document: Table, name: str) -> list[Table]:
    found = document.get(name)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _glob_fault(glob: str, known_checks: Collection[str]) -> str:
    """What is wrong with the id or glob of a check; empty when nothing is."""
    if glob in known_checks or (glob.startswith(FOREIGN_PREFIX) and not _bare(glob.removeprefix(FOREIGN_PREFIX))):
        return ""
    if _bare(glob):
        return f"{glob!r} matches every check; name the checks that are meant"
    matching = [check for check in known_checks if fnmatchcase(check, glob)]
    if not matching:
        kind = "glob that matches no check" if set(glob) & set("*?[") else "unknown check"
        return f"{glob!r} is a{'n' if kind[0] == 'u' else ''} {kind}{_hint(glob, known_checks)}"
    if len(matching) == len(set(known_checks)) > 1:
        return f"{glob!r} matches every check; name the checks that are meant"
    return ""


def _bare(glob: str) -> bool:
    """Whether a glob holds nothing but wildcards."""
    return not re.sub(r"\[[^\]]*\]|[*?.\s]", "", glob)


def _hint(word: str, valid: Collection[str]) -> str:
    near = get_close_matches(word, sorted(valid), n=1, cutoff=0.6)
    return f"; did you mean {near[0]!r}?" if near else ""


def _dotted(path: Sequence[str | int]) -> str:
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text
