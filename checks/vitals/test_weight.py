"""Every byte is paid for by somebody on a slow or metered line.

Fix: split the script, compress the images, or raise the budget on purpose.
See: https://web.dev/articles/performance-budgets-101
"""

from __future__ import annotations

from gonogo import Finding, Severity, check
from gonogo.check import report
from gonogo.nouns import VitalsRuns


@check(title="Pages keep their byte budgets", severity=Severity.MEDIUM, profiles={"nightly"})
def test_bytes(weight: VitalsRuns) -> None:
    """Transferred bytes by resource type, before any consent; the heaviest run counts."""
    findings = []
    for kind, limit in weight.declared.bytes.items():
        heaviest = max(sum(one.bytes for one in run.requests if kind in {"total", one.type}) for run in weight.runs)
        if heaviest > limit:
            findings.append(
                Finding.of(weight.page, seen=f"{heaviest} bytes", wanted=f"at most {limit} bytes", what=kind)
            )
    report(findings)
