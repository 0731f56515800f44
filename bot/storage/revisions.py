"""Counts the changes of a server's gallery and model, so that caches know when to read anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy.dialects.sqlite import insert

from bot.storage.tables import RevisionRow

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession


async def bump(session: AsyncSession, server_id: int) -> None:
    """Count a change of a server's gallery or model within a transaction."""
    added = insert(RevisionRow).values(server_id=server_id, revision=1)
    await session.execute(
        added.on_conflict_do_update(
            index_elements=["server_id"], set_={"revision": RevisionRow.revision + 1}
        )
    )
