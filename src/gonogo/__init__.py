"""gonogo verifies a deployed web system from the outside and answers GO or NO-GO."""

from gonogo.check import check
from gonogo.errors import GonogoError, Shortfall
from gonogo.result import Finding, Outcome, Result, Severity

__all__ = ["Finding", "GonogoError", "Outcome", "Result", "Severity", "Shortfall", "__version__", "check"]

__version__ = "0.1.0"
