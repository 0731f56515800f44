"""Counts the changes of what caches hold of a server, so that they know when to read anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy.dialects.sqlite import insert

from bot.storage.tables import RevisionRow

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy.ext.asyncio import AsyncSession


async def bump(session: AsyncSession, server_id: int) -> None:
    """Count a change of a server's gallery or model within a transaction."""
    added = insert(RevisionRow).values(server_id=server_id, revision=1)
    await session.execute(
        added.on_conflict_do_update(
            index_elements=["server_id"], set_={"revision": RevisionRow.revision + 1}
        )
    )


async def bump_erased(session: AsyncSession, server_ids: Iterable[int | None]) -> None:
    """Count within a transaction that faces with hashes were erased; None is a DM.

    Some may have been labelled, so the servers' galleries changed too.
    """
    for server_id in {each for each in server_ids if each is not None}:
        added = insert(RevisionRow).values(server_id=server_id, revision=1, erased_hashes=1)
        await session.execute(
            added.on_conflict_do_update(
                index_elements=["server_id"],
                set_={
                    "revision": RevisionRow.revision + 1,
                    "erased_hashes": RevisionRow.erased_hashes + 1,
                },
            )
        )
