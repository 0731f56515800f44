"""What the databases that the storage can lie in have to do each in its own way."""

from __future__ import annotations

from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncEngine


class Backend(Protocol):
    """A database. A transaction sees one moment of it, and writers as if one came after another.

    `reading` and `writing` give the connections of the two kinds of transactions. `shared` says
    whether other bots may use it too.
    """

    engine: AsyncEngine
    reading: AsyncEngine
    writing: AsyncEngine
    shared: bool

    async def migrate(self) -> None:
        """Bring the schema up to date. Raises StorageError where that can't be."""
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
