"""Writes what is generated from the models: `python -m gonogo.environment`, in the project's root."""

from __future__ import annotations

from pathlib import Path

from gonogo.environment.schema import reference_markdown, schema_text

Path("environments/schemas/environment.schema.json").write_text(schema_text(), encoding="utf-8")
Path("docs/environments.md").write_text(reference_markdown(), encoding="utf-8")
