"""Run directories on disk: written so that a killed run is seen to be one, read without trusting anything.

<UTC time>-<environment>-<profile>-<6 hex>/
    intent.json     written first: what the run set out to do
    results.jsonl   a line a result, flushed as it happens
    evidence/       records and their attachments
    receipt.json    written last: counts, and a digest of everything above
    verdict.json    the gate's answer
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections.abc import Iterable
from datetime import UTC, datetime
from math import isfinite
from pathlib import Path
from typing import Any

from gonogo import door
from gonogo.door import Door, Lines
from gonogo.environment.secrets import Scrubber
from gonogo.errors import RunUnreadable
from gonogo.gate.encode import verdict_text
from gonogo.gate.junit import MAX_BYTES, parse_junit
from gonogo.gate.model import (
    Expected,
    Intent,
    ProblemKind,
    ReadProblem,
    Receipt,
    Shard,
    Verdict,
    count,
)
from gonogo.result import Outcome, Result, Severity, decode, encode

INTENT = "intent.json"
RESULTS = "results.jsonl"
RECEIPT = "receipt.json"
VERDICT = "verdict.json"
EVIDENCE = "evidence"
LATEST = "latest"
INPUTS = (INTENT, "environment.json", "policy.toml", "waivers.toml", "attestations.toml")
"""What a run may be given; whoever alters it afterwards alters the question that the results answer."""

INTENT_SCHEMA = "gonogo.intent/1"
RECEIPT_SCHEMA = "gonogo.receipt/1"

# All that reading hostile or damaged JSON can raise; OverflowError comes of numbers and dates out of range.
MALFORMED = (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError)

Json = dict[str, Any]

_DEFAULT = Scrubber(())
DOOR = Door(_DEFAULT.scrub, _DEFAULT.scrub_json)
"""For what holds no secret of a run: passwords in addresses and Authorization headers are taken out all the same."""


def create(reports: Path, *, environment: str, profile: str, started: datetime) -> Path:
    """Make a run's directory with its `evidence/`, and point `latest` at it.

    Where symbolic links are not possible, `latest` is a text file with the directory's name.
    Raises OSError when it cannot be made, TypeError for a naive `started`, RunUnreadable when `latest` is a
    directory.
    """
    stamp = f"{_aware(started):%Y%m%dT%H%M%SZ}"
    name = f"{stamp}-{_slug(environment)}-{_slug(profile)}-{secrets.token_hex(3)}"
    folder = reports / name
    folder.mkdir(parents=True)
    (folder / EVIDENCE).mkdir()
    _point(reports / LATEST, name)
    return folder


def forget_latest(reports: Path) -> None:
    """Take `latest` away: the run that it should name could not begin. Raises OSError."""
    latest = reports / LATEST
    if latest.is_symlink() or latest.is_file():
        latest.unlink()


def write_intent(folder: Path, intent: Intent) -> Path:
    """Write `intent.json`, durably. Raises OSError."""
    return _write(
        folder / INTENT,
        {
            "schema": INTENT_SCHEMA,
            "run_id": intent.run_id,
            "environment": intent.environment,
            "tier": intent.tier,
            "release": intent.release,
            "profile": intent.profile,
            "environment_digest": intent.environment_digest,
            "policy_digest": intent.policy_digest,
            "started": _text(intent.started),
            "deploy_finished": None if intent.deploy_finished is None else _text(intent.deploy_finished),
            "suite": intent.suite,
            "region": intent.region,
            "shard": list(intent.shard),
            "partial": intent.partial,
            "expected": [
                {"check": one.check, "subject": one.subject, "severity": one.severity.value} for one in intent.expected
            ],
            "not_applicable": [
                {"check": check, "subject": subject, "reason": reason}
                for check, subject, reason in intent.not_applicable
            ],
        },
    )


def open_results(folder: Path, through: Door | None = None) -> Lines:
    """`results.jsonl`, open for `append_result`; the caller closes it. Raises OSError."""
    return (through or DOOR).lines(folder / RESULTS)


def append_result(stream: Lines, result: Result) -> None:
    """Write one line and flush it, so that a killed run keeps what it has seen. Raises OSError."""
    stream.json_line(encode(result))


def write_receipt(
    folder: Path, *, finished: datetime, metrics: Iterable[tuple[str, float]] = (), others: Iterable[str] = ()
) -> Receipt:
    """Close a run: count its results, digest everything it wrote. Call it last, when nobody writes any more.

    A metric that is not a finite number was not measured, and is left out.
    Raises OSError, and RunUnreadable when `results.jsonl` holds a line that is not a result.
    """
    path = folder / RESULTS
    door.mark(path)
    door.sync(path)
    content = path.read_bytes()
    results, problems = _results(content)
    if problems:
        raise RunUnreadable(f"{path}: {problems[0].message}")
    receipt = Receipt(
        finished=finished,
        results_sha256=hashlib.sha256(content).hexdigest(),
        counts=count(results),
        evidence=tuple((name, _digest(folder / name)) for name in _evidence_files(folder)),
        metrics=tuple(sorted((name, float(value)) for name, value in metrics if isfinite(value))),
        inputs=tuple((name, _digest(folder / name)) for name in INPUTS if (folder / name).is_file()),
        others=tuple(others),
    )
    _write(
        folder / RECEIPT,
        {
            "schema": RECEIPT_SCHEMA,
            "finished": _text(receipt.finished),
            "results_sha256": receipt.results_sha256,
            "counts": dict(receipt.counts),
            "metrics": [{"metric": name, "value": value} for name, value in receipt.metrics],
            "inputs": [{"path": name, "sha256": digest} for name, digest in receipt.inputs],
            "evidence": [{"path": name, "sha256": digest} for name, digest in receipt.evidence],
            **({"others": list(receipt.others)} if receipt.others else {}),
        },
    )
    return receipt


def write_verdict(folder: Path, verdict: Verdict) -> Path:
    """Write `verdict.json` durably and read it back: only then may a process exit with the verdict's status.

    Raises OSError when it cannot be written, RunUnreadable when what is read back differs.
    """
    text = verdict_text(verdict)
    path = folder / VERDICT
    DOOR.write(path, text, durable=True)
    if path.read_text(encoding="utf-8") != text:
        raise RunUnreadable(f"{path}: what was read back is not what was written; check the disk")
    return path


def resolve(path: Path) -> Path:
    """The run directory that a path means: itself, a symlink to it, or a `latest` text file beside it.

    Raises RunUnreadable when there is none.
    """
    if path.is_file() and path.name == LATEST:
        named = path.read_text(encoding="utf-8", errors="replace").strip()
        if not named or Path(named).name != named:
            raise RunUnreadable(f"{path}: does not hold the name of a run directory")
        path = path.parent / named
    if not path.is_dir():
        what = "is a file, wanted a run directory" if path.is_file() else "there is no such run directory"
        raise RunUnreadable(f"{path}: {what}")
    return path.resolve()


def read(path: Path) -> Shard:
    """Read a run directory, damaged or not: what is wrong with it is in the shard's `problems`.

    Raises RunUnreadable when there is no directory.
    """
    folder = resolve(path)
    problems: list[ReadProblem] = []
    intent = _intent(folder, problems)
    content = _content(folder / RESULTS, ProblemKind.UNREADABLE, problems)
    results, faults = _results(content or b"")
    problems += faults
    receipt = _receipt(folder, problems)
    if receipt is not None:
        if content is not None and hashlib.sha256(content).hexdigest() != receipt.results_sha256:
            problems.append(_problem(ProblemKind.CHANGED, f"{RESULTS} is not the file that the receipt describes"))
        problems += _input_problems(folder, receipt)
        problems += _evidence_problems(folder, receipt, results)
    return Shard(intent, results, receipt, tuple(problems), name=folder.name)


def read_junit(path: Path, *, suite: str = "") -> Shard:
    """Read another suite's JUnit file (see `gonogo.gate.junit`); `suite` defaults to the file's stem.

    Whatever is wrong with it is in the shard's `problems`. Raises RunUnreadable when there is no such file.
    """
    try:
        with path.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise RunUnreadable(f"{path}: {error.strerror or error}") from None
    return parse_junit(content, suite=suite or path.stem, name=path.name)


# --- writing


def _point(latest: Path, name: str) -> None:
    if latest.is_dir() and not latest.is_symlink():
        raise RunUnreadable(f"{latest}: is a directory where a link to the newest run belongs; remove it")
    door.point(latest, name)


def _write(path: Path, fields: Json) -> Path:
    return DOOR.write_json(path, fields, durable=True)


def _evidence_files(folder: Path) -> list[str]:
    """Every finished file below `evidence/`; scratch and lock files begin with a dot."""
    found = (path for path in (folder / EVIDENCE).rglob("*") if path.is_file())
    names = (path.relative_to(folder).as_posix() for path in found if not path.name.startswith("."))
    return sorted(names)


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _slug(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9._]+", "-", name).strip("-.") or "unnamed"


def _aware(time: datetime) -> datetime:
    if time.utcoffset() is None:
        raise TypeError(f"{time!r} has no time zone")
    return time.astimezone(UTC)


def _text(time: datetime) -> str:
    return _aware(time).isoformat(timespec="microseconds")


# --- reading a run directory


def _problem(kind: ProblemKind, message: str) -> ReadProblem:
    return ReadProblem(kind, message)


def _content(path: Path, kind: ProblemKind, problems: list[ReadProblem]) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        problems.append(_problem(kind, f"{path.name} is missing"))
    except OSError as error:
        problems.append(_problem(ProblemKind.UNREADABLE, f"{path.name} cannot be read: {error.strerror or error}"))
    return None


def _intent(folder: Path, problems: list[ReadProblem]) -> Intent | None:
    content = _content(folder / INTENT, ProblemKind.INTENT, problems)
    if content is None:
        return None
    try:
        return _decode_intent(json.loads(content))
    except MALFORMED as error:
        problems.append(_problem(ProblemKind.INTENT, f"{INTENT} is not an intent: {_said(error)}"))
        return None


def _decode_intent(fields: Json) -> Intent:
    if fields["schema"] != INTENT_SCHEMA:
        raise ValueError(f"schema is {fields['schema']!r}, wanted {INTENT_SCHEMA!r}")
    index, total = (int(number) for number in fields["shard"])
    if not 1 <= index <= total:
        raise ValueError(f"shard {index} of {total} is impossible")
    deployed = fields["deploy_finished"]
    return Intent(
        run_id=str(fields["run_id"]),
        environment=str(fields["environment"]),
        tier=str(fields["tier"]),
        release=str(fields["release"]),
        profile=str(fields["profile"]),
        environment_digest=str(fields["environment_digest"]),
        policy_digest=str(fields["policy_digest"]),
        started=_moment(fields["started"]),
        expected=tuple(
            Expected(str(one["check"]), str(one["subject"]), Severity(one["severity"])) for one in fields["expected"]
        ),
        not_applicable=tuple(
            (str(one["check"]), str(one["subject"]), str(one["reason"])) for one in fields["not_applicable"]
        ),
        partial=str(fields["partial"]),
        deploy_finished=None if deployed is None else _moment(deployed),
        suite=str(fields["suite"]),
        region=str(fields["region"]),
        shard=(index, total),
    )


def _receipt(folder: Path, problems: list[ReadProblem]) -> Receipt | None:
    content = _content(folder / RECEIPT, ProblemKind.UNFINISHED, problems)
    if content is None:
        return None
    try:
        fields = json.loads(content)
        if fields["schema"] != RECEIPT_SCHEMA:
            raise ValueError(f"schema is {fields['schema']!r}, wanted {RECEIPT_SCHEMA!r}")
        return Receipt(
            finished=_moment(fields["finished"]),
            results_sha256=str(fields["results_sha256"]),
            counts={str(outcome): int(number) for outcome, number in fields["counts"].items()},
            evidence=tuple((str(one["path"]), str(one["sha256"])) for one in fields["evidence"]),
            metrics=tuple((str(one["metric"]), float(one["value"])) for one in fields["metrics"]),
            inputs=tuple((str(one["path"]), str(one["sha256"])) for one in fields["inputs"]),
            others=tuple(str(one) for one in fields.get("others", [])),
        )
    except MALFORMED as error:
        problems.append(_problem(ProblemKind.UNREADABLE, f"{RECEIPT} is not a receipt: {_said(error)}"))
        return None


def _results(content: bytes) -> tuple[tuple[Result, ...], list[ReadProblem]]:
    """Every line that can be read, a problem for each that cannot; a last line without its end was cut."""
    results: list[Result] = []
    problems: list[ReadProblem] = []
    lines = content.split(b"\n")
    cut = lines.pop()
    for number, line in enumerate(lines, start=1):
        try:
            results.append(decode(line.decode("utf-8")))
        except MALFORMED as error:
            said = f"{RESULTS}: line {number} is not a result: {_said(error)}"
            problems.append(_problem(ProblemKind.UNREADABLE, said))
    if cut:
        said = f"{RESULTS} ends in the middle of line {len(lines) + 1}: the run was killed or the file was cut"
        problems.append(_problem(ProblemKind.TRUNCATED, said))
    return tuple(results), problems


def _input_problems(folder: Path, receipt: Receipt) -> list[ReadProblem]:
    """What the run was given and is no longer the same: altered, taken away, or added later."""
    held = dict(receipt.inputs)
    problems = []
    for name in INPUTS:
        try:
            now = _digest(folder / name)
        except FileNotFoundError:
            now = None
        except OSError as error:
            problems.append(_problem(ProblemKind.UNREADABLE, f"{name} cannot be read: {error.strerror or error}"))
            continue
        if now != held.get(name):
            problems.append(_problem(ProblemKind.CHANGED, f"{name} is not what it was when the run finished"))
    return problems


def _evidence_problems(folder: Path, receipt: Receipt, results: Iterable[Result]) -> list[ReadProblem]:
    """Evidence that is gone or altered, and passes whose evidence the receipt does not hold."""
    problems = []
    for name, digest in receipt.evidence:
        inside = Path(name).parts[:1] == (EVIDENCE,) and ".." not in Path(name).parts
        try:
            altered = not inside or _digest(folder / name) != digest
        except (OSError, ValueError):
            problems.append(
                _problem(ProblemKind.EVIDENCE_MISSING, f"{name} is in the receipt and not in the directory")
            )
            continue
        if altered:
            problems.append(_problem(ProblemKind.CHANGED, f"{name} is not the file that the receipt describes"))
    held = {name for name, _ in receipt.evidence}
    for result in results:
        absent = [one for one in result.evidence if f"{EVIDENCE}/{one}.json" not in held]
        if result.outcome is Outcome.PASS and absent:
            said = f"{result.check} passed on {result.subject} by {absent[0]}, which the receipt does not hold"
            problems.append(_problem(ProblemKind.EVIDENCE_MISSING, said))
    return problems


def _moment(text: str) -> datetime:
    return _aware(datetime.fromisoformat(text))


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error)[:200]}"
