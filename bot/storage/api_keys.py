"""Keys of the site's API. Keys come in, hashes are kept."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import delete, func, select

from bot.storage.records.api_keys import ApiKey
from bot.storage.repository import Repository
from bot.storage.secrets import hashed
from bot.storage.tables import ApiKeyRow

if TYPE_CHECKING:
    from datetime import datetime

_NOTED = timedelta(days=1)
"""The last use is noted to the day."""


class ApiKeyRepository(Repository):
    """Keys of people."""

    async def add(
        self, user_id: int, user_name: str, label: str, key: str, now: datetime, *, most: int
    ) -> ApiKey | None:
        """Keep a key; None where somebody has `most` already."""
        row = ApiKeyRow(
            key=hashed(key),
            user_id=user_id,
            user_name=user_name,
            label=label,
            created=now,
            used=None,
        )
        async with self._database.write() as session:
            count = select(func.count()).where(ApiKeyRow.user_id == user_id)
            if (await session.scalar(count) or 0) >= most:
                return None
            session.add(row)
            await session.flush()
            return _read(row)

    async def by_key(self, key: str, now: datetime) -> ApiKey | None:
        """Return what a key is, and note that it was used; None for one that is not good."""
        found = select(ApiKeyRow).where(ApiKeyRow.key == hashed(key))
        async with self._database.read() as session:
            row = await session.scalar(found)
            kept = None if row is None else _read(row)
        if kept is not None and (kept.used is None or now - kept.used > _NOTED):
            async with self._database.write() as session:
                noted = await session.get(ApiKeyRow, kept.id)
                if noted is not None:
                    noted.used = now
        return kept

    async def of_user(self, user_id: int) -> list[ApiKey]:
        """Return somebody's keys, oldest first."""
        rows = select(ApiKeyRow).where(ApiKeyRow.user_id == user_id).order_by(ApiKeyRow.id)
        async with self._database.read() as session:
            return [_read(row) for row in await session.scalars(rows)]

    async def count_of(self, user_id: int) -> int:
        """Return how many keys somebody has."""
        count = select(func.count()).where(ApiKeyRow.user_id == user_id)
        async with self._database.read() as session:
            return await session.scalar(count) or 0

    async def revoke(self, user_id: int, key_id: int) -> None:
        """Erase one key of somebody's."""
        own = (ApiKeyRow.user_id == user_id) & (ApiKeyRow.id == key_id)
        async with self._database.write() as session:
            await session.execute(delete(ApiKeyRow).where(own))

    async def revoke_all(self, user_id: int) -> None:
        """Erase every key of somebody's."""
        async with self._database.write() as session:
            await session.execute(delete(ApiKeyRow).where(ApiKeyRow.user_id == user_id))


def _read(row: ApiKeyRow) -> ApiKey:
    return ApiKey(row.id, row.user_id, row.user_name, row.label, row.created, row.used)
