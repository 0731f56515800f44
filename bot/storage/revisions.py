"""Counts the changes of what caches hold of a server, so that they know when to read anew."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, NamedTuple

from sqlalchemy import bindparam, select

from bot.storage.memory import changed
from bot.storage.repository import Repository
from bot.storage.tables import RevisionRow, StateRow
from bot.storage.upserts import insert

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy.ext.asyncio import AsyncSession

    from bot.storage.database import Database

ENROLLED: Final = "enrolled_revision"
"""The key of the state that counts what was enrolled for all servers."""

_STATE, _OWN = StateRow.__table__.c, RevisionRow.__table__.c
# Written once, and of the tables' own columns: it is read three times an answer.
_COUNTERS = select(
    select(_STATE.value).where(_STATE.key == ENROLLED).scalar_subquery(),
    *(
        select(column).where(_OWN.server_id == bindparam("server_id")).scalar_subquery()
        for column in (_OWN.revision, _OWN.erased_hashes)
    ),
)


class Revisions(NamedTuple):
    """How often something changed, 0 where it never did.

    `enrolled`: what the operator enrolled for all servers. `gallery`: a server's gallery or model.
    `erased_hashes`: how often perceptual hashes of the server were erased.
    """

    enrolled: int
    gallery: int
    erased_hashes: int


class RevisionRepository(Repository):
    """Reads the counters. Every answer asks several times, so who asks together reads once.

    Where other processes tell of their changes, they are read again after a change alone.
    """

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._about_to: dict[int | None, asyncio.Task[Revisions]] = {}

    async def of(self, server_id: int | None) -> Revisions:
        """Return the counters of a server as they are now; those of a DM where it is None."""
        if not self._database.backend.shared:
            return await self._asked(server_id)
        memory = self._database.memory
        own = await memory.get(revision_of(server_id), lambda: self._asked(server_id))
        anywhere = await memory.get(ENROLLED, lambda: self._asked(server_id))
        return own._replace(enrolled=anywhere.enrolled)

    async def _asked(self, server_id: int | None) -> Revisions:
        reading = self._about_to.get(server_id)
        if reading is None:
            reading = asyncio.create_task(self._read(server_id), name="revisions")
            self._about_to[server_id] = reading
        return await asyncio.shield(reading)

    async def _read(self, server_id: int | None) -> Revisions:
        # Who asks from here on may know of a change that this reading does not see.
        del self._about_to[server_id]
        async with self._database.read() as session:
            found = (await session.execute(_COUNTERS, {"server_id": server_id})).one()
        return Revisions(*(int(number or 0) for number in found))


def revision_of(server_id: int | None) -> str:
    """Return what `changed` calls the counters of a server."""
    return f"revision:{server_id}"


async def bump(session: AsyncSession, server_id: int) -> None:
    """Count a change of a server's gallery or model within a transaction."""
    changed(session, revision_of(server_id))
    added = insert(session, RevisionRow).values(server_id=server_id, revision=1)
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
        changed(session, revision_of(server_id))
        added = insert(session, RevisionRow).values(
            server_id=server_id, revision=1, erased_hashes=1
        )
        await session.execute(
            added.on_conflict_do_update(
                index_elements=["server_id"],
                set_={
                    "revision": RevisionRow.revision + 1,
                    "erased_hashes": RevisionRow.erased_hashes + 1,
                },
            )
        )
