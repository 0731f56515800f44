"""PostgreSQL with pgvector: several processes at once, on one machine or on many.

A transaction that writes is serializable, so operations mean what they mean on SQLite, where one
writer comes after another. The database refuses one of two that cross; the refused one is carried
out again (`Database.carry_out`).
"""

from __future__ import annotations

from contextlib import asynccontextmanager, contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import asyncpg
from alembic.runtime.migration import MigrationContext
from sqlalchemy import NullPool, event, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from bot.storage.clearing import Clearing
from bot.storage.errors import StorageError
from bot.storage.location import shown
from bot.storage.notices import Notices, announce
from bot.storage.postgres_server import (
    ServerState,
    check_server,
    ensure_vector,
    vector_version,
    what_is_wrong,
)
from bot.storage.schema import upgrade
from bot.storage.tables.vectors import decoded, encoded

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Iterator

    from sqlalchemy.ext.asyncio import AsyncSession

    from bot.storage.memory import Memory

CONNECTIONS: Final = 10
"""Connections of a process at most."""

_CONNECT_S, _COMMAND_S = 10.0, 120.0
_KEY = "hashtextextended('moedex ' || :name, 0)"
_LOCK, _TRY_LOCK = (
    text(f"SELECT {function}({_KEY})") for function in ("pg_advisory_lock", "pg_try_advisory_lock")
)
_CROSSED: Final = frozenset({"40001", "40P01"})  # serialization failure, deadlock
_RACED: Final = "23505"  # a key that another transaction has just added


class Postgres:
    """A database of a server; see `Backend`."""

    shared = True

    def __init__(self, url: str) -> None:
        """Raises SQLAlchemyError where the URL can't be used."""
        self._url = url
        self._options = {
            "timeout": _CONNECT_S,
            "command_timeout": _COMMAND_S,
            "server_settings": {"application_name": "moedex"},
        }
        self.engine = create_async_engine(
            url,
            pool_pre_ping=True,
            pool_size=CONNECTIONS,
            max_overflow=0,
            connect_args=self._options,
        )
        event.listen(self.engine.sync_engine, "connect", _set_codec)
        self._clearing = Clearing(self.engine)
        # Connections of their own: for what takes long, and before there are the types that the
        # others know.
        self._single = create_async_engine(
            url, poolclass=NullPool, connect_args=self._options | {"command_timeout": None}
        )
        self._notices: Notices | None = None
        self.reading = self.engine.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )
        self.writing = self.engine.execution_options(isolation_level="SERIALIZABLE")

    async def migrate(self, *, unfinished: bool = False) -> None:
        """Bring the schema up to date, one process at a time.

        Raises StorageError, which says what to do, where the server doesn't answer, refuses the
        user, is too old, lacks pgvector, or was written by a newer Moedex.
        """
        with self._explained():
            async with self._single.connect() as connection:
                await check_server(connection, self._url)
                await connection.execute(_LOCK, {"name": "migrate"})
                await ensure_vector(connection, self._url)
                await connection.commit()
                await connection.run_sync(partial(upgrade, unfinished=unfinished))

    async def look(self) -> ServerState:
        """Look at the database without changing anything. Raises StorageError as `migrate` does."""
        with self._explained():
            async with self._single.connect() as connection:
                await check_server(connection, self._url)
                server = await connection.scalar(text("SHOW server_version"))
                vector = await vector_version(connection)
                context = await connection.run_sync(MigrationContext.configure)
                schema = await connection.run_sync(lambda _: context.get_current_revision())
                return ServerState(str(server), vector, schema)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Raise a StorageError in the place of what the driver says."""
        try:
            yield
        except (DBAPIError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
            raise StorageError(f"Storage {shown(self._url)} {what_is_wrong(error)}") from None

    async def listen(self, memory: Memory) -> None:
        """Let `memory` forget what other processes change, and keep things while that is heard."""
        self._notices = Notices(self._single, memory)
        await self._notices.start()

    async def announce(self, session: AsyncSession, keys: Iterable[str]) -> None:
        """Tell other processes what a transaction changes, once it is committed."""
        await announce(session, keys)

    async def number_of(self, session: AsyncSession) -> int | None:
        """Return the number of a transaction, None where it has written nothing."""
        number = await session.scalar(text("SELECT pg_current_xact_id_if_assigned()::text"))
        if number is None:
            return None
        self._clearing.committing(int(number))
        return int(number)

    async def committed(self, number: int) -> bool:
        """Say whether a transaction was committed that the connection was lost of.

        Raises InterruptedError, an OSError, while the server still works on it.
        """
        async with self.engine.connect() as connection:
            status = await connection.scalar(
                text("SELECT pg_xact_status((:number)::text::xid8)"), {"number": str(number)}
            )
        if status == "in progress":
            raise InterruptedError
        return status == "committed"

    @asynccontextmanager
    async def alone(self, name: str, waiting: Callable[[], None]) -> AsyncIterator[None]:
        """Wait until no other process does what is called so, by an advisory lock.

        The server lets go of the lock when the connection ends, however it ends.
        """
        async with self._single.connect() as connection:
            await connection.execution_options(isolation_level="AUTOCOMMIT")
            if not (await connection.execute(_TRY_LOCK, {"name": name})).scalar_one():
                waiting()
                await connection.execute(_LOCK, {"name": name})
            yield

    async def others(self, connection: AsyncConnection) -> bool:
        """Say whether another Moedex process is connected to the database.

        Of one by another user that can't be told, unless this one may read all activity.
        """
        query = text(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND application_name = 'moedex' AND pid <> pg_backend_pid()"
        )
        return bool((await connection.execute(query)).scalar_one())

    async def close(self) -> None:
        """Close every connection."""
        if self._notices is not None:
            await self._notices.close()
        await self._single.dispose()
        await self.engine.dispose()

    async def flush_erased(self) -> bool:
        """Clear away what this process deleted or changed; docs/storage.md says what stays.

        Returns false where somebody still reads what was before.
        """
        return await self._clearing.clear(self._single)

    def passes(self, error: Exception) -> bool:
        """Say whether two operations crossed, or the connection was lost before the commit.

        `Database` finds out where it was lost in the commit.
        """
        if self.lost(error):
            return True
        state = getattr(getattr(error, "orig", error), "sqlstate", None)
        return state in _CROSSED or state == _RACED

    def lost(self, error: Exception) -> bool:
        """Say whether the connection is gone, or could not be made."""
        if isinstance(error, DBAPIError):
            return error.connection_invalidated
        return isinstance(
            error, OSError | asyncpg.PostgresConnectionError | asyncpg.CannotConnectNowError
        )


def _set_codec(connection: Any, _record: object) -> None:
    """Let a new connection send and receive vectors as they are packed, not as text."""

    async def set_codec(driver: asyncpg.Connection) -> None:
        schema = await driver.fetchval(
            "SELECT extnamespace::regnamespace::text FROM pg_extension WHERE extname = 'vector'"
        )
        await driver.set_type_codec(
            "halfvec", schema=str(schema), encoder=encoded, decoder=decoded, format="binary"
        )

    connection.run_async(set_codec)
