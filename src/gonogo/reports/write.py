"""Writes a run's reports into its directory. verdict.json is written before, by `gonogo.run.folder`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from gonogo.door import replace
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
        replace(folder / name, text)
    return tuple(folder / name for name in texts)
