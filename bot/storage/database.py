"""The open database: sessions to read and to write in, and erasure down to the bytes."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy import event, text
from sqlalchemy.exc import DatabaseError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

from bot.storage.cancellation import to_its_end
from bot.storage.errors import StorageClosedError, StorageError
from bot.storage.location import shown, sqlite_file
from bot.storage.schema import upgrade

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sqlalchemy import Connection

_BUSY_S = 15.0


class Database:
    """Sessions of one database. Opened by `migrate`, ended by `close`."""

    def __init__(self, url: str) -> None:
        """Prepare to use the database at an SQLAlchemy URL; StorageError if that can't be."""
        self._url = url
        try:
            self._engine = create_async_engine(
                url, connect_args={"timeout": _BUSY_S} if sqlite_file(url) else {}
            )
        except (SQLAlchemyError, ImportError) as error:
            raise StorageError(f"Storage {shown(url)} can't be used: {error}.") from None
        if self._engine.dialect.name == "sqlite":
            _prepare_sqlite(self._engine)
        self._writing = asyncio.Lock()
        self._in_use = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self._closed = False

    async def migrate(self) -> None:
        """Bring the schema up to date.

        Raises StorageError if it is no database, or was written by a newer Moedex.
        """
        try:
            async with self._engine.connect() as connection:
                await connection.run_sync(upgrade)
        except DatabaseError as error:
            raise StorageError(f"Storage {shown(self._url)} can't be used: {error.orig}.") from None

    async def finish(self) -> None:
        """Let nobody in any more, and wait for those who still read or write.

        A session that the end of the event loop cancels can wait for its connection for good.
        """
        self._closed = True
        await self._idle.wait()

    async def close(self) -> None:
        """Close every connection."""
        await self._engine.dispose()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        """Open a session to read in."""
        async with self._session(self._engine) as session:
            yield session

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        """Open a session to write in. Commits at the end, or nothing is written.

        Writers of this process wait for each other here, those of others at the database.
        """
        engine = self._engine.execution_options(writes=True)
        async with self._writing, self._session(engine) as session, session.begin():
            yield session

    @to_its_end
    async def flush_erased(self) -> bool:
        """Carry erased pages from the write-ahead log into the file, and empty the log.

        Pages are overwritten with zeros on deletion (secure_delete); until this is done the log
        still has them. Returns false where a reader held it up: try again later.
        """
        if self._engine.dialect.name != "sqlite":
            return True
        async with self.read() as session:
            connection = await session.connection(
                execution_options={"isolation_level": "AUTOCOMMIT"}
            )
            # A checkpoint that waits for a reader keeps every writer out: it must not wait.
            before = (await connection.execute(text("PRAGMA busy_timeout"))).scalar_one()
            await connection.execute(text("PRAGMA busy_timeout = 0"))
            try:
                result = await connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
                busy, _, _ = result.one()
            finally:
                await connection.execute(text(f"PRAGMA busy_timeout = {int(before)}"))
            return not busy

    @asynccontextmanager
    async def _session(self, engine: AsyncEngine) -> AsyncIterator[AsyncSession]:
        if self._closed:
            raise StorageClosedError("The storage is closed.")
        self._in_use += 1
        self._idle.clear()
        try:
            async with AsyncSession(engine, expire_on_commit=False) as session:
                yield session
        finally:
            self._in_use -= 1
            if not self._in_use:
                self._idle.set()


def _prepare_sqlite(engine: AsyncEngine) -> None:
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
