"""The one door to disk: whatever gonogo writes of a run goes through here, and the door takes the secrets out.

No other module opens a file for writing (`tests/test_structure.py` holds that), so a secret has one place to be stopped at.
It stands below everything else, because the collector's process writes evidence while the one that judges writes results.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Self, TextIO

Json = Any


def replace(path: Path, text: str, *, durable: bool = False) -> Path:
    """All of the new content or all of the old; `durable`: even after a power cut. What UTF-8 cannot say becomes `?`.

    The text is written as it is: give it to a `Door` where it may hold a secret. Raises OSError.
    """
    scratch = path.with_name(f".{path.name}-{secrets.token_hex(4)}")
    try:
        with scratch.open("w", encoding="utf-8", errors="replace", newline="\n") as stream:
            stream.write(text)
            if durable:
                stream.flush()
                os.fsync(stream.fileno())
        scratch.replace(path)
    finally:
        scratch.unlink(missing_ok=True)
    if durable:
        sync(path.parent)
    return path


def sync(path: Path) -> None:
    """Bring a file or a folder's entries to the disk. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def mark(path: Path) -> bool:
    """Leave an empty file; False when it was there before. Raises OSError."""
    try:
        path.touch(exist_ok=False)
    except FileExistsError:
        return False
    return True


@contextmanager
def marked(path: Path) -> Iterator[None]:
    """An empty file that is there for the time of the block. Raises OSError."""
    path.touch()
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def forget(path: Path) -> None:
    """Take a file away, if it is there. Raises OSError."""
    path.unlink(missing_ok=True)


def copy(source: Path, target: Path) -> None:
    """Copy a file that came through the door before, with its times; folders are made. Raises OSError."""
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(source, target)


def write_bytes(path: Path, content: bytes) -> Path:
    """Write a picture or an archive, in which no text can be looked for. Raises OSError."""
    path.write_bytes(content)
    return path


def sink(path: Path) -> BinaryIO:
    """A file for what a child says on its standard error; the caller closes it. Raises OSError."""
    return path.open("wb")


def point(link: Path, name: str) -> None:
    """Make a link to a folder beside it, or where links are not possible a file with its name. Raises OSError."""
    scratch = link.with_name(f".{link.name}-{secrets.token_hex(4)}")
    try:
        scratch.symlink_to(name, target_is_directory=True)
    except (OSError, NotImplementedError):
        replace(link, f"{name}\n", durable=True)
        return
    scratch.replace(link)


class Lines:
    """A file that grows by whole lines, each of them scrubbed and flushed, so that a killed run keeps what it has seen."""

    def __init__(
        self, stream: TextIO, scrub: Callable[[str], str], scrub_json: Callable[[Json], Json], before: int
    ) -> None:
        self._stream = stream
        self._scrub = scrub
        self._scrub_json = scrub_json
        self.before = before
        """Lines that stood there when it was opened."""

    def line(self, text: str) -> None:
        """Write one line. Raises OSError."""
        self._stream.write(self._scrub(text) + "\n")
        self._stream.flush()

    def json_line(self, text: str) -> None:
        """Write a line of JSON, scrubbed text by text, so that it stays one. Raises OSError."""
        self._stream.write(json.dumps(self._scrub_json(json.loads(text))) + "\n")
        self._stream.flush()

    def close(self) -> None:
        self._stream.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Door:
    """Writes texts and JSON without a run's secrets."""

    def __init__(self, scrub: Callable[[str], str], scrub_json: Callable[[Json], Json]) -> None:
        """`scrub` takes secrets out of a text, `scrub_json` out of every text and key of a JSON value."""
        self.scrub = scrub
        self.scrub_json = scrub_json

    def write(self, path: Path, text: str, *, durable: bool = False) -> Path:
        """A text, whole or not at all. Raises OSError."""
        return replace(path, self.scrub(text), durable=durable)

    def write_json(self, path: Path, value: Json, *, indent: int | None = 1, durable: bool = False) -> Path:
        """A JSON value, scrubbed text by text, so that it stays one. Raises OSError."""
        return replace(path, json.dumps(self.scrub_json(value), indent=indent) + "\n", durable=durable)

    def lines(self, path: Path) -> Lines:
        """A file to append lines to; the caller closes it. Raises OSError."""
        before = path.read_bytes().count(b"\n") if path.exists() else 0
        return Lines(path.open("a", encoding="utf-8", newline="\n"), self.scrub, self.scrub_json, before)
