"""SQLite: one file, one writer at a time, and erasure down to the bytes."""

from __future__ import annotations

from contextlib import nullcontext
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import event, text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from bot.storage.errors import StorageError
from bot.storage.location import shown, sqlite_file
from bot.storage.schema import upgrade

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from contextlib import AbstractAsyncContextManager

    from sqlalchemy import Connection
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

    from bot.storage.memory import Memory

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

    async def migrate(self, *, unfinished: bool = False) -> None:
        """Bring the schema up to date. Raises StorageError if it is no database, or a newer one."""
        try:
            # As a writer, who waits for another process that does the same.
            async with self.writing.connect() as connection:
                await connection.run_sync(partial(upgrade, unfinished=unfinished))
        except DatabaseError as error:
            raise StorageError(f"Storage {shown(self._url)} can't be used: {error.orig}.") from None

    async def listen(self, memory: Memory) -> None:
        """Do nothing: who holds the file changes everything itself that is kept in memory."""

    async def announce(self, session: AsyncSession, keys: Iterable[str]) -> None:
        """Do nothing: who works beside the holder of the file keeps nothing in memory."""

    async def number_of(self, session: AsyncSession) -> int | None:
        """Return None: a file is not lost while it is written to."""
        return None

    async def committed(self, number: int) -> bool:
        """Never asked."""
        raise NotImplementedError

    def alone(self, name: str, waiting: Callable[[], None]) -> AbstractAsyncContextManager[None]:
        """Don't wait: the bot, which holds the file, does one thing at a time by itself."""
        return nullcontext()

    async def others(self, connection: AsyncConnection) -> bool:
        """Return false: who holds the file asks."""
        return False

    async def close(self) -> None:
        """Close every connection."""
        await self.engine.dispose()

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
