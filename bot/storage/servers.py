"""Which servers anything is kept of, and the erasure of all that was learned in one."""

from __future__ import annotations

from sqlalchemy import delete, select

from bot.storage.memory import changed
from bot.storage.repository import Repository
from bot.storage.revisions import revision_of
from bot.storage.tables import (
    AliasRow,
    AnswerRow,
    CharacterRow,
    ConsentRow,
    ExemplarRow,
    GalleryActionRow,
    ModelVersionRow,
    OutboxRow,
    ProposalRow,
    RevisionRow,
    ServerSettingsRow,
    ShownClusterRow,
    WatchedChannelRow,
)


class ServerRepository(Repository):
    """Servers as a whole."""

    async def kept(self) -> set[int]:
        """Return the servers that anything is kept of."""
        tables = (
            AnswerRow, CharacterRow, ExemplarRow, ProposalRow, ConsentRow,
            ModelVersionRow, OutboxRow, ServerSettingsRow, WatchedChannelRow,
        )  # fmt: skip
        found: set[int] = set()
        async with self._database.read() as session:
            for table in tables:
                rows = await session.scalars(select(table.server_id).distinct())
                found |= {server_id for server_id in rows if server_id is not None}
        return found

    async def erase_learned(self, server_id: int) -> None:
        """Erase what a server was taught, agreed to and trained.

        Its answers, with all that was learned from them, and its settings are others' part.
        """
        tables = (
            CharacterRow, AliasRow, ExemplarRow,
            GalleryActionRow, ProposalRow, ShownClusterRow, ConsentRow, ModelVersionRow,
            RevisionRow,
        )  # fmt: skip
        async with self._database.write() as session:
            for table in tables:
                await session.execute(delete(table).where(table.server_id == server_id))
            changed(session, revision_of(server_id))
