"""The Prometheus text exposition format 0.0.4, as far as a verifier needs it: samples with labels and values.

Source: https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_SAMPLE = re.compile(
    r"(?P<name>[a-zA-Z_:][a-zA-Z0-9_:]*)"
    r"(?P<labels>\{[^\n]*\})?"
    r"[ \t]+(?P<value>[^ \t]+)(?:[ \t]+(?P<time>-?[0-9]+))?[ \t]*"
)
_LABEL = re.compile(r'\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*=\s*"((?:[^"\\]|\\.)*)"\s*(?:,|\Z)')
_ESCAPES = {"\\\\": "\\", '\\"': '"', "\\n": "\n"}


class MalformedMetrics(ValueError):
    """A line that is neither a comment nor a sample; the text says which."""


@dataclass(frozen=True, slots=True)
class Sample:
    name: str
    labels: tuple[tuple[str, str], ...]
    value: float


def _labels(text: str, line: int) -> Iterator[tuple[str, str]]:
    position = 0
    while position < len(text):
        found = _LABEL.match(text, position)
        if found is None:
            raise MalformedMetrics(f"line {line}: labels cannot be read: {text[position : position + 60]!r}")
        yield found.group(1), re.sub(r"\\[\\\"n]", lambda escape: _ESCAPES[escape.group()], found.group(2))
        position = found.end()


def parse(text: str) -> tuple[Sample, ...]:
    """Every sample, in order. Raises MalformedMetrics at the first line that is not in the format."""
    samples: list[Sample] = []
    for number, raw in enumerate(text.split("\n"), start=1):
        line = raw.strip("\r")
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        found = _SAMPLE.fullmatch(line.strip())
        if found is None:
            raise MalformedMetrics(f"line {number} is not a sample: {line[:60]!r}")
        try:
            value = float(found.group("value").replace("Inf", "inf"))
        except ValueError:
            raise MalformedMetrics(f"line {number}: {found.group('value')[:40]!r} is not a number") from None
        labels = tuple(_labels(found.group("labels")[1:-1].strip(), number)) if found.group("labels") else ()
        samples.append(Sample(found.group("name"), labels, value))
    return tuple(samples)
