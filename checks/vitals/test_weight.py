"""Every byte is paid for by somebody on a slow or metered line.

Fix: split the script, compress the images, or raise the budget on purpose.
See: https://web.dev/articles/performance-budgets-101
"""

from __future__ import annotations

from collections import Counter
from urllib.parse import urlsplit

from gonogo import Finding, Severity, check
from gonogo.check import report
from gonogo.concerns.vitals.fixtures import VitalsRuns
from gonogo.formats.vitals import heaviest


@check(
    title="Pages keep their byte budgets",
    severity=Severity.MEDIUM,
    profiles={"nightly"},
    where=lambda _, measured: measured.vitals.bytes,
    needs="[vitals.bytes]",
)
def test_bytes(vitals: VitalsRuns) -> None:
    """Transferred bytes by resource type until the page has settled; the heaviest run counts."""
    findings = list[Finding]()
    for kind, limit in vitals.declared.bytes.items():
        worst = vitals.heaviest(kind)
        findings += heaviest(vitals.page, kind, vitals.transferred(kind), limit, "bytes", worst=worst)
    report(findings)


@check(
    title="Pages keep their budgets of uncompressed bytes",
    severity=Severity.LOW,
    profiles={"nightly"},
    where=lambda _, measured: measured.vitals.uncompressed,
    needs="[vitals.uncompressed]",
)
def test_uncompressed(vitals: VitalsRuns) -> None:
    """Compression hides how much a phone has to parse; bytes as the page gets them, by resource type.

    Fix: remove what is not used; the evidence of the warm-up visit tells how much of each script and style sheet that is.
    See: https://web.dev/articles/remove-unused-code
    """
    findings = list[Finding]()
    for kind, limit in vitals.declared.uncompressed.items():
        findings += heaviest(vitals.page, kind, vitals.uncompressed(kind), limit, "bytes")
    report(findings)


@check(
    title="Pages keep their budgets of requests",
    severity=Severity.MEDIUM,
    profiles={"nightly"},
    where=lambda _, measured: measured.vitals.requests,
    needs="[vitals.requests]",
)
def test_requests(vitals: VitalsRuns) -> None:
    """Each request is a wait of its own on a slow line; requests by resource type until the page has settled.

    Fix: bundle small files, and ask for what is further down only when it comes into view.
    """
    findings = list[Finding]()
    for kind, limit in vitals.declared.requests.items():
        findings += heaviest(vitals.page, kind, vitals.counted(kind), limit, "requests")
    report(findings)


@check(
    title="Third parties keep their budget",
    severity=Severity.MEDIUM,
    profiles={"nightly"},
    where=lambda _, measured: measured.vitals.third_party,
    needs="[vitals.third_party]",
)
def test_third_party(vitals: VitalsRuns) -> None:
    """What others add to a page slows it down and is not in the site's hands; other registrable domains than its own.

    Fix: remove tags that nobody reads, and load the rest after the page.
    See: https://web.dev/articles/optimizing-content-efficiency-loading-third-party-javascript
    """
    declared, runs = vitals.declared.third_party, vitals.foreign()
    assert declared is not None
    hosts = Counter(urlsplit(one.url).hostname or "" for run in runs for one in run)
    worst = f"to {hosts.most_common(1)[0][0]}" if hosts else ""
    findings = list[Finding]()
    if declared.requests is not None:
        counts = [len(run) for run in runs]
        findings += heaviest(vitals.page, "third-party", counts, declared.requests, "requests", worst=worst)
    if declared.bytes is not None:
        sizes = [sum(one.bytes for one in run) for run in runs]
        findings += heaviest(vitals.page, "third-party", sizes, declared.bytes, "bytes", worst=worst)
    report(findings)
