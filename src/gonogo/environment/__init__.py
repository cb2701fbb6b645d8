"""Environment files: typed models, loading, secrets, JSON Schema and reference."""

from gonogo.environment.lint import Lint, lint
from gonogo.environment.load import Loaded, find, load, names, provider_of
from gonogo.environment.model import Secret, Tier
from gonogo.environment.models import Environment
from gonogo.environment.schema import environment_schema, reference_markdown, show
from gonogo.environment.secrets import Scrubber

__all__ = [
    "Environment",
    "Lint",
    "Loaded",
    "Scrubber",
    "Secret",
    "Tier",
    "environment_schema",
    "find",
    "lint",
    "load",
    "names",
    "provider_of",
    "reference_markdown",
    "show",
]
