"""What every noun is made of: how evidence is seen, a subject with its requests, and the requests that many ask for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from gonogo.environment.models import Environment
from gonogo.errors import EvidenceMissing
from gonogo.evidence.facts import Exchange, from_json
from gonogo.evidence.records import Evidence, Failure, FailureKind, HttpRequest, Request, Step, VisitRequest

Facts = TypeVar("Facts")
MAX_HOPS = 5
"""Redirects gathered after the first answer; browsers give up at 20, a person long before."""


class Sight(Protocol):
    """How a noun sees evidence; the plugin's implementation waits for it."""

    def evidence(self, request: Request) -> Evidence: ...


def facts(sight: Sight, request: Request, kind: type[Facts]) -> Facts:
    """The facts for a request. Raises EvidenceMissing with the failure's kind and words when there are none."""
    evidence = sight.evidence(request)
    if evidence.failure is not None:
        raise EvidenceMissing(evidence.failure.kind, evidence.failure.message)
    return decode(evidence, kind)


_decoded: dict[int, tuple[Evidence, object]] = {}


def decode(evidence: Evidence, kind: type[Facts]) -> Facts:
    """Each record is decoded once a process; many checks judge the same one."""
    known = _decoded.get(id(evidence))
    if known is None or known[0] is not evidence:
        known = (evidence, from_json(kind, evidence.facts or {}))
        _decoded[id(evidence)] = known
    return known[1]  # type: ignore[return-value]


@dataclass(frozen=True, slots=True)
class Subject:
    """One thing to judge, with the requests that its evidence needs and what the environment declares of it."""

    id: str
    requests: tuple[Request, ...]
    declared: object = None


@dataclass(frozen=True, slots=True)
class Noun:
    name: str
    section: str
    """The environment's section that must be there, as a user writes it: `[consent]`."""
    doc: str
    subjects: Callable[[Environment], Sequence[Subject]]
    build: Callable[[Environment, Subject, Sight], object]


@dataclass(slots=True)
class Watched:
    """A sight that remembers which evidence was looked at."""

    inner: Sight
    seen: list[str] = field(default_factory=list)

    def evidence(self, request: Request) -> Evidence:
        found = self.inner.evidence(request)
        if found.id not in self.seen:
            self.seen.append(found.id)
        return found


def page_request(environment: Environment, path: str) -> HttpRequest:
    return HttpRequest(f"{environment.site.url}{path}")


def page_visit(environment: Environment, path: str) -> VisitRequest:
    return VisitRequest(
        f"page {path}", (Step("goto", f"{environment.site.url}{path}"), Step("wait", "0.5"), Step("snapshot", "loaded"))
    )


def api_request(environment: Environment, path: str, *, method: str = "GET", role: str = "anonymous") -> HttpRequest:
    return HttpRequest(f"{environment.api_origin}{path}", method=method, role=role)


UNANSWERED = frozenset(
    {FailureKind.DNS, FailureKind.CONNECT, FailureKind.TIMEOUT, FailureKind.PROTOCOL, FailureKind.TOO_LARGE}
)
"""Failures that say the target did not answer. A certificate that is not accepted has checks of its own; everything
behind it is unknown, so that one cause is one finding. The rest is not the target's doing."""


def answer(sight: Sight, request: HttpRequest) -> tuple[Exchange | None, Failure | None]:
    evidence = sight.evidence(request)
    if evidence.failure is None:
        return decode(evidence, Exchange), None
    if evidence.failure.kind not in UNANSWERED:
        raise EvidenceMissing(evidence.failure.kind, evidence.failure.message)
    return None, evidence.failure
