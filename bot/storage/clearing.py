"""What deleting leaves behind in PostgreSQL: rows that no query finds, until they are vacuumed."""

from __future__ import annotations

from sqlalchemy import Delete, Table, Update, event, text
from sqlalchemy.ext.asyncio import AsyncEngine

_READERS = text(
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    " AND age(backend_xmin) >= age((:last)::text::xid8::xid)"
)
"""How many transactions still see what the transaction `last` changed, as it was before."""


class Clearing:
    """Notes the tables that `engine` deletes from or changes, and vacuums them."""

    def __init__(self, engine: AsyncEngine) -> None:
        event.listen(engine.sync_engine, "after_execute", self._note)
        self._tables: set[str] = set()
        self._last = 0

    def committing(self, number: int) -> None:
        """Take in the number of a transaction that is about to be committed."""
        self._last = number

    async def clear(self, engine: AsyncEngine) -> bool:
        """Vacuum what was changed, on a connection of `engine`; false where a reader is in the way.

        No query finds former rows any more then, and their room is used again.
        """
        tables, self._tables = self._tables, set()
        if not tables:
            return True
        async with engine.connect() as connection:
            await connection.execution_options(isolation_level="AUTOCOMMIT")
            if await connection.scalar(_READERS, {"last": str(self._last)}):
                self._tables |= tables
                return False
            for name in sorted(tables):
                await connection.execute(text(f'VACUUM "{name}"'))
        return True

    def _note(self, _connection: object, statement: object, *_: object) -> None:
        if isinstance(statement, Delete | Update) and isinstance(statement.table, Table):
            self._tables |= {statement.table.name, *_along_with(statement.table)}


def _along_with(table: Table) -> set[str]:
    """Return the tables whose rows the database deletes along with those of a table."""
    found: set[str] = set()
    for other in table.metadata.sorted_tables:  # each behind those that it refers to
        refers = {key.column.table.name for key in other.foreign_keys if key.ondelete == "CASCADE"}
        if refers & {table.name, *found}:
            found.add(other.name)
    return found
