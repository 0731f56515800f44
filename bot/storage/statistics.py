"""What `/stats` counts: answers, faces, and how the settled ones were answered."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import TYPE_CHECKING, cast

from sqlalchemy import func, select

from bot.storage.faces import observed
from bot.storage.records import Label, SettledFace
from bot.storage.repository import Repository
from bot.storage.tables import AnswerRow, FaceRow, LabelRow, ModelVersionRow
from models.types import SETTLED, Tier

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import InstrumentedAttribute

    from bot.storage.records import LabelKind


class StatisticsRepository(Repository):
    """Counts over one server since a moment, and over all of them."""

    async def answers_by_day(self, server_id: int, since: datetime) -> Counter[date]:
        """Return how many answers were given on each day (UTC)."""
        day = func.date(AnswerRow.at)
        async with self._database.read() as session:
            rows = await session.execute(
                select(day, func.count())
                .where(AnswerRow.server_id == server_id, AnswerRow.at >= since)
                .group_by(day)
            )
            # A day is a text on SQLite, a date on PostgreSQL.
            return Counter({date.fromisoformat(str(each)): count for each, count in rows})

    async def faces_by_tier(self, server_id: int, since: datetime) -> Counter[Tier]:
        """Return how many faces were answered in each tier."""
        query = (
            select(FaceRow.tier, func.count())
            .select_from(FaceRow)
            .join(AnswerRow, AnswerRow.reply_id == FaceRow.reply_id)
            .where(
                AnswerRow.server_id == server_id,
                AnswerRow.at >= since,
                FaceRow.may_be_labelled.is_(True),
            )
            .group_by(FaceRow.tier)
        )
        async with self._database.read() as session:
            return Counter({Tier(tier): number for tier, number in await session.execute(query)})

    async def labels_by_state(self) -> Counter[str]:
        """Return how many labels of all servers are in each state."""
        return await self._by_state(LabelRow.state)

    async def versions_by_state(self) -> Counter[str]:
        """Return how many trained versions of all servers are in each state."""
        return await self._by_state(ModelVersionRow.state)

    async def _by_state(self, state: InstrumentedAttribute[str]) -> Counter[str]:
        async with self._database.read() as session:
            rows = await session.execute(select(state, func.count()).group_by(state))
            return Counter({each: count for each, count in rows})  # noqa: C416 - a Row is no tuple to type checkers

    async def settled_faces(self, server_id: int, since: datetime) -> list[SettledFace]:
        """Return the faces that have guesses and a settled label, oldest first."""
        query = (
            observed()
            .join(LabelRow, LabelRow.face_id == FaceRow.id)
            .add_columns(LabelRow.kind, LabelRow.character_id)
            .where(
                AnswerRow.server_id == server_id,
                AnswerRow.at >= since,
                LabelRow.state == "settled",
                LabelRow.kind.is_not(None),
            )
            .order_by(FaceRow.id)
        )
        async with self._database.read() as session:
            rows = await session.execute(query)
            return [
                SettledFace(
                    at=answer.at,
                    guess=face.guesses[0].character_id,
                    probability=face.guesses[0].probability,
                    named=face.tier is Tier.NAMED,
                    label=Label(cast("LabelKind", kind), character_id),
                    channel_id=answer.channel_id,
                    hidden=face.hidden,
                    crop=face.crop,
                )
                for face, answer, kind, character_id in rows
                # What was answered with the settled label itself says nothing of the model.
                if face.guesses and face.guesses[0].by != SETTLED
            ]
