"""All crops of a server with their labels, a page at a time; no vector is read for it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, cast

from sqlalchemy import func, select

from bot.storage.faces import observed, to_observation
from bot.storage.records import LabelledCrop
from bot.storage.repository import Repository
from bot.storage.tables import AnswerRow, FaceRow, LabelRow
from bot.storage.tables.labels import from_columns

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import Select

    from bot.storage.records import FaceObservation, LabelState


class LabelledCropRepository(Repository):
    """Crops from the channels that somebody may see."""

    async def channels(self, server_id: int) -> set[int]:
        """Return the channels that a server's answers are in."""
        query = select(AnswerRow.channel_id).where(AnswerRow.server_id == server_id).distinct()
        async with self._database.read() as session:
            return set(await session.scalars(query))

    async def page(
        self,
        server_id: int,
        channels: Collection[int],
        start: int,
        count: int,
        state: LabelState | None = None,
    ) -> list[LabelledCrop]:
        """Return `count` crops from number `start` on, the newest first."""
        query = _crops(server_id, channels, state).with_only_columns(
            FaceRow.id, FaceRow.hidden, LabelRow.state, LabelRow.kind, LabelRow.character_id
        )
        query = query.order_by(FaceRow.id.desc()).offset(start).limit(count)
        async with self._database.read() as session:
            rows = await session.execute(query)
            return [
                LabelledCrop(
                    face_id,
                    hidden,
                    cast("LabelState", found or "open"),
                    from_columns(kind, character_id or ""),
                )
                for face_id, hidden, found, kind, character_id in rows
            ]

    async def files(
        self, server_id: int, channels: Collection[int], face_ids: Collection[int]
    ) -> dict[int, str]:
        """Return the files of those crops that are there, by the numbers of their faces."""
        query = (
            _crops(server_id, channels, None)
            .where(FaceRow.id.in_(face_ids))
            .with_only_columns(FaceRow.id, FaceRow.crop)
        )
        async with self._database.read() as session:
            return {key: name for key, name in await session.execute(query) if name}

    async def count(
        self, server_id: int, channels: Collection[int], state: LabelState | None = None
    ) -> int:
        """Return how many crops there are."""
        query = _crops(server_id, channels, state).with_only_columns(func.count())
        async with self._database.read() as session:
            return await session.scalar(query) or 0

    async def characters(self, server_id: int, channels: Collection[int]) -> Counter[str]:
        """Count the crops by the character that they are settled as."""
        query = (
            _crops(server_id, channels, "settled")
            .where(LabelRow.kind == "character")
            .with_only_columns(LabelRow.character_id, func.count())
            .group_by(LabelRow.character_id)
        )
        async with self._database.read() as session:
            return Counter({key: count for key, count in await session.execute(query)})  # noqa: C416 - rows

    async def of_characters(
        self, server_id: int, channels: Collection[int], character_ids: Collection[str]
    ) -> list[FaceObservation]:
        """Return the faces with crops that are settled as one of these characters."""
        query = _crops(server_id, channels, "settled").where(
            LabelRow.kind == "character", LabelRow.character_id.in_(character_ids)
        )
        async with self._database.read() as session:
            rows = await session.execute(query.order_by(FaceRow.id))
            return [to_observation(row, answer) for row, answer in rows]


def _crops(
    server_id: int, channels: Collection[int], state: LabelState | None
) -> Select[FaceRow, AnswerRow]:
    query = (
        observed()
        .outerjoin(LabelRow, LabelRow.face_id == FaceRow.id)
        .where(
            AnswerRow.server_id == server_id,
            AnswerRow.channel_id.in_(channels),
            FaceRow.crop.is_not(None),
        )
    )
    if state is not None:
        query = query.where(func.coalesce(LabelRow.state, "open") == state)
    return query
