"""Bringing a database up to the schema of this version, by Alembic's migrations."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from bot.storage.errors import StorageError
from bot.storage.location import shown

if TYPE_CHECKING:
    from sqlalchemy import Connection

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


def upgrade(connection: Connection) -> None:
    """Bring the database of a connection up to date.

    Raises StorageError if it was written by a newer Moedex.
    """
    revision = MigrationContext.configure(connection).get_current_revision()
    if not known_revision(revision):
        raise StorageError(
            f"Storage {shown(str(connection.engine.url))} was written by a newer Moedex "
            f"(schema {revision}): upgrade Moedex, or restore a backup of this version."
        )
    connection.rollback()
    config = migrations()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
