"""Writes a run's reports into its directory. verdict.json is written before, by `gonogo.rundir`."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from gonogo.reports.html import html
from gonogo.reports.junit import junit
from gonogo.reports.markdown import markdown
from gonogo.reports.model import Report

WRITERS: Mapping[str, Callable[[Report], str]] = {
    "verdict.html": html,
    "junit.xml": junit,
    "summary.md": markdown,
}
"""File name to the function that makes its text."""


def write_all(report: Report, folder: Path) -> tuple[Path, ...]:
    """Write every report; each file is whole or not there. Returns the paths, in the order of `WRITERS`.

    Raises OSError when one cannot be written. Raises ValueError, KeyError or TypeError when the verdict is
    not one; then no file is written at all.
    """
    texts = {name: write(report) for name, write in WRITERS.items()}
    for name, text in texts.items():
        _replace(folder / name, text)
    return tuple(folder / name for name in texts)


def _replace(path: Path, text: str) -> None:
    """Write beside the path, then take its place. What UTF-8 cannot say becomes `?`."""
    handle, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", errors="replace", newline="\n") as stream:
            stream.write(text)
        umask = os.umask(0)
        os.umask(umask)
        Path(beside).chmod(0o666 & ~umask)  # mkstemp makes files that only their owner can read
        Path(beside).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(beside).unlink()
        raise
