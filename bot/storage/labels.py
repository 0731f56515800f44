"""Labels with their trail, and who may decide them at once."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, cast

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.sqlite import insert

from bot.storage.faces import to_observation
from bot.storage.records import Label, LabelChange
from bot.storage.repository import Repository
from bot.storage.tables import AnswerRow, DecisionRow, FaceRow, LabelChangeRow, LabelRow

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from bot.storage.records import FaceObservation, LabelState


class LabelRepository(Repository):
    """Labels of faces. Every change is written down with who, when and why."""

    async def set(self, labels: Sequence[Label], why: str) -> list[LabelChange]:
        """Set labels; return those of the settled ones that changed.

        A label that isn't settled counts as none in the trail, whatever leads.
        """
        changes: list[LabelChange] = []
        async with self._database.write() as session:
            for label in labels:
                row = await session.get(LabelRow, label.face_id)
                if row is None and await session.get(FaceRow, label.face_id) is None:
                    continue
                if row is None and label.label is None:
                    continue
                before = row.label if row is not None and row.state == "settled" else None
                after = label.label if label.state == "settled" else None
                if row is None or (row.state, row.label, row.decided_by) != (
                    label.state, label.label, label.decided_by,
                ):  # fmt: skip
                    await session.merge(LabelRow(**asdict(label)))
                if before != after:
                    change = LabelChange(
                        label.face_id, before, after, label.decided_by, why, label.at
                    )
                    session.add(LabelChangeRow(server_id=label.server_id, **asdict(change)))
                    changes.append(change)
        return changes

    async def get(self, face_id: int) -> Label | None:
        """Return a face's label."""
        async with self._database.read() as session:
            row = await session.get(LabelRow, face_id)
        return None if row is None else _to_label(row)

    async def in_server(
        self, server_id: int, state: LabelState | None = None
    ) -> list[tuple[FaceObservation, Label]]:
        """Return a server's labels with their faces, oldest first."""
        query = (
            select(FaceRow, LabelRow)
            .join(LabelRow, LabelRow.face_id == FaceRow.id)
            .where(LabelRow.server_id == server_id)
            .order_by(FaceRow.id)
        )
        if state is not None:
            query = query.where(LabelRow.state == state)
        async with self._database.read() as session:
            return [
                (to_observation(s), _to_label(label)) for s, label in await session.execute(query)
            ]

    async def changes(self, face_id: int) -> list[LabelChange]:
        """Return the changes of a label, oldest first."""
        async with self._database.read() as session:
            rows = await session.scalars(
                select(LabelChangeRow)
                .where(LabelChangeRow.face_id == face_id)
                .order_by(LabelChangeRow.id)
            )
            return [
                LabelChange(row.face_id, row.before, row.after, row.user_id, row.why, row.at)
                for row in rows
            ]

    async def changed_since(self, server_id: int, at: datetime) -> bool:
        """Say whether a label of a server was settled, changed or unsettled after `at`."""
        query = select(LabelChangeRow.id).where(
            LabelChangeRow.server_id == server_id, LabelChangeRow.at > at
        )
        async with self._database.read() as session:
            return await session.scalar(query.limit(1)) is not None

    async def mark_decider(self, reply_id: int, user_id: int, *, decides: bool) -> None:
        """Remember whether a voter on an answer is a moderator or labeller as he votes.

        Who is neither any more decides nothing by what he says now, nor by what he said there.
        """
        mark = {"reply_id": reply_id, "user_id": user_id}
        async with self._database.read() as session:
            marked = await session.get(DecisionRow, mark) is not None
        if marked == decides:
            return
        async with self._database.write() as session:
            if decides and await session.get(AnswerRow, reply_id) is not None:
                await session.execute(insert(DecisionRow).values(**mark).on_conflict_do_nothing())
            elif not decides:
                await session.execute(delete(DecisionRow).filter_by(**mark))

    async def deciders(self, server_id: int) -> set[tuple[int, int]]:
        """Return (answer, voter) of all votes in a server that decide."""
        async with self._database.read() as session:
            rows = await session.execute(
                select(DecisionRow.reply_id, DecisionRow.user_id)
                .join(AnswerRow, AnswerRow.reply_id == DecisionRow.reply_id)
                .where(AnswerRow.server_id == server_id)
            )
            return {(reply_id, user_id) for reply_id, user_id in rows}

    async def forget_user(self, user_id: int) -> None:
        """Take a member's name out of every trail; what his votes decided is judged again."""
        async with self._database.write() as session:
            await session.execute(delete(DecisionRow).where(DecisionRow.user_id == user_id))
            await session.execute(
                update(LabelRow).where(LabelRow.decided_by == user_id).values(decided_by=None)
            )
            await session.execute(
                update(LabelChangeRow).where(LabelChangeRow.user_id == user_id).values(user_id=None)
            )


def _to_label(row: LabelRow) -> Label:
    return Label(
        face_id=row.face_id,
        server_id=row.server_id,
        state=cast("LabelState", row.state),
        label=row.label,
        decided_by=row.decided_by,
        at=row.at,
    )
