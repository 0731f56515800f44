"""Who agreed to what: servers that switched learning on, members who opted out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, select, update

from bot.storage.memory import changed
from bot.storage.repository import Repository
from bot.storage.tables import ConsentRow, OptOutRow
from bot.storage.upserts import insert

if TYPE_CHECKING:
    from datetime import datetime

    from bot.storage.database import Database
    from bot.storage.settings import SettingsRepository


_OPT_OUTS = "opt_outs"


class ConsentRepository(Repository):
    """Consent and opt-outs, which are kept in memory where that is sure."""

    def __init__(self, database: Database, settings: SettingsRepository) -> None:
        super().__init__(database)
        self._settings = settings

    async def set_learning(
        self,
        server_id: int,
        user_id: int,
        at: datetime,
        *,
        on: bool,
        channel_id: int | None = None,
    ) -> None:
        """Switch a server's learning, and write down who did, and where it was announced."""
        async with self._database.write() as session:
            session.add(
                ConsentRow(
                    server_id=server_id, learning=on, user_id=user_id, at=at, channel_id=channel_id
                )
            )
        await self._settings.update(server_id, learning=on)

    async def history(self, server_id: int) -> list[tuple[datetime, int, bool]]:
        """Return when, by whom and how learning was switched, oldest first."""
        async with self._database.read() as session:
            rows = await session.scalars(
                select(ConsentRow).where(ConsentRow.server_id == server_id).order_by(ConsentRow.id)
            )
            return [(row.at, row.user_id, row.learning) for row in rows]

    async def announced(self, server_id: int) -> tuple[int, int | None]:
        """Return by whom and in which channel learning was last switched on; (0, None) if never."""
        async with self._database.read() as session:
            row = await session.scalar(
                select(ConsentRow)
                .where(ConsentRow.server_id == server_id, ConsentRow.learning.is_(True))
                .order_by(ConsentRow.id.desc())
                .limit(1)
            )
            return (0, None) if row is None else (row.user_id, row.channel_id)

    async def forget_user(self, user_id: int) -> None:
        """Take a member's name out of who switched what on; the switches stand."""
        async with self._database.write() as session:
            await session.execute(
                update(ConsentRow).where(ConsentRow.user_id == user_id).values(user_id=0)
            )

    async def opt_out(self, user_id: int, at: datetime) -> None:
        """Keep nothing of a member's pictures from now on."""
        async with self._database.write() as session:
            await session.execute(
                insert(session, OptOutRow).values(user_id=user_id, at=at).on_conflict_do_nothing()
            )
            changed(session, _OPT_OUTS)

    async def opt_in(self, user_id: int) -> None:
        """Take an opt-out back."""
        async with self._database.write() as session:
            await session.execute(delete(OptOutRow).where(OptOutRow.user_id == user_id))
            changed(session, _OPT_OUTS)

    async def opted_out(self, user_id: int) -> bool:
        """Say whether a member opted out."""

        async def read() -> frozenset[int]:
            async with self._database.read() as session:
                return frozenset(await session.scalars(select(OptOutRow.user_id)))

        return user_id in await self._database.memory.get(_OPT_OUTS, read)
