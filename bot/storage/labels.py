"""Labels, and who may decide them at once."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, cast

from sqlalchemy import delete, func, select, update

from bot.storage.audit_log import write_change
from bot.storage.faces import observed, to_observation
from bot.storage.records import FaceLabel, LabelChange
from bot.storage.repository import Repository
from bot.storage.revisions import bump
from bot.storage.tables import AnswerRow, DecisionRow, FaceRow, LabelRow
from bot.storage.tables.labels import from_columns, to_columns
from bot.storage.upserts import insert

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from sqlalchemy.ext.asyncio import AsyncSession

    from bot.storage.records import FaceObservation, LabelState

_AT_ONCE = 500


class LabelRepository(Repository):
    """Labels of faces. The audit log has every change."""

    async def set(self, labels: Sequence[FaceLabel], why: str) -> list[LabelChange]:
        """Set labels; return those of the settled ones that changed.

        A label that isn't settled counts as none in the audit log, whatever leads. The revision of
        each server that a settled one changed in moves.
        """
        changes: list[LabelChange] = []
        async with self._database.write() as session:
            rows, faces = await _present(session, labels)
            for label in labels:
                row = rows.get(label.face_id)
                if row is None and (label.label is None or label.face_id not in faces):
                    continue
                last = None if row is None else _to_face_label(row)
                before = last.label if last is not None and last.state == "settled" else None
                after = label.label if label.state == "settled" else None
                if last is None or (last.state, last.label, last.decided_by) != (
                    label.state, label.label, label.decided_by,
                ):  # fmt: skip
                    await session.merge(_to_row(label))
                if before != after:
                    change = LabelChange(
                        label.face_id, before, after, label.decided_by, why, label.at
                    )
                    write_change(session, change)
                    changes.append(change)
            for server_id in await _servers_of(session, changes):
                await bump(session, server_id)
        return changes

    async def get(self, face_id: int) -> FaceLabel | None:
        """Return a face's label."""
        async with self._database.read() as session:
            row = await session.get(LabelRow, face_id)
        return None if row is None else _to_face_label(row)

    async def in_server(
        self, server_id: int, state: LabelState | None = None
    ) -> list[tuple[FaceObservation, FaceLabel]]:
        """Return a server's labels with their faces, oldest first."""
        query = (
            observed()
            .join(LabelRow, LabelRow.face_id == FaceRow.id)
            .add_columns(LabelRow)
            .where(AnswerRow.server_id == server_id)
            .order_by(FaceRow.id)
        )
        if state is not None:
            query = query.where(LabelRow.state == state)
        async with self._database.read() as session:
            rows = await session.execute(query)
            return [
                (to_observation(face, answer), _to_face_label(label))
                for face, answer, label in rows
            ]

    async def settled_as(self, server_id: int, character_ids: Collection[str]) -> Counter[str]:
        """Count the faces of a server that are settled as each of these characters."""
        query = (
            select(LabelRow.character_id, func.count())
            .join(FaceRow, FaceRow.id == LabelRow.face_id)
            .join(AnswerRow, AnswerRow.reply_id == FaceRow.reply_id)
            .where(
                AnswerRow.server_id == server_id,
                LabelRow.state == "settled",
                LabelRow.character_id.in_(character_ids),
            )
            .group_by(LabelRow.character_id)
        )
        async with self._database.read() as session:
            return Counter({key: count for key, count in await session.execute(query)})  # noqa: C416 - rows

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
                await session.execute(
                    insert(session, DecisionRow).values(**mark).on_conflict_do_nothing()
                )
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
        """Take a member's name off the labels; what his votes decided is judged again."""
        async with self._database.write() as session:
            await session.execute(delete(DecisionRow).where(DecisionRow.user_id == user_id))
            await session.execute(
                update(LabelRow).where(LabelRow.decided_by == user_id).values(decided_by=None)
            )


async def _present(
    session: AsyncSession, labels: Sequence[FaceLabel]
) -> tuple[dict[int, LabelRow], set[int]]:
    """Return the rows that there are, and which faces without one are there to be labelled.

    A whole server is judged again at once: asking row by row took seconds with ten thousand faces.
    """
    rows: dict[int, LabelRow] = {}
    faces: set[int] = set()
    for start in range(0, len(labels), _AT_ONCE):
        part = labels[start : start + _AT_ONCE]
        ids = [label.face_id for label in part]
        found = await session.scalars(select(LabelRow).where(LabelRow.face_id.in_(ids)))
        rows |= {row.face_id: row for row in found}
        new = [each.face_id for each in part if each.label and each.face_id not in rows]
        if new:
            faces.update(await session.scalars(select(FaceRow.id).where(FaceRow.id.in_(new))))
    return rows, faces


async def _servers_of(session: AsyncSession, changes: Sequence[LabelChange]) -> set[int]:
    rows = await session.scalars(
        select(AnswerRow.server_id)
        .join(FaceRow, FaceRow.reply_id == AnswerRow.reply_id)
        .where(FaceRow.id.in_({change.face_id for change in changes}))
    )
    return {server_id for server_id in rows if server_id is not None}


def _to_row(label: FaceLabel) -> LabelRow:
    kind, character_id = to_columns(label.label)
    return LabelRow(
        face_id=label.face_id,
        state=label.state,
        kind=kind,
        character_id=character_id,
        decided_by=label.decided_by,
        at=label.at,
    )


def _to_face_label(row: LabelRow) -> FaceLabel:
    return FaceLabel(
        face_id=row.face_id,
        state=cast("LabelState", row.state),
        label=from_columns(row.kind, row.character_id),
        decided_by=row.decided_by,
        at=row.at,
    )
