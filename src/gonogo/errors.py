"""Every error that gonogo raises on purpose.

* GonogoError
  * ConfigurationError      a file that a person wrote is wrong; carries every problem found
    * EnvironmentInvalid
    * PolicyInvalid
  * EvidenceMissing         something could not be observed; a check that asked for it is UNKNOWN
    * GuardRefused          the production guard did not let a request leave
  * RunUnreadable           a run directory cannot be read or has been altered
  * Unavailable             a part that gonogo needs (browser, driver) is not on this machine
* Shortfall                 a check's findings; an AssertionError, so that pytest shows a failure
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gonogo.result import Finding


class GonogoError(Exception):
    """The root of the tree; its text is fit to be shown to a user as it is."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong in a file: where, what was found, what is valid, what to do."""

    file: str
    line: int | None
    key: str
    message: str

    def __str__(self) -> str:
        where = self.file if self.line is None else f"{self.file}:{self.line}"
        return f"{where}: {self.key}: {self.message}" if self.key else f"{where}: {self.message}"


class ConfigurationError(GonogoError):
    """A file that a person wrote cannot be used; all problems are told at once."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class EnvironmentInvalid(ConfigurationError):
    """An environment file, or what it refers to, is wrong."""


class PolicyInvalid(ConfigurationError):
    """A policy or waiver file is wrong."""


class EvidenceMissing(GonogoError):
    """Something could not be observed. `kind` is one word from `gonogo.evidence.FailureKind`."""

    def __init__(self, kind: str, message: str) -> None:
        self.kind = kind
        self.message = message
        super().__init__(f"{kind}: {message}")


class GuardRefused(EvidenceMissing):
    """The production guard did not let a request leave: method, host, budget or tier."""

    def __init__(self, message: str) -> None:
        super().__init__("guard", message)


class RunUnreadable(GonogoError):
    """A run directory is absent, cut short or altered."""


class Unavailable(GonogoError):
    """A part that gonogo needs is not on this machine; the text says how to get it."""


class Shortfall(AssertionError):
    """A check's findings. Raised by `gonogo.check.report`, never by hand."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        self.findings = tuple(findings)
        super().__init__("\n".join(finding.message for finding in self.findings))
