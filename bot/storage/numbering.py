"""Numbers of new rows: one that was erased must not come back.

Versions remember by number what they were trained on.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection


async def continue_numbers(
    source: AsyncConnection, target: AsyncConnection, tables: Iterable[sa.Table]
) -> None:
    """Let a copy number new rows as its source would have."""
    for table in tables:
        column = table.autoincrement_column
        if column is None:
            continue
        last = max([await _last_number(each, table, column) for each in (source, target)])
        if target.dialect.name == "postgresql":
            sequence = await _sequence(target, table, column)
            await target.execute(
                sa.text("SELECT setval((:sequence)::text::regclass, :last, :used)"),
                {"sequence": sequence, "last": max(last, 1), "used": last > 0},
            )
        elif _counts_on(table):
            named = {"name": table.name}
            await target.execute(sa.text("DELETE FROM sqlite_sequence WHERE name = :name"), named)
            await target.execute(
                sa.text("INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :last)"),
                {**named, "last": last},
            )
    await target.commit()


async def _last_number(connection: AsyncConnection, table: sa.Table, column: sa.Column[Any]) -> int:
    """Return the highest number that a row has or had, as far as the database knows."""
    highest = (await connection.execute(sa.select(sa.func.max(column)))).scalar() or 0
    if connection.dialect.name == "postgresql":
        sequence = await _sequence(connection, table, column)
        # `last_value` is 1 also where no number was taken yet.
        query = f"SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM {sequence}"  # noqa: S608
        return max(highest, (await connection.execute(sa.text(query))).scalar_one())
    if not _counts_on(table):
        return highest
    query = "SELECT seq FROM sqlite_sequence WHERE name = :name"
    found = await connection.execute(sa.text(query), {"name": table.name})
    return max(highest, found.scalar() or 0)


async def _sequence(connection: AsyncConnection, table: sa.Table, column: sa.Column[Any]) -> str:
    query = sa.text("SELECT pg_get_serial_sequence((:name)::text, (:column)::text)")
    found = await connection.execute(query, {"name": table.name, "column": column.name})
    return found.scalar_one()


def _counts_on(table: sa.Table) -> bool:
    """Say whether SQLite remembers the highest number of a table when its row is gone."""
    return bool(table.dialect_options["sqlite"]["autoincrement"])
