"""What a server's moderators set, and which channels they switched on."""

from __future__ import annotations

from dataclasses import asdict, fields, replace
from datetime import UTC, datetime
from typing import Any, cast

from sqlalchemy import delete, select, update

from bot.storage.memory import changed
from bot.storage.records import ServerSettings
from bot.storage.repository import Repository
from bot.storage.tables import ServerSettingsRow, WatchedChannelRow


class SettingsRepository(Repository):
    """Settings of servers. Every message asks, so they are kept in memory where that is sure."""

    async def get(self, server_id: int) -> ServerSettings:
        """Return the settings of a server, the defaults if it set nothing."""

        async def read() -> ServerSettings:
            async with self._database.read() as session:
                row = await session.get(ServerSettingsRow, server_id)
            return ServerSettings(server_id) if row is None else _to_settings(row)

        return await self._database.memory.get(_settings(server_id), read)

    async def update(self, server_id: int, **changes: object) -> ServerSettings:
        """Change settings by their names in `ServerSettings`, and return the new ones.

        Raises TypeError for a name that is none.
        """
        async with self._database.write() as session:
            row = await session.get(ServerSettingsRow, server_id)
            before = ServerSettings(server_id) if row is None else _to_settings(row)
            after = replace(before, **cast("dict[str, Any]", changes))
            await session.merge(ServerSettingsRow(**asdict(after)))
            changed(session, _settings(server_id))
        return after

    async def sharing(self) -> list[int]:
        """Return the servers that learn, and share names and vectors with others."""
        async with self._database.read() as session:
            rows = await session.scalars(
                select(ServerSettingsRow.server_id)
                .where(ServerSettingsRow.sharing.is_(True), ServerSettingsRow.learning.is_(True))
                .order_by(ServerSettingsRow.server_id)
            )
            return list(rows)

    async def watched(self, server_id: int) -> dict[int, int]:
        """Return the channels that are switched on: channel id -> id of who did it."""

        async def read() -> dict[int, int]:
            async with self._database.read() as session:
                rows = await session.scalars(
                    select(WatchedChannelRow).where(WatchedChannelRow.server_id == server_id)
                )
                return {row.channel_id: row.user_id for row in rows}

        return dict(await self._database.memory.get(_watched(server_id), read))

    async def watch(self, server_id: int, channel_id: int, user_id: int) -> None:
        """Switch a channel on; who does it last is who hears of missing permissions."""
        async with self._database.write() as session:
            await session.merge(
                WatchedChannelRow(
                    channel_id=channel_id,
                    server_id=server_id,
                    user_id=user_id,
                    at=datetime.now(UTC),
                )
            )
            changed(session, _watched(server_id))

    async def unwatch(self, server_id: int, channel_id: int) -> bool:
        """Switch a channel off; false if it wasn't on."""
        was_on = channel_id in await self.watched(server_id)
        async with self._database.write() as session:
            await session.execute(
                delete(WatchedChannelRow).where(WatchedChannelRow.channel_id == channel_id)
            )
            changed(session, _watched(server_id))
        return was_on

    async def forget_user(self, user_id: int) -> None:
        """Forget who switched channels on: the server's owner hears of what is missing there."""
        async with self._database.write() as session:
            servers = await session.scalars(
                update(WatchedChannelRow)
                .where(WatchedChannelRow.user_id == user_id)
                .values(user_id=0)
                .returning(WatchedChannelRow.server_id)
            )
            changed(session, *map(_watched, servers))

    async def erase_server(self, server_id: int) -> None:
        """Forget a server's settings and channels."""
        async with self._database.write() as session:
            for table in (ServerSettingsRow, WatchedChannelRow):
                await session.execute(delete(table).where(table.server_id == server_id))
            changed(session, _settings(server_id), _watched(server_id))


def _settings(server_id: int) -> str:
    return f"settings:{server_id}"


def _watched(server_id: int) -> str:
    return f"watched:{server_id}"


def _to_settings(row: ServerSettingsRow) -> ServerSettings:
    names = [field.name for field in fields(ServerSettings)]
    return ServerSettings(**{name: getattr(row, name) for name in names})
