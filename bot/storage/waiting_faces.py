"""The faces that wait for a labeller, most useful first; only those whose crops are kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import JSON, and_, exists, func, select, type_coerce
from sqlalchemy.orm import aliased

from bot.storage.faces import observed, to_observation
from bot.storage.repository import Repository
from bot.storage.tables import AnswerRow, FaceRow, LabelRow, VoteEventRow

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import ColumnElement, Select

    from bot.storage.records import FaceObservation

_GUESSES = type_coerce(FaceRow.guesses, JSON)
_BEST = func.coalesce(_GUESSES[(0, "probability")].as_float(), 0.0)


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose faces are asked for: of a server, from channels that the labeller may see.

    What the labeller `user_id` has said something about is not asked again.
    """

    server_id: int
    channels: Collection[int]
    user_id: int


class WaitingFaceRepository(Repository):
    """Finds faces that nobody settled."""

    async def disputed(self, asked: Asked, most: int) -> list[FaceObservation]:
        """Return faces that votes disagree about, the newest first."""
        # They are few: begun with them, the query doesn't go through all faces of the server.
        disputed = select(LabelRow.face_id).where(LabelRow.state == "disputed")
        query = _waiting(asked).where(FaceRow.id.in_(disputed)).order_by(FaceRow.id.desc())
        return await self._select(query, most)

    async def guessed_as(
        self, asked: Asked, character_ids: Collection[str], most: int
    ) -> list[FaceObservation]:
        """Return faces whose best guess is one of these characters, the surest first."""
        best = _GUESSES[(0, "character_id")].as_string()
        query = _waiting(asked).where(_undisputed(), best.in_(character_ids))
        return await self._select(query.order_by(_BEST.desc(), FaceRow.id), most)

    async def least_certain(self, asked: Asked, most: int) -> list[FaceObservation]:
        """Return faces by how far the probability of the best guess is from a half, nearest first.

        That is uncertainty sampling (Lewis and Gale, 1994) of whether the best guess is right. Of
        copies of a picture the first stands for all.
        """
        query = _waiting(asked).where(_undisputed(), FaceRow.group_id == FaceRow.id)
        return await self._select(query.order_by(func.abs(_BEST - 0.5), FaceRow.id), most)

    async def count(self, asked: Asked) -> int:
        """Return how many faces wait."""
        query = select(func.count()).select_from(_waiting(asked).subquery())
        async with self._database.read() as session:
            return await session.scalar(query) or 0

    async def _select(self, query: Select[FaceRow, AnswerRow], most: int) -> list[FaceObservation]:
        # Numbers are sorted and not whole faces, whose vectors would be read to be thrown away.
        first = query.with_only_columns(FaceRow.id).limit(most)
        async with self._database.read() as session:
            ids = list(await session.scalars(first))
            rows = await session.execute(observed().where(FaceRow.id.in_(ids)))
            found = {row.id: to_observation(row, answer) for row, answer in rows}
            return [found[each] for each in ids if each in found]


def _undisputed() -> ColumnElement[bool]:
    return func.coalesce(LabelRow.state, "open") == "open"


def _waiting(asked: Asked) -> Select[FaceRow, AnswerRow]:
    said, later = aliased(VoteEventRow), aliased(VoteEventRow)
    taken_up = exists().where(
        and_(
            later.reply_id == said.reply_id,
            later.face_index == said.face_index,
            later.user_id == said.user_id,
            later.sequence > said.sequence,
        )
    )
    answered = exists().where(
        and_(
            said.reply_id == FaceRow.reply_id,
            said.face_index == FaceRow.face_index,
            said.user_id == asked.user_id,
            said.withdrawn.is_(False),
            ~taken_up,
        )
    )
    return (
        observed()
        .outerjoin(LabelRow, LabelRow.face_id == FaceRow.id)
        .where(
            AnswerRow.server_id == asked.server_id,
            AnswerRow.channel_id.in_(asked.channels),
            FaceRow.crop.is_not(None),
            func.coalesce(LabelRow.state, "open") != "settled",
            ~answered,
        )
    )
