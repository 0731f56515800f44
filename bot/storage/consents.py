"""Who agreed to what: servers that switched learning on, members who opted out; and erasure."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import delete, select, text, update
from sqlalchemy.dialects.sqlite import insert

from bot.storage.learning_tables import (
    AliasRow,
    CharacterRow,
    ConsentRow,
    ExemplarRow,
    GalleryActionRow,
    LabelChangeRow,
    ModelVersionRow,
    OptOutRow,
    ProposalRow,
    RevisionRow,
    ShownClusterRow,
    SightingRow,
)
from bot.storage.repository import Repository
from bot.storage.tables import AnswerRow, ServerSettingsRow, WatchedChannelRow

if TYPE_CHECKING:
    from bot.storage.storage import Storage


class ConsentRepository(Repository):
    """Consent, opt-outs, and the erasure of everything that was learned in a server."""

    def __init__(self, storage: Storage) -> None:
        super().__init__(storage)
        self._opted_out: set[int] | None = None

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
        async with self._storage.write() as session:
            session.add(
                ConsentRow(
                    server_id=server_id, learning=on, user_id=user_id, at=at, channel_id=channel_id
                )
            )
        await self._storage.settings.update(server_id, learning=on)

    async def history(self, server_id: int) -> list[tuple[datetime, int, bool]]:
        """Return when, by whom and how learning was switched, oldest first."""
        async with self._storage.read() as session:
            rows = await session.scalars(
                select(ConsentRow).where(ConsentRow.server_id == server_id).order_by(ConsentRow.id)
            )
            return [(row.at, row.user_id, row.learning) for row in rows]

    async def announced(self, server_id: int) -> tuple[int, int | None]:
        """Return by whom and in which channel learning was last switched on; (0, None) if never."""
        async with self._storage.read() as session:
            row = await session.scalar(
                select(ConsentRow)
                .where(ConsentRow.server_id == server_id, ConsentRow.learning.is_(True))
                .order_by(ConsentRow.id.desc())
                .limit(1)
            )
            return (0, None) if row is None else (row.user_id, row.channel_id)

    async def forget_user(self, user_id: int) -> None:
        """Take a member's name out of who switched what on; the switches stand."""
        async with self._storage.write() as session:
            await session.execute(
                update(ConsentRow).where(ConsentRow.user_id == user_id).values(user_id=0)
            )

    async def opt_out(self, user_id: int, at: datetime) -> None:
        """Keep nothing of a member's pictures from now on."""
        async with self._storage.write() as session:
            await session.execute(
                insert(OptOutRow).values(user_id=user_id, at=at).on_conflict_do_nothing()
            )
        self._opted_out = None

    async def opt_in(self, user_id: int) -> None:
        """Take an opt-out back."""
        async with self._storage.write() as session:
            await session.execute(delete(OptOutRow).where(OptOutRow.user_id == user_id))
        self._opted_out = None

    async def opted_out(self, user_id: int) -> bool:
        """Say whether a member opted out."""
        if self._opted_out is None:
            async with self._storage.read() as session:
                self._opted_out = set(await session.scalars(select(OptOutRow.user_id)))
        return user_id in self._opted_out

    async def servers(self) -> set[int]:
        """Return the servers that anything is kept of."""
        tables = (
            AnswerRow, SightingRow, CharacterRow, ExemplarRow, ProposalRow, ConsentRow,
            ModelVersionRow, ServerSettingsRow, WatchedChannelRow,
        )  # fmt: skip
        found: set[int] = set()
        async with self._storage.read() as session:
            for table in tables:
                rows = await session.scalars(select(table.server_id).distinct())
                found |= {server_id for server_id in rows if server_id is not None}
        return found

    async def erase_server(self, server_id: int) -> None:
        """Erase all that was learned in a server; its answers and settings are others' part."""
        tables = (
            SightingRow, LabelChangeRow, CharacterRow, AliasRow, ExemplarRow, GalleryActionRow,
            ProposalRow, ShownClusterRow, ConsentRow, ModelVersionRow, RevisionRow,
        )  # fmt: skip
        async with self._storage.write() as session:
            for table in tables:
                await session.execute(delete(table).where(table.server_id == server_id))

    async def flush_erased(self) -> bool:
        """Carry erased pages from the write-ahead log into the file, and empty the log.

        Pages are overwritten with zeros on deletion (secure_delete); until this is done the log
        still has them. Returns false where a reader held it up: try again later.
        """
        async with self._storage.read() as session:
            if session.get_bind().dialect.name != "sqlite":
                return True
            connection = await session.connection(
                execution_options={"isolation_level": "AUTOCOMMIT"}
            )
            # A checkpoint that waits for a reader keeps every writer out: it must not wait.
            before = (await connection.execute(text("PRAGMA busy_timeout"))).scalar_one()
            await connection.execute(text("PRAGMA busy_timeout = 0"))
            try:
                result = await connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
                busy, _, _ = result.one()
            finally:
                await connection.execute(text(f"PRAGMA busy_timeout = {int(before)}"))
            return not busy
