"""What every evidence fixture is made of: a subject with its requests, what was asked of it, and the object that a check gets.

A fixture knows which subjects the environment declares, which requests each of them needs, and how to turn the records
into one typed object. The plugin makes a parametrised pytest fixture of each; the gate's list of expected checks comes
from the same place, without running anything.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from gonogo.environment.models import Environment
from gonogo.errors import EvidenceMissing
from gonogo.evidence.records import Evidence, Failure, FailureKind, Request
from gonogo.probes.browser.request import Step, VisitRequest
from gonogo.probes.http.facts import Exchange
from gonogo.probes.http.request import HttpRequest

Declared = TypeVar("Declared")
Other = TypeVar("Other")
Built = TypeVar("Built")
Facts = TypeVar("Facts")
MAX_HOPS = 5
"""Redirects gathered after the first answer; browsers give up at 20, a person long before."""


class Source(Protocol):
    """Where evidence comes from; the plugin's waits for it."""

    def evidence(self, request: Request) -> Evidence:
        """Raises EvidenceMissing when it cannot come."""
        ...


@dataclass(frozen=True, slots=True)
class Subject(Generic[Declared]):
    """One thing to judge, with the requests that its evidence needs and what the environment declares of it."""

    id: str
    requests: tuple[Request, ...]
    declared: Declared


@dataclass(frozen=True, slots=True)
class Asked(Generic[Declared]):
    """A subject whose evidence is asked for; it remembers what was looked at."""

    environment: Environment
    subject: Subject[Declared]
    source: Source
    looked_at: list[str] = field(default_factory=list)
    """Ids of the evidence, each once, in the order in which it was looked at."""

    @property
    def id(self) -> str:
        return self.subject.id

    @property
    def declared(self) -> Declared:
        return self.subject.declared

    @property
    def requests(self) -> tuple[Request, ...]:
        return self.subject.requests

    def evidence(self, request: Request | None = None) -> Evidence:
        """The record of a request, by default the subject's first. Raises EvidenceMissing when it cannot come."""
        return self._look(self.source.evidence(request or self.requests[0]))

    def facts(self, kind: type[Facts], request: Request | None = None) -> Facts:
        """The facts for a request, by default the subject's first.

        Raises EvidenceMissing with the failure's kind and words when there are none.
        """
        return _facts(self.evidence(request), kind)

    def later(self, kind: type[Facts], request: Request) -> Callable[[], Facts]:
        """Wait for the record of a request now, and look at it when the function that comes back is called.

        Only then is it one of those looked at, and only then does the function raise what `facts` raises: a judgement has
        little time to wait, and a record that it does not need must not make it unknown.
        """
        try:
            found = self.source.evidence(request)
        except EvidenceMissing as error:
            missing = error

            def unseen() -> Facts:
                raise EvidenceMissing(missing.kind, missing.message)

            return unseen
        return lambda: _facts(self._look(found), kind)

    def of(self, subject: Subject[Other]) -> Asked[Other]:
        """The same, of a part of this subject."""
        return Asked(self.environment, subject, self.source, self.looked_at)

    def _look(self, found: Evidence) -> Evidence:
        if found.id not in self.looked_at:
            self.looked_at.append(found.id)
        return found


def _facts(evidence: Evidence, kind: type[Facts]) -> Facts:
    if evidence.failure is not None:
        raise EvidenceMissing(evidence.failure.kind, evidence.failure.message)
    return evidence.seen(kind)


@dataclass(frozen=True, slots=True)
class Fixture(Generic[Declared, Built]):
    """What a check may ask for by the name of its parameter."""

    name: str
    section: str
    """The environment's section that must be there, as a user writes it: `[consent]`."""
    doc: str
    subjects: Callable[[Environment], Sequence[Subject[Declared]]]
    build: Callable[[Asked[Declared]], Built]


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


def answer(evidence: Evidence) -> tuple[Exchange | None, Failure | None]:
    """What a target answered, or why it did not. Raises EvidenceMissing when that is not the target's doing."""
    if evidence.failure is None:
        return evidence.seen(Exchange), None
    if evidence.failure.kind not in UNANSWERED:
        raise EvidenceMissing(evidence.failure.kind, evidence.failure.message)
    return None, evidence.failure
