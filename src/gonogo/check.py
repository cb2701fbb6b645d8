"""The card of a check, and how a check reports its findings.

A check is a pytest test function with a card:

    @check(title="HSTS lasts at least a year", severity=Severity.HIGH, profiles={"smoke", "nightly"})
    def test_max_age(document: Document) -> None: ...

Its id is derived from where it stands: `checks/security/test_hsts.py::test_max_age` is `security.hsts.max-age`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Never, TypeVar

from gonogo.errors import Shortfall
from gonogo.result import Finding, Severity

if TYPE_CHECKING:
    from gonogo.environment.models import Environment

Where = Callable[["Environment", Never], object]
"""Whether a check judges a subject: a pure function of the environment and of what the subject's fixture declares of it,
which is of that fixture's type."""
Function = TypeVar("Function", bound=Callable[..., None])

MAX_TITLE = 60
HEADINGS = frozenset({"Fix", "See", "Why", "Family"})
"""Words before a colon that begin a part of a docstring."""
CARD = "__gonogo_card__"
PROFILES = frozenset({"smoke", "security", "full", "nightly"})


class Safety(StrEnum):
    """What a check does to the target."""

    READ_ONLY = "read_only"
    OPT_IN = "opt_in"
    """Writes a tagged synthetic record or sends a test alert; the environment file must say so."""
    STAGING_ONLY = "staging_only"


@dataclass(frozen=True, slots=True)
class Card:
    """All that the gate and a reader need to know of a check, beside its code."""

    id: str
    title: str
    severity: Severity
    safety: Safety
    profiles: tuple[str, ...]
    sources: tuple[str, ...]
    why: str
    """The module's docstring and the function's: why a user is hurt, `Fix:`, `See:`, `Family:`."""
    where: Where | None = None
    needs: str = ""
    """What the environment must declare for `where` to be true, as a user writes it: `[consent] record`."""

    @property
    def concern(self) -> str:
        return self.id.partition(".")[0]

    @property
    def family(self) -> str:
        """What the rule is one of, in a host's security table: the docstrings' `Family:`, else the file's subject, `Rate limit`."""
        return self.section("Family") or subject_of(self.id)

    def section(self, heading: str) -> str:
        """The paragraph of the docstrings that begins with `heading:`, the function's own first; empty if none."""
        found = ""
        for paragraph in self.why.split("\n\n"):
            for line_number, line in enumerate(lines := paragraph.splitlines()):
                if line.startswith(f"{heading}:"):
                    block = [line.partition(":")[2].strip()]
                    for follow in lines[line_number + 1 :]:
                        if follow.split(":")[0] in HEADINGS:
                            break
                        block.append(follow.strip())
                    found = "\n".join(block).strip()
        return found


def identify(module: str, function: str) -> str:
    """`checks.security.test_hsts`, `test_max_age` → `security.hsts.max-age`."""
    *_, folder, file = module.split(".")
    return ".".join(
        part.replace("_", "-") for part in (folder, file.removeprefix("test_"), function.removeprefix("test_"))
    )


def subject_of(check: str) -> str:
    """What the file of a check is about: `security.rate-limit.limited` → `Rate limit`."""
    return "".join(check.split(".")[1:2]).replace("-", " ").capitalize()


def check(
    *,
    title: str,
    severity: Severity,
    safety: Safety = Safety.READ_ONLY,
    profiles: Iterable[str] = ("nightly",),
    sources: Iterable[str] = (),
    where: Where | None = None,
    needs: str = "",
) -> Callable[[Function], Function]:
    """Give a test function its card. With `where` it judges only those of its fixture's subjects for which that is true;
    where there are none it does not apply, for want of what `needs` names.

    Raises ValueError when the title is empty, longer than 60 characters or an order ("Ensure …"), when a profile is
    unknown, when `where` comes without `needs`, or when neither the function nor its module says why a user is hurt (a
    docstring).
    """
    named = set(profiles)
    if not 0 < len(title) <= MAX_TITLE or title.startswith(("Ensure", "Check", "Verify")):
        raise ValueError(f"title {title!r}: state the good state in the present tense, in 1 to {MAX_TITLE} characters")
    if unknown := named - PROFILES:
        raise ValueError(f"unknown profiles {sorted(unknown)}; valid: {sorted(PROFILES)}")
    if (where is None) != (not needs):
        raise ValueError(f"where and needs={needs!r} belong together: needs names what an environment lacks for where")

    def give(function: Function) -> Function:
        module = inspect.getmodule(function)
        texts = [inspect.getdoc(module) or "", inspect.getdoc(function) or ""]
        why = "\n\n".join(text for text in texts if text)
        if not why:
            raise ValueError(f"{function.__qualname__} has no docstring that says why a user is hurt")
        card = Card(
            id=identify(function.__module__, function.__name__),
            title=title,
            severity=severity,
            safety=safety,
            profiles=tuple(sorted(named | {"full"})),
            sources=tuple(sources),
            why=why,
            where=where,
            needs=needs,
        )
        setattr(function, CARD, card)
        return function

    return give


def card_of(function: Any) -> Card | None:
    """The card of a test function, or None when it has none."""
    found = getattr(function, CARD, None)
    return found if isinstance(found, Card) else None


def report(findings: Iterable[Finding]) -> None:
    """Fail with every finding, or return when there is none.

    Raises Shortfall.
    """
    __tracebackhide__ = True
    if listed := tuple(findings):
        raise Shortfall(listed)
