"""What `/stats` counts: answers, faces, and how the settled ones were answered."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from bot.storage.learning_records import SettledFace
from bot.storage.learning_tables import LabelRow, SightingRow
from bot.storage.repository import Repository
from bot.storage.tables import AnswerRow

if TYPE_CHECKING:
    from datetime import datetime


class StatisticsRepository(Repository):
    """Counts over one server, since a moment."""

    async def answers_by_day(self, server_id: int, since: datetime) -> Counter[date]:
        """Return how many answers were given on each day (UTC)."""
        day = func.date(AnswerRow.at)
        async with self._storage.read() as session:
            rows = await session.execute(
                select(day, func.count())
                .where(AnswerRow.server_id == server_id, AnswerRow.at >= since)
                .group_by(day)
            )
            return Counter({date.fromisoformat(text): count for text, count in rows})

    async def named_faces(self, server_id: int, since: datetime) -> int:
        """Return how many faces were given a name, rather than called unknown."""
        count = select(func.count()).select_from(SightingRow)
        async with self._storage.read() as session:
            return await session.scalar(
                count.where(
                    SightingRow.server_id == server_id,
                    SightingRow.at >= since,
                    SightingRow.unknown.is_(False),
                )
            ) or 0  # fmt: skip

    async def settled_faces(self, server_id: int, since: datetime) -> list[SettledFace]:
        """Return the faces that have guesses and a settled label, oldest first."""
        query = (
            select(
                SightingRow.at,
                SightingRow.guesses,
                SightingRow.unknown,
                LabelRow.label,
                SightingRow.channel_id,
                SightingRow.hidden,
                SightingRow.crop,
            )
            .join(LabelRow, LabelRow.sighting_id == SightingRow.id)
            .where(
                SightingRow.server_id == server_id,
                SightingRow.at >= since,
                LabelRow.state == "settled",
            )
            .order_by(SightingRow.id)
        )
        async with self._storage.read() as session:
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
