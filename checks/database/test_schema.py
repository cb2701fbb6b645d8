"""Code of one release on the schema of another fails on the first request that needs the difference.

Fix: run the release's migrations; look into the migration log for the step that is missing.
See: https://www.postgresql.org/docs/current/catalogs.html
"""

from __future__ import annotations

from gonogo import Finding, Severity, check
from gonogo.check import report
from gonogo.concerns.database.fixtures import DatabaseCatalogue
from gonogo.environment.sections.databases import Index
from gonogo.probes.database.facts import Catalogue, TableFacts


def _table(catalogue: Catalogue, name: str) -> TableFacts | None:
    full = name if "." in name else f"public.{name}"
    return next((table for table in catalogue.tables if table.name == full), None)


@check(
    title="The declared tables and columns exist",
    severity=Severity.CRITICAL,
    profiles={"smoke", "nightly"},
    where=lambda _, database: database.tables,
    needs="[[databases.tables]]",
)
def test_tables(database: DatabaseCatalogue) -> None:
    """Extra tables and columns are no finding."""
    findings = []
    for declared in database.declared.tables:
        table = _table(database.catalogue, declared.name)
        if table is None:
            findings.append(
                Finding.of(database.declared.name, seen="absent", wanted="present", what=f"table {declared.name}")
            )
            continue
        present = {column for column, _ in table.columns}
        findings += [
            Finding.of(database.declared.name, seen="absent", wanted="present", what=f"column {declared.name}.{column}")
            for column in declared.columns
            if column not in present
        ]
    report(findings)


def _lacks(catalogue: Catalogue, declared: Index) -> str:
    """Why a declared index is not served by any real one; empty when it is."""
    table = _table(catalogue, declared.table)
    if table is None:
        return "its table is absent"
    matching = [index for index in table.indexes if index.columns[: len(declared.columns)] == declared.columns]
    if declared.unique:
        matching = [index for index in matching if index.unique and len(index.columns) == len(declared.columns)]
    if not matching:
        return "absent"
    if any(index.valid and not index.predicate for index in matching):
        return ""
    if any(not index.valid for index in matching):
        return f"{matching[0].name} is invalid"
    return f"{matching[0].name} covers only rows where {matching[0].predicate[:80]}"


@check(
    title="The declared indexes exist and are usable",
    severity=Severity.HIGH,
    profiles={"smoke", "nightly"},
    where=lambda _, database: database.indexes,
    needs="[[databases.indexes]]",
)
def test_indexes(database: DatabaseCatalogue) -> None:
    """By leading key columns, not by name: valid, not partial, INCLUDE columns not counted."""
    findings = []
    for declared in database.declared.indexes:
        if why := _lacks(database.catalogue, declared):
            what = f"index on {declared.table} ({', '.join(declared.columns)})"
            findings.append(Finding.of(database.declared.name, seen=why, wanted="a usable index", what=what))
    report(findings)
