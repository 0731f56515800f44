"""Moves everything that is kept from one database to another, in either direction.

Rows go in the order of their keys, some at a time, each time to the end of a transaction; so a copy
that was ended goes on behind the last row that arrived. Then both databases are read side by side,
and every row must be the same. Numbers go on where the source would have gone on.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.storage.database import Database
from bot.storage.errors import StorageError, StorageInUseError
from bot.storage.location import hold, shown, sqlite_file
from bot.storage.numbering import continue_numbers
from bot.storage.schema import UNFINISHED
from bot.storage.tables import Base
from bot.storage.tables.base import kept

AT_ONCE: Final = 500
"""Rows in one transaction."""

Row = Sequence[Any]


@dataclass(frozen=True, slots=True)
class CopiedTable:
    """A table that is the same in both: its rows, and a SHA-256 of all of them in hexadecimal."""

    name: str
    rows: int
    digest: str


class _Side:
    """A database that is read or written: its connection, and what it is called."""

    def __init__(self, url: str, connection: AsyncConnection) -> None:
        self.name = shown(url)
        self.connection = connection

    async def count(self, table: sa.Table) -> int:
        """Return how many rows a table has."""
        query = sa.select(sa.func.count()).select_from(table)
        return (await self.connection.execute(query)).scalar_one()

    async def rows(self, table: sa.Table, after: Row | None = None) -> AsyncIterator[Row]:
        """Yield the rows of a table in the order of their keys, from behind a key on."""
        keys = list(table.primary_key)
        query = _plain(table).order_by(*keys)
        if after is not None:
            behind = (sa.literal(v, key.type) for key, v in zip(keys, after, strict=True))
            query = query.where(sa.tuple_(*keys) > sa.tuple_(*behind))
        result = await self.connection.stream(query, execution_options={"yield_per": AT_ONCE})
        async for row in result:
            # An old SQLite file may hold what no text is written with any more.
            yield tuple(kept(value) if isinstance(value, str) else value for value in row)

    async def last_key(self, table: sa.Table) -> Row | None:
        """Return the key of the last row of a table."""
        keys = list(table.primary_key)
        query = sa.select(*keys).order_by(*(key.desc() for key in keys)).limit(1)
        row = (await self.connection.execute(query)).first()
        return None if row is None else tuple(row)


async def copy_storage(
    source: str, target: str, progress: Callable[[str, int, int], None] = lambda *_: None
) -> list[CopiedTable]:
    """Copy the database at the URL `source` to that at `target`; return what is the same in both.

    `progress` is told a table's name, and how many of how many rows have arrived, or are checked.
    No bot may run on either. Files beside a database (crops) are not touched.

    Raises StorageError where a database can't be used, the target has something else in it, a row
    can't be written, or one differs in the end; StorageInUseError where a process works on one.
    """
    if source == target:
        raise StorageError("The two storages are the same.")
    tables = Base.metadata.sorted_tables
    async with AsyncExitStack() as stack:
        before = await stack.enter_async_context(_opened(source, ours=False))
        after = await stack.enter_async_context(_opened(target, ours=True))
        await _begin(after, before.name, tables)
        counts = {table: await before.count(table) for table in tables}
        for table in tables:
            await _copy_table(before, after, table, counts[table], progress)
        await continue_numbers(before.connection, after.connection, tables)
        copied = [
            await _compare_table(before, after, table, counts[table], progress) for table in tables
        ]
        await after.connection.execute(sa.text(f"DROP TABLE {UNFINISHED}"))
        await after.connection.commit()
    return copied


@asynccontextmanager
async def _opened(url: str, *, ours: bool) -> AsyncIterator[_Side]:
    """Open a database that nobody else works on, its schema brought up to date.

    `ours`: an unfinished copy may be in it.
    """
    file = sqlite_file(url)
    if file is not None and not ours and not file.is_file():
        raise StorageError(f"There is no storage at {file}: nothing to copy.")
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
    lock = None if file is None else hold(file)
    try:
        database = Database(url)
        try:
            await database.migrate(unfinished=ours)
            backend = database.backend
            async with (backend.writing if ours else backend.reading).connect() as connection:
                if await backend.others(connection):
                    raise StorageInUseError(
                        f"Storage {shown(url)} is in use by another Moedex process: stop it first."
                    )
                yield _Side(url, connection)
        finally:
            await database.close()
    finally:
        if lock is not None:
            lock.close()


async def _begin(target: _Side, source: str, tables: Sequence[sa.Table]) -> None:
    """Mark the target as an unfinished copy of the source, or find that mark."""
    connection = target.connection
    if await connection.run_sync(lambda sync: sa.inspect(sync).has_table(UNFINISHED)):
        mark = await connection.execute(sa.text(f"SELECT source FROM {UNFINISHED}"))  # noqa: S608
        if (found := mark.scalar_one()) != source:
            raise StorageError(f"{target.name} is an unfinished copy of another storage, {found}.")
        await connection.commit()
        return
    for table in tables:
        if await target.count(table):
            raise StorageError(
                f"{target.name} is not empty ({table.name} has rows): name an empty database."
            )
    await connection.execute(sa.text(f"CREATE TABLE {UNFINISHED} (source VARCHAR NOT NULL)"))
    await connection.execute(
        sa.text(f"INSERT INTO {UNFINISHED} VALUES (:source)"),  # noqa: S608 - our own name
        {"source": source},
    )
    await connection.commit()


async def _copy_table(
    source: _Side,
    target: _Side,
    table: sa.Table,
    total: int,
    progress: Callable[[str, int, int], None],
) -> None:
    done = await target.count(table)
    last = await target.last_key(table)
    await target.connection.commit()
    progress(f"Copying {table.name}", done, total)
    batch: list[dict[str, Any]] = []
    names = [column.name for column in table.columns]

    async def write() -> None:
        nonlocal done
        try:
            await target.connection.execute(sa.insert(_written(table)), batch)
            await target.connection.commit()
        except DBAPIError as error:
            first, final = batch[0], batch[-1]
            keys = [tuple(row[key.name] for key in table.primary_key) for row in (first, final)]
            raise StorageError(
                f"Rows of {table.name} from {keys[0]} to {keys[1]} can't be written to "
                f"{target.name}: {error.orig}."
            ) from None
        done += len(batch)
        batch.clear()
        progress(f"Copying {table.name}", done, total)

    async for row in source.rows(table, last):
        batch.append(dict(zip(names, row, strict=True)))
        if len(batch) == AT_ONCE:
            await write()
    if batch:
        await write()


async def _compare_table(
    source: _Side,
    target: _Side,
    table: sa.Table,
    total: int,
    progress: Callable[[str, int, int], None],
) -> CopiedTable:
    """Read a table in both databases side by side. Raises StorageError at the first difference."""
    digest, rows = hashlib.sha256(), 0
    there, keys = target.rows(table), [column.primary_key for column in table.columns]
    async for row in source.rows(table):
        copy = await anext(there, None)
        if copy is None or _bytes(copy) != _bytes(row):
            key = tuple(value for value, is_key in zip(row, keys, strict=True) if is_key)
            raise StorageError(
                f"{table.name} differs at {key}: {source.name} was changed since the copy began. "
                "Erase the copy, and copy again."
            )
        digest.update(_bytes(row))
        rows += 1
        if rows % AT_ONCE == 0:
            progress(f"Checking {table.name}", rows, total)
    if await anext(there, None) is not None:
        raise StorageError(f"{table.name} has more rows in {target.name} than in {source.name}.")
    await target.connection.rollback()
    progress(f"Checking {table.name}", rows, total)
    return CopiedTable(table.name, rows, digest.hexdigest())


def _plain(table: sa.Table) -> sa.Select[Any]:
    """Return the query for all rows, JSON as it stands there."""
    return sa.select(*(sa.type_coerce(c, _plain_type(c.type)) for c in table.columns))


def _written(table: sa.Table) -> sa.TableClause:
    columns = (sa.column(c.name, _plain_type(c.type)) for c in table.columns)
    return sa.table(table.name, *columns)


def _plain_type(kind: sa.types.TypeEngine[Any]) -> sa.types.TypeEngine[Any]:
    """Return how values of a type are copied: reports and guesses as the JSON that they are."""
    if isinstance(kind, sa.TypeDecorator) and isinstance(kind.impl_instance, sa.JSON):
        return sa.JSON()
    return sa.String() if isinstance(kind, sa.Enum) else kind


def _bytes(row: Row) -> bytes:
    """Return a row as bytes that are the same for the same values, from whichever database."""
    return json.dumps(row, default=_told, sort_keys=True, ensure_ascii=True).encode() + b"\n"


def _told(value: object) -> str:
    match value:
        case bytes():
            return value.hex()
        case datetime():
            return value.isoformat()
    raise TypeError(f"no column has values like {value!r}")
