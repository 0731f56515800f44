"""Small facts of the process that outlive it: what was synced, what was last warned about."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, select

from bot.storage.repository import Repository
from bot.storage.tables import StateRow

_WARNED = "warned:"


class StateRepository(Repository):
    """Keys and values. A key about one server ends with a colon and the server's id."""

    async def get(self, key: str) -> str | None:
        """Return the value of a key, None if it was never set."""
        async with self._database.read() as session:
            row = await session.get(StateRow, key)
        return None if row is None else row.value

    async def set(self, key: str, value: str) -> None:
        """Set the value of a key."""
        async with self._database.write() as session:
            await session.merge(StateRow(key=key, value=value, at=datetime.now(UTC)))

    async def starting_with(self, prefix: str) -> dict[str, str]:
        """Return the keys that begin with `prefix`, with their values."""
        async with self._database.read() as session:
            rows = await session.scalars(select(StateRow).where(StateRow.key.startswith(prefix)))
            return {row.key: row.value for row in rows}

    async def forget(self, key: str) -> None:
        """Erase a key."""
        async with self._database.write() as session:
            await session.execute(delete(StateRow).where(StateRow.key == key))

    async def erase_server(self, server_id: int) -> None:
        """Erase what is kept about a server: the keys that end with its id."""
        async with self._database.write() as session:
            await session.execute(
                delete(StateRow).where(StateRow.key.endswith(f":{server_id}", autoescape=True))
            )

    async def may_warn(
        self, key: str, *, every: timedelta = timedelta(days=1), now: datetime | None = None
    ) -> bool:
        """Say whether a warning is due, and remember that it was given: true once in `every`.

        `key` names what the warning is about ("permissions:<channel id>").
        """
        now = now or datetime.now(UTC)
        async with self._database.write() as session:
            row = await session.get(StateRow, _WARNED + key)
            if row is not None and now - row.at < every:
                return False
            await session.merge(StateRow(key=_WARNED + key, value="", at=now))
        return True

    async def forget_warnings(self, before: datetime) -> None:
        """Erase the memory of warnings given before a moment."""
        async with self._database.write() as session:
            await session.execute(
                delete(StateRow).where(StateRow.key.startswith(_WARNED), StateRow.at < before)
            )
