"""Taught drawings and the centroids of packs, in use or waiting with a proposal."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from sqlalchemy import delete, false, or_, select

from bot.storage.records import Exemplar
from bot.storage.repository import Repository
from bot.storage.revisions import bump
from bot.storage.tables import CharacterRow, ExemplarRow, GalleryActionRow, ProposalRow
from models.vectors import pack_vector, unpack_vector

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement
    from sqlalchemy.ext.asyncio import AsyncSession

    from bot.storage.records import ExemplarSource, NewExemplar


class ExemplarRepository(Repository):
    """Exemplars. They come into use with a change of the gallery (`GalleryRepository.change`)."""

    async def in_use(self, server_id: int) -> list[Exemplar]:
        """Return a server's exemplars in use, oldest first."""
        return await self._select(
            ExemplarRow.server_id == server_id, ExemplarRow.proposal_id.is_(None)
        )

    async def of_proposal(self, proposal_id: int) -> list[Exemplar]:
        """Return the exemplars that wait with a proposal."""
        return await self._select(ExemplarRow.proposal_id == proposal_id)

    async def by_user(self, user_id: int) -> list[Exemplar]:
        """Return what a member uploaded, in all servers."""
        return await self._select(ExemplarRow.user_id == user_id)

    async def posted(
        self,
        *,
        server_id: int | None = None,
        user_id: int | None = None,
        channel_id: int | None = None,
        message_ids: Iterable[int] | None = None,
    ) -> list[Exemplar]:
        """Return what was taught from posted messages, of these alone where any are named."""
        conditions: list[ColumnElement[bool]] = [
            ExemplarRow.provenance.like(f"message {channel_id or '%'}/%")
        ]
        if server_id is not None:
            conditions.append(ExemplarRow.server_id == server_id)
        if user_id is not None:
            conditions.append(ExemplarRow.user_id == user_id)
        if message_ids is not None:
            conditions.append(
                or_(
                    false(),
                    *(
                        ExemplarRow.provenance.like(f"message %/{each}{file}")
                        for each in message_ids
                        for file in ("", "/%")
                    ),
                )
            )
        return await self._select(*conditions)

    async def propose(
        self, server_id: int, proposal_id: int, exemplars: Sequence[NewExemplar]
    ) -> None:
        """Keep exemplars that come into use once their proposal is accepted."""
        async with self._database.write() as session:
            await add_exemplars(session, server_id, exemplars, proposal_id)

    async def erase(self, exemplar_ids: Iterable[int]) -> int:
        """Erase exemplars, and the proposals that have none left; return how many there were."""
        async with self._database.write() as session:
            rows = await session.execute(
                delete(ExemplarRow)
                .where(ExemplarRow.id.in_(list(exemplar_ids)))
                .returning(ExemplarRow.server_id, ExemplarRow.proposal_id)
            )
            gone = rows.all()
            for server_id in {row.server_id for row in gone}:
                await bump(session, server_id)
            left = select(ExemplarRow.proposal_id).where(ExemplarRow.proposal_id.is_not(None))
            await session.execute(
                delete(ProposalRow).where(
                    ProposalRow.id.in_({row.proposal_id for row in gone if row.proposal_id}),
                    ProposalRow.id.not_in(left),
                )
            )
            return len(gone)

    async def erase_forgotten(self, before: datetime) -> None:
        """Erase the exemplars of characters that were forgotten before a moment."""
        async with self._database.write() as session:
            forgotten = await session.scalars(
                select(GalleryActionRow).where(
                    GalleryActionRow.kind == "forget",
                    GalleryActionRow.undone_by.is_(None),
                    GalleryActionRow.at < before,
                )
            )
            for action in forgotten:
                gone = await session.scalars(
                    delete(ExemplarRow)
                    .where(
                        ExemplarRow.server_id == action.server_id,
                        ExemplarRow.proposal_id.is_(None),
                        ExemplarRow.character_id.in_(await _leading_to(session, action)),
                    )
                    .returning(ExemplarRow.id)
                )
                if gone.all():
                    await bump(session, action.server_id)

    async def crop_names(self) -> set[str]:
        """Return the file names of all taught crops."""
        async with self._database.read() as session:
            names = await session.scalars(select(ExemplarRow.crop))
            return {name for name in names if name}

    async def _select(self, *conditions: ColumnElement[bool]) -> list[Exemplar]:
        async with self._database.read() as session:
            rows = await session.scalars(
                select(ExemplarRow).where(*conditions).order_by(ExemplarRow.id)
            )
            return [_to_exemplar(row) for row in rows]


async def add_exemplars(
    session: AsyncSession,
    server_id: int,
    exemplars: Sequence[NewExemplar],
    proposal_id: int | None,
) -> list[int]:
    """Add exemplars within a transaction; return their numbers."""
    rows = [
        ExemplarRow(
            server_id=server_id,
            character_id=new.character_id,
            proposal_id=proposal_id,
            user_id=new.user_id,
            source=new.source,
            provenance=new.provenance,
            phash=new.phash,
            crop=new.crop,
            vector=pack_vector(new.vector),
            backbone=new.backbone,
            at=new.at,
        )
        for new in exemplars
    ]
    session.add_all(rows)
    await session.flush()
    return [row.id for row in rows]


async def _leading_to(session: AsyncSession, action: GalleryActionRow) -> set[str]:
    """Return whom an action changed, and all who were merged into them."""
    merged = await session.scalars(
        select(CharacterRow).where(
            CharacterRow.server_id == action.server_id, CharacterRow.state == "merged"
        )
    )
    into = {row.id: row.merged_into for row in merged}
    found: set[str] = set(action.undo["characters"])
    while more := {key for key, target in into.items() if target in found} - found:
        found |= more
    return found


def _to_exemplar(row: ExemplarRow) -> Exemplar:
    return Exemplar(
        character_id=row.character_id,
        user_id=row.user_id,
        source=cast("ExemplarSource", row.source),
        vector=unpack_vector(row.vector),
        backbone=row.backbone,
        at=row.at,
        provenance=row.provenance,
        phash=row.phash,
        crop=row.crop,
        id=row.id,
        server_id=row.server_id,
    )
