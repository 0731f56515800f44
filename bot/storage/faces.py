"""The faces that votes may label, and what is kept of them where their server learns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select, update

from bot.storage.records import FaceObservation
from bot.storage.repository import Repository
from bot.storage.revisions import bump, bump_erased
from bot.storage.tables import AnswerRow, FaceRow, LabelRow, ShownFaceRow, VoteEventRow
from models.types import Box, Tier
from models.vectors import pack_vector, unpack_vector

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, Select

    from bot.storage.records import LearnedAnswer

_NOT_LEARNED = {
    "crop": None, "vector": None, "backbone": None, "next_vector": None, "next_backbone": None,
}  # fmt: skip


class FaceRepository(Repository):
    """Face observations. They come and go with their answer; crops are files (`Erasure.sweep`)."""

    async def record(
        self, reply_id: int, hidden: Sequence[bool], learned: LearnedAnswer | None = None
    ) -> list[FaceObservation]:
        """Let votes label the faces of an answer, and keep what is learned from them.

        `hidden` tells of each face whether its picture is. `learned` is None where the server does
        not learn. Returns the faces; none where the answer was erased meanwhile.
        """
        async with self._database.write() as session:
            answer = await session.get(AnswerRow, reply_id)
            if answer is None:
                return []
            rows = list(
                await session.scalars(
                    select(FaceRow).where(FaceRow.reply_id == reply_id).order_by(FaceRow.face_index)
                )
            )
            for row, is_hidden in zip(rows, hidden, strict=True):
                row.may_be_labelled, row.hidden = True, is_hidden
            if learned is not None:
                answer.asker_id, answer.author_id = learned.asker_id, learned.author_id
                for row, face in zip(rows, learned.faces, strict=True):
                    row.phash = face.phash
                    row.group_id = row.id if face.group_id is None else face.group_id
                    row.crop, row.backbone = face.crop, face.backbone
                    row.vector = None if face.vector is None else pack_vector(face.vector)
            await session.flush()
            return [to_observation(row, answer) for row in rows]

    async def get(self, face_id: int) -> FaceObservation | None:
        """Return a face by its number."""
        faces = await self._select(FaceRow.id == face_id)
        return faces[0] if faces else None

    async def by_reply(self, reply_id: int) -> list[FaceObservation]:
        """Return the faces of an answer in their order."""
        return await self._select(FaceRow.reply_id == reply_id)

    async def by_replies(self, reply_ids: Collection[int]) -> dict[int, list[FaceObservation]]:
        """Return the faces of several answers in their order, by the answers' numbers."""
        found: dict[int, list[FaceObservation]] = {}
        for face in await self._select(FaceRow.reply_id.in_(reply_ids)):
            found.setdefault(face.reply_id, []).append(face)
        return found

    async def by_author(self, user_id: int) -> list[FaceObservation]:
        """Return the faces in pictures that a member is known to have posted."""
        return await self._select(AnswerRow.author_id == user_id)

    async def in_group(self, group_id: int) -> list[FaceObservation]:
        """Return the faces in all copies of a picture."""
        return await self._select((FaceRow.group_id == group_id) | (FaceRow.id == group_id))

    async def in_server(
        self, server_id: int, since: datetime | None = None
    ) -> list[FaceObservation]:
        """Return a server's faces, oldest first."""
        conditions = [AnswerRow.server_id == server_id]
        if since is not None:
            conditions.append(AnswerRow.at >= since)
        return await self._select(*conditions)

    async def voted_on(self, server_id: int, channels: Collection[int]) -> list[FaceObservation]:
        """Return the faces of the answers in some channels that somebody voted on."""
        voted = select(VoteEventRow.reply_id)
        return await self._select(
            AnswerRow.server_id == server_id,
            AnswerRow.channel_id.in_(channels),
            FaceRow.reply_id.in_(voted),
        )

    async def unknown(self, server_id: int, since: datetime) -> list[FaceObservation]:
        """Return not known faces with vectors, undecided, and never shown in a cluster."""
        labelled = select(LabelRow.face_id).where(LabelRow.state != "open")
        shown = select(ShownFaceRow.face_id)
        return await self._select(
            AnswerRow.server_id == server_id,
            AnswerRow.at >= since,
            FaceRow.tier == Tier.NOT_KNOWN,
            FaceRow.vector.is_not(None),
            FaceRow.id.not_in(labelled),
            FaceRow.id.not_in(shown),
        )

    async def surely_named(self, server_id: int) -> list[tuple[int, str, datetime]]:
        """Return each face that was given a name in a picture that is learned from.

        Its id, the character's id, and when; of copies of a picture the first.
        """
        async with self._database.read() as session:
            rows = await session.execute(
                select(FaceRow.id, FaceRow.guesses, AnswerRow.at)
                .join(AnswerRow, AnswerRow.reply_id == FaceRow.reply_id)
                .where(
                    AnswerRow.server_id == server_id,
                    FaceRow.tier == Tier.NAMED,
                    FaceRow.may_be_labelled.is_(True),
                    FaceRow.group_id == FaceRow.id,
                )
            )
            return [
                (face_id, guesses[0].character_id, at) for face_id, guesses, at in rows if guesses
            ]

    async def hashes(self, server_id: int) -> list[tuple[int, str]]:
        """Return (group, perceptual hash) of every picture of a server that is learned from."""
        async with self._database.read() as session:
            rows = await session.execute(
                select(FaceRow.group_id, FaceRow.phash)
                .join(AnswerRow, AnswerRow.reply_id == FaceRow.reply_id)
                .where(AnswerRow.server_id == server_id)
                .distinct()
            )
            return [(group, phash) for group, phash in rows if group is not None and phash]

    async def crop_names(self) -> set[str]:
        """Return the file names of all crops in use."""
        async with self._database.read() as session:
            names = await session.scalars(select(FaceRow.crop).where(FaceRow.crop != ""))
            return {name for name in names if name}

    async def channels(self) -> dict[int, set[int]]:
        """Return, by server, the channels that faces come from."""
        query = select(AnswerRow.server_id, AnswerRow.channel_id).distinct()
        async with self._database.read() as session:
            rows = await session.execute(
                query.join(FaceRow, FaceRow.reply_id == AnswerRow.reply_id).where(
                    FaceRow.may_be_labelled.is_(True)
                )
            )
            found: dict[int, set[int]] = {}
            for server_id, channel_id in rows:
                found.setdefault(server_id or 0, set()).add(channel_id)
            return found

    async def strip_author(self, user_id: int) -> None:
        """Take crops and vectors from a member's pictures."""
        await self._strip(AnswerRow.author_id == user_id)

    async def strip_before(self, before: datetime) -> None:
        """Take crops and vectors from faces that were answered before a moment."""
        await self._strip(AnswerRow.at < before)

    async def forget_learned(self, server_id: int) -> None:
        """Shrink a server's answers to what is kept without learning: no author, hash or vector."""
        await self._forget(AnswerRow.server_id == server_id)

    async def forget_learned_answer(self, reply_id: int) -> None:
        """Shrink one answer to what is kept without learning."""
        await self._forget(AnswerRow.reply_id == reply_id)

    async def _select(self, *conditions: ColumnElement[bool]) -> list[FaceObservation]:
        async with self._database.read() as session:
            rows = await session.execute(observed().where(*conditions).order_by(FaceRow.id))
            return [to_observation(row, answer) for row, answer in rows]

    async def _strip(self, *conditions: ColumnElement[bool]) -> None:
        answers = select(AnswerRow.reply_id).where(*conditions)
        async with self._database.write() as session:
            stripped = await session.scalars(
                update(FaceRow)
                .where(FaceRow.vector.is_not(None), FaceRow.reply_id.in_(answers))
                .values(_NOT_LEARNED)
                .returning(FaceRow.reply_id)
            )
            servers = await session.scalars(
                select(AnswerRow.server_id).where(AnswerRow.reply_id.in_(stripped.all())).distinct()
            )
            for server_id in servers.all():
                await bump(session, server_id or 0)

    async def _forget(self, *conditions: ColumnElement[bool]) -> None:
        answers = select(AnswerRow.reply_id).where(*conditions)
        async with self._database.write() as session:
            await session.execute(
                update(FaceRow)
                .where(FaceRow.phash.is_not(None), FaceRow.reply_id.in_(answers))
                .values({**_NOT_LEARNED, "phash": None, "group_id": None})
            )
            shrunk = await session.scalars(
                update(AnswerRow)
                .where(*conditions)
                .values(asker_id=None, author_id=None)
                .returning(AnswerRow.server_id)
            )
            await bump_erased(session, shrunk.all())


def observed() -> Select[FaceRow, AnswerRow]:
    """Return the query for the faces that votes may label, each with its answer."""
    return (
        select(FaceRow, AnswerRow)
        .join(AnswerRow, AnswerRow.reply_id == FaceRow.reply_id)
        .where(FaceRow.may_be_labelled.is_(True))
    )


def to_observation(row: FaceRow, answer: AnswerRow) -> FaceObservation:
    """Return the record of a face of an answer in a server."""
    return FaceObservation(
        id=row.id,
        server_id=answer.server_id or 0,
        channel_id=answer.channel_id,
        reply_id=row.reply_id,
        face_index=row.face_index,
        box=Box(row.x0, row.y0, row.x1, row.y1),
        guesses=row.guesses,
        tier=row.tier,
        hidden=row.hidden,
        at=answer.at,
        author_id=answer.author_id,
        phash=row.phash,
        group_id=row.group_id,
        crop=row.crop,
        vector=None if row.vector is None else unpack_vector(row.vector),
        backbone=row.backbone,
    )
