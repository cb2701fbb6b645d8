"""Load balancers and on-call engineers believe the health endpoint; when it lies or is slow, a broken release takes traffic.

Fix: answer 200 with `{"status": "ok"}` within a second, and let the deep form ask each dependency.
See: https://datatracker.ietf.org/doc/html/draft-inadarei-api-health-check-06
"""

from __future__ import annotations

import json

from gonogo import Finding, Severity, check
from gonogo.check import report
from gonogo.nouns import Answer

HEALTHY = frozenset({"ok", "pass", "up", "healthy", "warn", "true"})
"""Words for a usable component; `warn` is healthy by the health-check draft §3.1."""


def _state(value: object) -> str:
    if isinstance(value, dict):
        value = value.get("status", value.get("state", ""))
    return str(value)[:60]


def _unanswered(health: Answer) -> list[Finding]:
    if health.exchange is None:
        seen = health.failure.message if health.failure else "no answer"
        return [Finding.of(health.subject, seen=seen, wanted="status 200")]
    if health.exchange.status != 200:
        return [Finding.of(health.subject, seen=f"status {health.exchange.status}", wanted="status 200")]
    return []


def _slow(health: Answer) -> list[Finding]:
    assert health.exchange is not None
    seconds = health.exchange.timings.total
    if seconds <= health.max_s:
        return []
    return [
        Finding.of(
            health.subject, seen=f"{seconds:.2f} s", wanted=f"at most {health.max_s:g} s", what="the answer time"
        )
    ]


@check(title="The service says that it is healthy", severity=Severity.CRITICAL, profiles={"smoke", "nightly"})
def test_shallow(health: Answer) -> None:
    """A service that does not answer its own health endpoint answers nobody."""
    findings = _unanswered(health) or _slow(health)
    if not findings and health.exchange is not None:
        try:
            body = json.loads(health.exchange.body)
        except ValueError:
            body = health.exchange.body.strip()
        said = _state(body).strip().lower()
        if isinstance(body, dict | str) and said not in HEALTHY:
            findings = [
                Finding.of(health.subject, seen=repr(said), wanted="ok, pass, up or healthy", what="the status")
            ]
    report(findings)


@check(title="Every dependency of the service is healthy", severity=Severity.CRITICAL, profiles={"smoke", "nightly"})
def test_deep(deep_health: Answer) -> None:
    """A service can answer while its database is gone; each declared component must be there and say that it works."""
    findings = _unanswered(deep_health)
    if not findings and deep_health.exchange is not None:
        try:
            body = json.loads(deep_health.exchange.body)
        except ValueError:
            body = None
        parts = body.get("checks", body.get("components", body)) if isinstance(body, dict) else {}
        parts = parts if isinstance(parts, dict) else {}
        for name in deep_health.components:
            if name not in parts:
                findings.append(
                    Finding.of(deep_health.subject, seen="absent", wanted="healthy", what=f"component {name}")
                )
            elif (state := _state(parts[name]).lower()) not in HEALTHY:
                findings.append(
                    Finding.of(deep_health.subject, seen=repr(state), wanted="healthy", what=f"component {name}")
                )
        if isinstance(body, dict) and (whole := _state(body).lower()) and whole not in HEALTHY and not findings:
            findings.append(Finding.of(deep_health.subject, seen=repr(whole), wanted="ok", what="the status"))
        if not isinstance(body, dict):
            findings.append(
                Finding.of(deep_health.subject, seen="no JSON object", wanted="a JSON object with each component")
            )
    report(findings)


@check(title="Health answers are never cached", severity=Severity.MEDIUM, profiles={"smoke", "nightly"})
def test_uncached(health: Answer) -> None:
    """A cached health answer keeps saying ok while the service is down.

    Fix: send `Cache-Control: no-store` on the health endpoint.
    See: https://www.rfc-editor.org/rfc/rfc9111#section-5.2.2.5
    """
    report(_unanswered(health))
    assert health.exchange is not None
    said = ", ".join(health.exchange.values("cache-control")).lower()
    directives = {part.partition("=")[0].strip() for part in said.split(",")}
    if not directives & {"no-store", "no-cache"}:
        report(
            [
                Finding.of(
                    health.subject, seen=repr(said[:100]) if said else "absent", wanted="no-store", what="Cache-Control"
                )
            ]
        )
