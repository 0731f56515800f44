"""Bringing a database up to the schema of this version, by Alembic's migrations."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect

from bot.storage.errors import StorageError
from bot.storage.location import shown

if TYPE_CHECKING:
    from sqlalchemy import Connection

UNFINISHED = "unfinished_copy"
"""The table that is there as long as the copy of another database is not finished."""

MIGRATIONS = Path(__file__).with_name("migrations")


def migrations() -> Config:
    """Return Alembic's configuration of this storage's migrations."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config


def known_revision(revision: str | None) -> bool:
    """Say whether this version of Moedex knows the schema `revision` (None: an empty database)."""
    scripts = ScriptDirectory.from_config(migrations())
    return revision is None or revision in {script.revision for script in scripts.walk_revisions()}


def newest_revision() -> str:
    """Return the schema of this version of Moedex."""
    return str(ScriptDirectory.from_config(migrations()).get_current_head())


def upgrade(connection: Connection, *, unfinished: bool = False) -> None:
    """Bring the database of a connection up to date. `unfinished`: even one that is half a copy.

    Raises StorageError if it was written by a newer Moedex, or is half a copy.
    """
    revision = MigrationContext.configure(connection).get_current_revision()
    if not known_revision(revision):
        raise StorageError(
            f"Storage {shown(str(connection.engine.url))} was written by a newer Moedex "
            f"(schema {revision}): upgrade Moedex, or restore a backup of this version."
        )
    if not unfinished and inspect(connection).has_table(UNFINISHED):
        raise StorageError(
            f"Storage {shown(str(connection.engine.url))} is an unfinished copy: go on with "
            "`moedex storage copy`."
        )
    connection.rollback()
    config = migrations()
    if revision == ScriptDirectory.from_config(config).get_current_head():
        return
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
