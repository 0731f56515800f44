"""What a PostgreSQL server must be like, and what is said where it is not, or does not answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import asyncpg
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.storage.errors import StorageError
from bot.storage.location import shown

OLDEST: Final = 16
"""The oldest major version of the server that is accepted."""
OLDEST_VECTOR: Final = (0, 8)
"""The oldest pgvector: an index is searched on until enough of a server's own faces are found."""


@dataclass(frozen=True, slots=True)
class ServerState:
    """A server's version, that of pgvector, and the schema; None where it has none."""

    server: str
    vector: str | None
    schema: str | None


async def check_server(connection: AsyncConnection, url: str) -> None:
    """Raise StorageError where the server is too old."""
    number = int((await connection.execute(text("SHOW server_version_num"))).scalar_one())
    if number // 10_000 < OLDEST:
        raise StorageError(
            f"Storage {shown(url)} is PostgreSQL {number // 10_000}: {OLDEST} or newer is needed."
        )


async def ensure_vector(connection: AsyncConnection, url: str) -> None:
    """Make the extension where it is missing. Raises StorageError where it can't be, or is old."""
    version = await vector_version(connection)
    if version is None:
        try:
            await connection.execute(text("CREATE EXTENSION vector"))
        except DBAPIError:
            raise StorageError(
                f"Storage {shown(url)} has no extension vector (pgvector), and its user may not "
                "make it: install pgvector on the server, then, as superuser in that database, "
                "CREATE EXTENSION vector;"
            ) from None
        version = await vector_version(connection)
    if version is None or tuple(map(int, version.split(".")[:2])) < OLDEST_VECTOR:
        needed = ".".join(map(str, OLDEST_VECTOR))
        raise StorageError(
            f"Storage {shown(url)} has pgvector {version}: {needed} or newer is needed. Install "
            "it on the server, then ALTER EXTENSION vector UPDATE;"
        )


async def vector_version(connection: AsyncConnection) -> str | None:
    """Return the version of pgvector in the database of a connection, None where it is missing."""
    query = "SELECT extversion FROM pg_extension WHERE extname = 'vector'"
    return (await connection.execute(text(query))).scalar()


def what_is_wrong(error: Exception) -> str:
    """Return the end of a sentence that begins with the storage's name. It holds no password."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    cause = getattr(cause, "__cause__", None) or cause
    match cause:
        case asyncpg.InvalidPasswordError() | asyncpg.InvalidAuthorizationSpecificationError():
            return "refuses the user or the password."
        case asyncpg.InvalidCatalogNameError():
            return "is not there: make the database first (createdb)."
        case asyncpg.InsufficientPrivilegeError():
            return f"refuses what is needed to bring it up to date: {cause}."
        case OSError() | asyncpg.CannotConnectNowError():
            return "does not answer: is the server started, and the address right?"
        case _:
            return f"can't be used: {cause}."
