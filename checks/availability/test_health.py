"""Load balancers and on-call engineers believe the health endpoint; when it lies or is slow, a broken release takes traffic.

Fix: answer 200 with `{"status": "ok"}` within a second, and let the deep form ask each dependency.
See: https://datatracker.ietf.org/doc/html/draft-inadarei-api-health-check-06
"""

from __future__ import annotations

from gonogo import Finding, Severity, check
from gonogo.check import report
from gonogo.concerns.availability import Answer
from gonogo.formats.json_text import NotJson, parse

HEALTHY = frozenset({"ok", "pass", "up", "healthy", "warn", "true", "ready", "alive", "live", "serving", "running"})
"""Words for a usable component; `warn` is healthy by the health-check draft §3.1."""
KEYS = ("status", "state", "healthy", "ok", "alive", "ready")
"""Where services say it."""
PARTS = ("checks", "components", "details", "dependencies")
"""Where services list their components."""


def _state(value: object) -> str:
    """What a health value says, in lower case; of a list the worst; empty where it says nothing."""
    if isinstance(value, list):
        states = [_state(one) for one in value]
        return next((state for state in states if state not in HEALTHY), states[0] if states else "")
    if isinstance(value, dict):
        value = next((value[key] for key in KEYS if key in value), "")
    return str(value).strip().lower()[:60] if isinstance(value, str | bool) else ""


def _components(body: dict[str, object]) -> dict[str, object]:
    """The components that an answer names."""
    return next((dict(found) for key in PARTS if isinstance(found := body.get(key), dict)), {})


def _body(health: Answer) -> object:
    """The answer as JSON, or as text where it is not JSON."""
    assert health.exchange is not None
    try:
        found: object = parse(health.exchange.body)
    except NotJson:
        found = health.exchange.body.strip()
    return found


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
    report(_unanswered(health) or _slow(health))
    assert health.exchange is not None
    body = _body(health)
    # An empty 200, as load balancers know it, or a page of text speaks by its status.
    said = "ok" if health.exchange.body_bytes == 0 else _state(body)
    if isinstance(body, dict) and not said and not any(key in body for key in KEYS):
        said = "ok" if body else ""
    if isinstance(body, str) and len(body) > len(said):
        said = "ok"
    if said not in HEALTHY:
        report(
            [
                Finding.of(
                    health.subject,
                    seen=repr(said or str(body)[:60]),
                    wanted="ok, pass, up or healthy",
                    what="the status",
                )
            ]
        )


@check(title="Every dependency of the service is healthy", severity=Severity.CRITICAL, profiles={"smoke", "nightly"})
def test_deep(deep_health: Answer) -> None:
    """A service can answer while its database is gone; each declared component must be there and say that it works."""
    report(_unanswered(deep_health))
    body, where = _body(deep_health), deep_health.subject
    if not isinstance(body, dict):
        report([Finding.of(where, seen="no JSON object", wanted="a JSON object with each component")])
        return
    parts, whole = _components(body), _state(body)
    named = {part.partition(":")[0]: part for part in parts}
    findings = []
    for name in deep_health.components:
        value = parts.get(name, parts.get(named.get(name, ""), body.get(name)))
        if value is None:
            findings.append(Finding.of(where, seen="absent", wanted="healthy", what=f"component {name}"))
    for name, value in {**{one: body[one] for one in deep_health.components if one in body}, **parts}.items():
        if (state := _state(value)) not in HEALTHY:
            findings.append(Finding.of(where, seen=repr(state), wanted="healthy", what=f"component {name[:60]}"))
    if not findings and whole not in HEALTHY and (whole or not (parts or deep_health.components)):
        findings.append(Finding.of(where, seen=repr(whole), wanted="ok, or components that say so", what="the status"))
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
