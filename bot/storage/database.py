"""The open database: sessions to read and to write in, and operations that are carried out."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Final, TypeVar, cast

from sqlalchemy import make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from bot.backoff import waits
from bot.storage.cancellation import to_its_end
from bot.storage.errors import StorageClosedError, StorageError
from bot.storage.location import shown
from bot.storage.memory import Memory, changes_of
from bot.storage.sqlite import Sqlite

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
    from contextlib import AbstractAsyncContextManager

    from bot.storage.backend import Backend
    from bot.storage.postgres import Postgres, ServerState

T = TypeVar("T")

PATIENCE_S: Final = 30.0
"""Seconds for which an operation is tried anew: a server is started again in less."""
_FIRST_WAIT_S, _LONGEST_WAIT_S = 0.005, 1.0


class _Turn:
    """The turn of an operation to write; `taken` is the line that it stands first in."""

    taken: asyncio.Lock | None = None


_turn: ContextVar[_Turn | None] = ContextVar("turn", default=None)


class Database:
    """Sessions of one database, and what is kept of it in memory.

    Opened by `migrate` and `listen`, ended by `finish` and `close`.
    """

    def __init__(self, url: str) -> None:
        """Prepare to use the database at an SQLAlchemy URL; StorageError if that can't be."""
        self.backend = _backend(url)
        self.memory = Memory()
        self.held = False
        """Whether no other bot can be at work on it."""
        self._line = asyncio.Lock()
        self._in_use = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self._closed = False

    async def migrate(self, *, unfinished: bool = False) -> None:
        """Bring the schema up to date. `unfinished`: even where it is half a copy of another.

        Raises StorageError if it is no database, can't be used, or was written by a newer Moedex.
        """
        await self.backend.migrate(unfinished=unfinished)

    async def listen(self, *, holds: bool) -> None:
        """Begin to hear what others change. `holds`: no other process changes what is kept."""
        self.memory.keeps = self.held = holds and not self.backend.shared
        await self.backend.listen(self.memory)

    async def finish(self) -> None:
        """Let nobody in any more, and wait for those who still read or write.

        A session that the end of the event loop cancels can wait for its connection for good.
        """
        self._closed = True
        await self._idle.wait()

    async def close(self) -> None:
        """Close every connection."""
        await self.backend.close()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        """Open a session to read in: one moment of the database."""
        async with self._session(self.backend.reading) as session:
            yield session

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        """Open a session to write in. Commits at the end, or nothing is written.

        Writers of this process wait for each other, in the order in which they came; those of
        others are the database's to tell apart.
        """
        async with AsyncExitStack() as stack:
            turn = _turn.get()
            if turn is None:
                await stack.enter_async_context(self._line)
            elif turn.taken is None:
                await self._line.acquire()
                turn.taken = self._line
            session = await stack.enter_async_context(self._session(self.backend.writing))
            stack.callback(lambda: self.memory.forget(changes_of(session)))
            yield session
            await session.flush()
            await self.backend.announce(session, changes_of(session))
            await self._commit(session)

    async def _commit(self, session: AsyncSession) -> None:
        """Commit; where the connection is lost meanwhile, find out whether it was done."""
        number = await self.backend.number_of(session)
        try:
            await session.commit()
        except Exception as error:
            if number is None or not self.backend.lost(error):
                raise
            if not await self._tried(lambda: self.backend.committed(number)):
                raise

    def alone(self, name: str, waiting: Callable[[], None]) -> AbstractAsyncContextManager[None]:
        """Wait until no other process does what is called so; calls `waiting` if one does."""
        return self.backend.alone(name, waiting)

    async def carry_out(self, operation: Callable[[], Awaitable[T]]) -> T:
        """Return what an operation returns, which is begun anew where that helps.

        It helps where two that cross were told apart by the database, and where the connection was
        lost before the commit. Meanwhile the operation keeps its turn to write: what one member
        does first is written first. One that is part of another is begun anew with that.
        """
        if _turn.get() is not None:
            return await operation()
        turn = _Turn()
        token = _turn.set(turn)
        try:
            return await self._tried(operation)
        finally:
            _turn.reset(token)
            if turn.taken is not None:
                turn.taken.release()

    async def _tried(self, operation: Callable[[], Awaitable[T]]) -> T:
        loop = asyncio.get_running_loop()
        end = loop.time() + PATIENCE_S
        for wait in waits(_FIRST_WAIT_S, _LONGEST_WAIT_S):
            try:
                return await operation()
            except Exception as error:
                if not self.backend.passes(error) or loop.time() + wait > end or self._closed:
                    raise
            await asyncio.sleep(wait)
        raise AssertionError("the waits have no end")

    @to_its_end
    async def flush_erased(self) -> bool:
        """Carry out what deletions left to do, so that nothing of what was erased is kept.

        Returns false where a reader held it up: try again later.
        """
        with self._inside():
            return await self.backend.flush_erased()

    @asynccontextmanager
    async def _session(self, engine: AsyncEngine) -> AsyncIterator[AsyncSession]:
        with self._inside():
            async with AsyncSession(engine, expire_on_commit=False) as session:
                yield session

    @contextmanager
    def _inside(self) -> Iterator[None]:
        """Keep the database open meanwhile. Raises StorageClosedError."""
        if self._closed:
            raise StorageClosedError("The storage is closed.")
        self._in_use += 1
        self._idle.clear()
        try:
            yield
        finally:
            self._in_use -= 1
            if not self._in_use:
                self._idle.set()


async def look_at(url: str) -> ServerState:
    """Look at a PostgreSQL database without changing anything. Raises StorageError."""
    backend = _backend(url)
    if not backend.shared:
        raise StorageError(f"Storage {shown(url)} is in memory: nothing is kept.")
    try:
        return await cast("Postgres", backend).look()
    finally:
        await backend.close()


def _backend(url: str) -> Backend:
    """Return the database at a URL. Raises StorageError where there can be none."""
    try:
        name = make_url(url).get_backend_name()
        if name == "sqlite":
            return Sqlite(url)
        if make_url(url).drivername == "postgresql+asyncpg":
            from bot.storage.postgres import Postgres

            return Postgres(url)
    except ImportError as error:
        raise StorageError(
            f"Storage {shown(url)} needs moedex[postgres]: pip install 'moedex[postgres]' "
            f"({error})."
        ) from None
    except SQLAlchemyError as error:
        raise StorageError(f"Storage {shown(url)} can't be used: {error}.") from None
    raise StorageError(
        f"Storage {shown(url)} is neither sqlite+aiosqlite:// nor postgresql+asyncpg://."
    )
