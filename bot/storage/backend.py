"""What the databases that the storage can lie in have to do each in its own way."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Protocol

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession

if TYPE_CHECKING:
    from bot.storage.memory import Memory


class Backend(Protocol):
    """A database. A transaction sees one moment of it, and writers as if one came after another.

    `reading` and `writing` give the connections of the two kinds of transactions. `shared` says
    whether several bots may use it, which then hear of each other's changes.
    """

    engine: AsyncEngine
    reading: AsyncEngine
    writing: AsyncEngine
    shared: bool

    async def migrate(self, *, unfinished: bool = False) -> None:
        """Bring the schema up to date. Raises StorageError where that can't be.

        `unfinished`: even where it is half a copy of another database.
        """
        ...

    async def listen(self, memory: Memory) -> None:
        """Let `memory` forget what other processes change, and keep things where that is sure."""
        ...

    async def announce(self, session: AsyncSession, keys: Iterable[str]) -> None:
        """Tell other processes what a transaction changes, once it is committed."""
        ...

    async def number_of(self, session: AsyncSession) -> int | None:
        """Return the number of a transaction, None where it has written nothing or has none."""
        ...

    async def committed(self, number: int) -> bool:
        """Say whether a transaction was committed that the connection was lost of."""
        ...

    def alone(self, name: str, waiting: Callable[[], None]) -> AbstractAsyncContextManager[None]:
        """Wait until no other process does what is called so; calls `waiting` if one does."""
        ...

    async def others(self, connection: AsyncConnection) -> bool:
        """Say whether another Moedex process is connected; nobody is while a file is held."""
        ...

    async def close(self) -> None:
        """Close every connection."""
        ...

    async def flush_erased(self) -> bool:
        """Carry out what deletions left to do; false where it must be tried again later."""
        ...

    def passes(self, error: Exception) -> bool:
        """Say whether an operation that failed with this wrote nothing, and may do better soon."""
        ...

    def lost(self, error: Exception) -> bool:
        """Say whether an error means that the connection is gone."""
        ...
