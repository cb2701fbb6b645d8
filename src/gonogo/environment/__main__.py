"""Writes what is generated from the models: `python -m gonogo.environment`, in the project's root."""

from __future__ import annotations

from pathlib import Path

from gonogo.door import replace
from gonogo.environment.schema import reference_markdown, schema_text

replace(Path("environments/schemas/environment.schema.json"), schema_text())
replace(Path("docs/environments.md"), reference_markdown())
