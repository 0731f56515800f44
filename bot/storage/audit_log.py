"""The audit log of labels: every change of a settled one, with who, when and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select, update

from bot.storage.records import LabelChange
from bot.storage.repository import Repository
from bot.storage.tables import AnswerRow, FaceRow, LabelChangeRow
from bot.storage.tables.labels import from_columns, to_columns

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncSession


class AuditLogRepository(Repository):
    """Reads the log; `LabelRepository.set` writes it, in the transaction of the change."""

    async def of_face(self, face_id: int) -> list[LabelChange]:
        """Return the changes of a face's label, oldest first."""
        async with self._database.read() as session:
            rows = await session.scalars(
                select(LabelChangeRow)
                .where(LabelChangeRow.face_id == face_id)
                .order_by(LabelChangeRow.id)
            )
            return [_to_change(row) for row in rows]

    async def changed_since(self, server_id: int, at: datetime) -> bool:
        """Say whether a label of a server was settled, changed or unsettled after `at`."""
        query = (
            select(LabelChangeRow.id)
            .join(FaceRow, FaceRow.id == LabelChangeRow.face_id)
            .join(AnswerRow, AnswerRow.reply_id == FaceRow.reply_id)
            .where(AnswerRow.server_id == server_id, LabelChangeRow.at > at)
        )
        async with self._database.read() as session:
            return await session.scalar(query.limit(1)) is not None

    async def forget_user(self, user_id: int) -> None:
        """Take a member's name out of the log."""
        async with self._database.write() as session:
            await session.execute(
                update(LabelChangeRow).where(LabelChangeRow.user_id == user_id).values(user_id=None)
            )


def write_change(session: AsyncSession, change: LabelChange) -> None:
    """Add a change to the log within a transaction."""
    before_kind, before_character_id = to_columns(change.before)
    after_kind, after_character_id = to_columns(change.after)
    session.add(
        LabelChangeRow(
            face_id=change.face_id,
            before_kind=before_kind,
            before_character_id=before_character_id,
            after_kind=after_kind,
            after_character_id=after_character_id,
            user_id=change.user_id,
            why=change.why,
            at=change.at,
        )
    )


def _to_change(row: LabelChangeRow) -> LabelChange:
    return LabelChange(
        face_id=row.face_id,
        before=from_columns(row.before_kind, row.before_character_id),
        after=from_columns(row.after_kind, row.after_character_id),
        user_id=row.user_id,
        why=row.why,
        at=row.at,
    )
