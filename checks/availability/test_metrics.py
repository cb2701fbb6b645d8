"""Without metrics nobody sees the next incident coming, and alerts on a missing series stay silent.

Fix: expose the declared metrics in the Prometheus text format, or correct `[metrics] required`.
See: https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from __future__ import annotations

from gonogo import Finding, Severity, check
from gonogo.check import report
from gonogo.concerns.availability import MetricsPage
from gonogo.formats.prometheus import MalformedMetrics, parse


@check(title="The declared metrics are exposed", severity=Severity.HIGH, profiles={"smoke", "nightly"})
def test_readable(metrics_page: MetricsPage) -> None:
    """A scrape that fails or lost a metric in this release blinds every dashboard and alert built on it."""
    exchange, where = metrics_page.exchange, metrics_page.declared.path
    if exchange.status != 200:
        report([Finding.of(where, seen=f"status {exchange.status}", wanted="status 200")])
    try:
        names = {sample.name for sample in parse(exchange.body)}
    except MalformedMetrics as error:
        report([Finding.of(where, seen=str(error), wanted="Prometheus text")])
        return
    if not names:
        report([Finding.of(where, seen="no sample", wanted="metrics")])
    report(
        Finding.of(where, seen="absent", wanted="exposed", what=name)
        for name in metrics_page.declared.required
        if name not in names
    )
