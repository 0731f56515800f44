"""What `/stats` counts: answers, faces, and how the settled ones were answered."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from bot.storage.records import SettledFace
from bot.storage.repository import Repository
from bot.storage.tables import AnswerRow, FaceRow, LabelRow

if TYPE_CHECKING:
    from datetime import datetime


class StatisticsRepository(Repository):
    """Counts over one server, since a moment."""

    async def answers_by_day(self, server_id: int, since: datetime) -> Counter[date]:
        """Return how many answers were given on each day (UTC)."""
        day = func.date(AnswerRow.at)
        async with self._database.read() as session:
            rows = await session.execute(
                select(day, func.count())
                .where(AnswerRow.server_id == server_id, AnswerRow.at >= since)
                .group_by(day)
            )
            return Counter({date.fromisoformat(text): count for text, count in rows})

    async def named_faces(self, server_id: int, since: datetime) -> int:
        """Return how many faces were given a name, rather than called unknown."""
        count = select(func.count()).select_from(FaceRow)
        async with self._database.read() as session:
            return await session.scalar(
                count.where(
                    FaceRow.server_id == server_id,
                    FaceRow.at >= since,
                    FaceRow.unknown.is_(False),
                )
            ) or 0  # fmt: skip

    async def settled_faces(self, server_id: int, since: datetime) -> list[SettledFace]:
        """Return the faces that have guesses and a settled label, oldest first."""
        query = (
            select(
                FaceRow.at,
                FaceRow.guesses,
                FaceRow.unknown,
                LabelRow.label,
                FaceRow.channel_id,
                FaceRow.hidden,
                FaceRow.crop,
            )
            .join(LabelRow, LabelRow.face_id == FaceRow.id)
            .where(
                FaceRow.server_id == server_id,
                FaceRow.at >= since,
                LabelRow.state == "settled",
            )
            .order_by(FaceRow.id)
        )
        async with self._database.read() as session:
            return [
                SettledFace(
                    at=at,
                    guess=guesses[0]["id"],
                    probability=guesses[0]["probability"],
                    named=not unknown,
                    label=label,
                    channel_id=channel_id,
                    hidden=hidden,
                    crop=crop,
                )
                for at, guesses, unknown, label, channel_id, hidden, crop in (
                    await session.execute(query)
                )
                if guesses and label is not None
            ]
