"""A laboratory measures one machine; field data tells what real visitors met, and search engines rank by it.

Fix: look for the pages, devices and countries behind the number, and measure one of them in the laboratory.
See: https://web.dev/articles/lab-and-field-data-differences
"""

from __future__ import annotations

from gonogo import Finding, Severity, check
from gonogo.check import report
from gonogo.concerns.vitals.fixtures import FieldAnswer


def _over(field: FieldAnswer, name: str, metric: str, limit: float, unit: str) -> list[Finding]:
    value = field.value(metric)
    if value <= limit:
        return []
    seen, wanted = (f"{number:g} {unit}".rstrip() for number in (value, limit))
    return [Finding.of(field.path, seen=f"{seen} (75th percentile)", wanted=f"at most {wanted}", what=name)]


@check(title="The main content shows in time for real visitors", severity=Severity.MEDIUM, profiles={"nightly"})
def test_lcp(field: FieldAnswer) -> None:
    """75th percentile of LCP, as Core Web Vitals are judged."""
    report(_over(field, "LCP", "lcp_ms", field.declared.lcp_ms, "ms"))


@check(title="The layout does not shift for real visitors", severity=Severity.MEDIUM, profiles={"nightly"})
def test_cls(field: FieldAnswer) -> None:
    """75th percentile of CLS."""
    report(_over(field, "CLS", "cls", field.declared.cls, ""))


@check(title="The page reacts in time to real visitors", severity=Severity.MEDIUM, profiles={"nightly"})
def test_inp(field: FieldAnswer) -> None:
    """75th percentile of INP."""
    report(_over(field, "INP", "inp_ms", field.declared.inp_ms, "ms"))
