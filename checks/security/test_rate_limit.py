"""Without a limit one client can try every password, or use up what all share.

Fix: nginx `limit_req` with `limit_req_status 429;`, and `Retry-After` in the answer.
See: https://www.rfc-editor.org/rfc/rfc6585#section-4
"""

from __future__ import annotations

from datetime import datetime
from email.utils import parsedate_to_datetime

from gonogo import Finding, Severity, check
from gonogo.check import report
from gonogo.concerns.security.limits import RateLimited
from gonogo.errors import EvidenceMissing
from gonogo.formats import rate_limit as fields
from gonogo.probes.http.facts import BurstAnswer

TOO_MANY = 429


def _values(answer: BurstAnswer, name: str) -> tuple[str, ...]:
    return tuple(value for key, value in answer.headers if key.lower() == name)


@check(title="The rate limit takes effect", severity=Severity.HIGH, profiles={"security", "nightly"})
def test_limited(rate_limit: RateLimited) -> None:
    """One request after another, at most two more than the limit. A firewall's 403 or an overload's 503 proves nothing."""
    answers = rate_limit.burst.answers
    last = answers[-1].status
    if last == TOO_MANY:
        return
    if last in {403, 503}:
        raise EvidenceMissing(
            "invalid",
            f"{rate_limit.declared.path}: refused with {last} after {len(answers)} requests; that may be a firewall's or an overload's answer",
        )
    seen = f"status {last} to request {len(answers)}"
    report(
        [Finding.of(rate_limit.declared.path, seen=seen, wanted=f"429 after {rate_limit.declared.requests} requests")]
    )


@check(title="A refusal says when to come again", severity=Severity.MEDIUM, profiles={"security", "nightly"})
def test_retry_after(rate_limit: RateLimited) -> None:
    """Clients without a hint try again at once. Seconds, or a date.

    See: https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3
    """
    last = rate_limit.burst.answers[-1]
    if last.status == TOO_MANY:
        said = next(iter(_values(last, "retry-after")), "").strip()
        if not (said.isascii() and said.isdigit()) and not _date(said):
            seen = repr(said[:60]) if said else "absent"
            report(
                [Finding.of(rate_limit.declared.path, seen=seen, wanted="seconds or an HTTP date", what="Retry-After")]
            )


def _date(text: str) -> datetime | None:
    try:
        return parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


@check(title="RateLimit fields are well formed and count down", severity=Severity.LOW, profiles={"security", "nightly"})
def test_fields(rate_limit: RateLimited) -> None:
    """Clients that pace themselves by malformed fields, or by ones that never change, do not.

    See: https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/
    """
    path, answers = rate_limit.declared.path, rate_limit.burst.answers
    findings, left = [], []
    for answer in answers:
        for name, read in (("ratelimit-policy", fields.policies), ("ratelimit", fields.limits)):
            if values := _values(answer, name):
                found = read(values)
                if isinstance(found, str):
                    findings.append(Finding.of(path, seen=found, wanted="the form of the draft", what=name))
                elif name == "ratelimit" and found and found[0].remaining is not None:
                    left.append(found[0].remaining)
        older = [_values(answer, f"ratelimit-{part}") for part in ("limit", "remaining", "reset")]
        if any(older) and isinstance(malformed := fields.triple(*older), str):
            findings.append(
                Finding.of(path, seen=malformed, wanted="whole numbers", what="RateLimit-Limit and its like")
            )
    if not findings and len(left) > 1 and left[-1] >= left[0] > 0:
        findings.append(
            Finding.of(
                path, seen=f"{left[0]}, later {left[-1]}", wanted="fewer each time", what="what RateLimit says is left"
            )
        )
    report(findings[:1])
