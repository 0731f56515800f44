"""Vectors of one backbone beside those of the next, until all are made and change over at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import or_, select, update

from bot.storage.repository import Repository
from bot.storage.revisions import bump
from bot.storage.tables import AnswerRow, ExemplarRow, FaceRow
from models.vectors import pack_vector

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.storage.records import SourceKind
    from models.types import Vector

_TABLES: dict[SourceKind, type[FaceRow | ExemplarRow]] = {
    "face": FaceRow,
    "exemplar": ExemplarRow,
}


@dataclass(frozen=True, slots=True)
class OldVector:
    """A vector that another backbone made, and the crop that it can be made from again."""

    kind: SourceKind
    source_id: int
    crop: str


class VectorRepository(Repository):
    """The vectors of faces and exemplars. The next one waits in the same row, and goes with it.

    Nothing that names or trains sees the waiting ones before `adopt`.
    """

    async def outdated(self, backbone: str) -> list[OldVector]:
        """Return what has a crop, and no vector of this backbone yet, waiting ones included."""
        found: list[OldVector] = []
        async with self._database.read() as session:
            for kind, table in _TABLES.items():
                rows = await session.execute(
                    select(table.id, table.crop)
                    .where(
                        table.crop.is_not(None),
                        table.vector.is_not(None),
                        table.backbone != backbone,
                        or_(table.next_backbone.is_(None), table.next_backbone != backbone),
                    )
                    .order_by(table.id)
                )
                found += [OldVector(kind, number, crop) for number, crop in rows if crop]
        return found

    async def prepare(self, backbone: str, vectors: Iterable[tuple[OldVector, Vector]]) -> None:
        """Keep vectors of the next backbone; those whose crop was erased meanwhile are dropped."""
        async with self._database.write() as session:
            for old, vector in vectors:
                table = _TABLES[old.kind]
                await session.execute(
                    update(table)
                    .where(table.id == old.source_id, table.crop == old.crop)
                    .values(next_vector=pack_vector(vector), next_backbone=backbone)
                )

    async def adopt(self, backbone: str) -> None:
        """Put every waiting vector of a backbone in the place of the one before, all at once."""
        of_faces = (
            select(AnswerRow.server_id)
            .join(FaceRow, FaceRow.reply_id == AnswerRow.reply_id)
            .where(FaceRow.next_backbone == backbone)
        )
        of_exemplars = select(ExemplarRow.server_id).where(ExemplarRow.next_backbone == backbone)
        async with self._database.write() as session:
            servers = {*await session.scalars(of_faces), *await session.scalars(of_exemplars)}
            for table in _TABLES.values():
                await session.execute(
                    update(table)
                    .where(table.next_backbone == backbone)
                    .values(
                        vector=table.next_vector,
                        backbone=backbone,
                        next_vector=None,
                        next_backbone=None,
                    )
                )
            for server_id in servers:
                await bump(session, server_id or 0)

    async def lost(self, server_id: int, backbone: str) -> set[str]:
        """Return the characters of a server that were taught, but have no vector of this backbone.

        They came without pictures, or their pictures are gone: only teaching them again helps.
        """
        owned = select(ExemplarRow.character_id).where(
            ExemplarRow.server_id == server_id, ExemplarRow.proposal_id.is_(None)
        )
        async with self._database.read() as session:
            every = set(await session.scalars(owned))
            usable = set(
                await session.scalars(
                    owned.where(
                        or_(
                            ExemplarRow.backbone == backbone,
                            ExemplarRow.next_backbone == backbone,
                        )
                    )
                )
            )
        return every - usable
