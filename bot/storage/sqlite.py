"""SQLite: one file, one writer at a time, and erasure down to the bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import event, text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from bot.storage.errors import StorageError
from bot.storage.location import shown, sqlite_file
from bot.storage.schema import upgrade

if TYPE_CHECKING:
    from sqlalchemy import Connection

_BUSY_S: Final = 15.0


class Sqlite:
    """A file, or a database in memory; see `Backend`."""

    shared = False

    def __init__(self, url: str) -> None:
        """Raises SQLAlchemyError or ImportError where the URL can't be used."""
        self._url = url
        self.engine = create_async_engine(
            url, connect_args={"timeout": _BUSY_S} if sqlite_file(url) else {}
        )
        _prepare(self.engine)
        self.reading = self.engine
        self.writing = self.engine.execution_options(writes=True)

    async def migrate(self) -> None:
        """Bring the schema up to date. Raises StorageError if it is no database, or a newer one."""
        try:
            async with self.engine.connect() as connection:
                await connection.run_sync(upgrade)
        except DatabaseError as error:
            raise StorageError(f"Storage {shown(self._url)} can't be used: {error.orig}.") from None

    async def flush_erased(self) -> bool:
        """Carry erased pages from the write-ahead log into the file, and empty the log.

        Pages are overwritten with zeros on deletion (secure_delete); until this is done the log
        still has them. Returns false where a reader held it up: try again later.
        """
        async with self.engine.connect() as connection:
            await connection.execution_options(isolation_level="AUTOCOMMIT")
            # A checkpoint that waits for a reader keeps every writer out: it must not wait.
            before = (await connection.execute(text("PRAGMA busy_timeout"))).scalar_one()
            await connection.execute(text("PRAGMA busy_timeout = 0"))
            try:
                result = await connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
                busy, _, _ = result.one()
            finally:
                await connection.execute(text(f"PRAGMA busy_timeout = {int(before)}"))
            return not busy

    def passes(self, error: Exception) -> bool:
        """Return false: SQLite has waited for others already."""
        return False

    def lost(self, error: Exception) -> bool:
        """Return false: there is no connection to lose."""
        return False


def _prepare(engine: AsyncEngine) -> None:
    @event.listens_for(engine.sync_engine, "connect")
    def _connect(connection: Any, _record: object) -> None:
        # The driver would begin transactions late and never around DDL: SQLAlchemy says BEGIN.
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")  # a vote that was acknowledged survives
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute("PRAGMA secure_delete=ON")  # erased means gone from the file's bytes
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Connection) -> None:
        # A transaction that reads first and writes later can't wait for another writer: it fails.
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
