"""Ids of migration files, read with the environment so that judging needs no disk."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from gonogo.environment.load import Loaded
from gonogo.environment.sections.databases import Database, Migrations
from gonogo.errors import EnvironmentInvalid, Problem


def migration_ids(folder: Path) -> tuple[str, ...]:
    """Ids of the migration files of a folder, in order: the name up to the first `_`, or without its suffix."""
    names = sorted(
        path.stem
        for path in folder.iterdir()
        if path.is_file() and path.suffix == ".sql" and not path.stem.endswith(".down")
    )
    return tuple(dict.fromkeys(name.partition("_")[0] for name in names))


def with_migrations(loaded: Loaded) -> Loaded:
    """The environment with the ids of its migration directories filled in, so that judging needs no disk.

    Raises EnvironmentInvalid when a directory is not there.
    """
    databases: list[Database] = []
    for database in loaded.environment.databases:
        declared = database.migrations
        if declared is None or not declared.directory:
            databases.append(database)
        else:
            folder = loaded.file(declared.directory)
            if not folder.is_dir():
                message = f"{declared.directory!r} is not a folder; name the folder of the migration files, from the environment file"
                raise EnvironmentInvalid(
                    [Problem(str(loaded.path), None, f"databases[{database.name}].migrations.directory", message)]
                )
            expected = tuple(dict.fromkeys((*declared.expected, *migration_ids(folder))))
            declared = Migrations(
                table=declared.table, column=declared.column, directory=declared.directory, expected=expected
            )
            databases.append(database.model_copy(update={"migrations": declared}))
    return replace(loaded, environment=loaded.environment.model_copy(update={"databases": tuple(databases)}))
