"""What was answered: enough to follow an edit, a deletion and a vote, and no picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, func, select

from bot.storage.records import ON_THE_SITE, Answer, AnsweredFace, AnsweredPicture, AnswerPlace
from bot.storage.repository import Repository
from bot.storage.revisions import bump_erased
from bot.storage.tables import AnswerRow, FaceRow, VoteEventRow
from models.types import Box

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement
    from sqlalchemy.ext.asyncio import AsyncSession


class AnswerRepository(Repository):
    """The answers given. Erasing an answer erases its faces and votes."""

    async def add(self, answer: Answer) -> None:
        """Keep an answer, and of its faces what was said of them.

        One of the same reply is replaced; where its pictures differ, its faces and votes go.
        """
        async with self._database.write() as session:
            row = await session.get(AnswerRow, answer.reply_id)
            before = None if row is None else await _pictures(session, row)
            if row is None:
                row = AnswerRow(reply_id=answer.reply_id, asker_id=None, author_id=None)
                session.add(row)
            row.source_message_id = answer.source_message_id
            row.prompt_id = answer.prompt_id
            row.channel_id = answer.channel_id
            row.server_id = answer.server_id
            row.picture_names = [picture.name for picture in answer.pictures]
            row.model_version = answer.model_version
            row.at = answer.at
            await session.flush()
            if before == answer.pictures:
                return
            if before is not None:  # a new answer has nothing yet that could go
                for table in (FaceRow, VoteEventRow):
                    await session.execute(delete(table).where(table.reply_id == answer.reply_id))
            session.add_all(_to_rows(answer))

    async def by_reply(self, reply_id: int) -> Answer | None:
        """Return the answer that the message `reply_id` of the bot carries."""
        answers = await self._select(AnswerRow.reply_id == reply_id)
        return answers[0] if answers else None

    async def by_source(self, source_message_id: int) -> list[Answer]:
        """Return the answers to a message, oldest first."""
        return await self._select(AnswerRow.source_message_id == source_message_id)

    async def by_messages(self, message_ids: Iterable[int]) -> list[Answer]:
        """Return the answers to or asked for by any of several messages, oldest first."""
        ids = list(message_ids)
        return await self._select(
            AnswerRow.source_message_id.in_(ids) | AnswerRow.prompt_id.in_(ids)
        )

    async def by_author(self, user_id: int) -> list[AnswerPlace]:
        """Return where the answers to pictures are that a member is known to have posted."""
        return await self._places(AnswerRow.author_id == user_id)

    async def places(self) -> list[AnswerPlace]:
        """Return where all answers given in servers' channels are, oldest first."""
        return await self._places(AnswerRow.channel_id != ON_THE_SITE)

    async def direct_channels(self, most: int) -> list[int]:
        """Return the direct messages in which answers were given, the latest first."""
        query = (
            select(AnswerRow.channel_id)
            .where(AnswerRow.server_id.is_(None), AnswerRow.channel_id != ON_THE_SITE)
            .group_by(AnswerRow.channel_id)
            .order_by(func.max(AnswerRow.at).desc())
            .limit(most)
        )
        async with self._database.read() as session:
            return list(await session.scalars(query))

    async def delete_by_reply(self, reply_id: int) -> int:
        """Erase the answer of a reply; return how many there were (0 or 1)."""
        return await self._delete(AnswerRow.reply_id == reply_id)

    async def delete_channel(self, channel_id: int) -> int:
        """Erase the answers given in a channel; return how many there were."""
        return await self._delete(AnswerRow.channel_id == channel_id)

    async def delete_server(self, server_id: int) -> int:
        """Erase the answers given in a server; return how many there were."""
        return await self._delete(AnswerRow.server_id == server_id)

    async def delete_of(self, user_id: int) -> int:
        """Erase the answers that a member is known to have asked for, or posted the picture of.

        Return how many there were.
        """
        return await self._delete(
            (AnswerRow.asker_id == user_id) | (AnswerRow.author_id == user_id)
        )

    async def delete_before(self, learned: datetime, others: datetime) -> int:
        """Erase what is too old; return how many there were.

        Answers that are learned from, where it is known who posted, go when they are older than
        `learned`; those that are kept for their buttons alone when they are older than `others`.
        """
        return await self._delete(
            (AnswerRow.at < learned) | (AnswerRow.author_id.is_(None) & (AnswerRow.at < others))
        )

    async def _select(self, condition: ColumnElement[bool]) -> list[Answer]:
        async with self._database.read() as session:
            rows = await session.scalars(
                select(AnswerRow).where(condition).order_by(AnswerRow.at, AnswerRow.reply_id)
            )
            return [_to_answer(row, await _pictures(session, row)) for row in rows.all()]

    async def _places(self, *conditions: ColumnElement[bool]) -> list[AnswerPlace]:
        columns = (
            AnswerRow.server_id, AnswerRow.channel_id, AnswerRow.source_message_id,
            AnswerRow.reply_id, AnswerRow.prompt_id, AnswerRow.at,
        )  # fmt: skip
        query = select(*columns).where(AnswerRow.server_id.is_not(None), *conditions)
        async with self._database.read() as session:
            rows = await session.execute(query.order_by(AnswerRow.at))
            return [AnswerPlace(*row) for row in rows]

    async def _delete(self, condition: ColumnElement[bool]) -> int:
        async with self._database.write() as session:
            gone = await session.execute(
                delete(AnswerRow)
                .where(condition)
                .returning(AnswerRow.server_id, AnswerRow.author_id)
            )
            rows = gone.all()
            # Only what is learned from has hashes, and names its author.
            learned = [server_id for server_id, author_id in rows if author_id is not None]
            await bump_erased(session, learned)
            return len(rows)


async def _pictures(session: AsyncSession, row: AnswerRow) -> tuple[AnsweredPicture, ...]:
    """Read the pictures of an answer with their faces."""
    faces = await session.scalars(
        select(FaceRow).where(FaceRow.reply_id == row.reply_id).order_by(FaceRow.face_index)
    )
    by_picture: dict[int, list[AnsweredFace]] = {}
    for face in faces:
        by_picture.setdefault(face.picture_index, []).append(
            AnsweredFace(
                box=Box(face.x0, face.y0, face.x1, face.y1),
                guesses=face.guesses,
                tier=face.tier,
            )
        )
    return tuple(
        AnsweredPicture(name, tuple(by_picture.get(index, ())))
        for index, name in enumerate(row.picture_names)
    )


def _to_rows(answer: Answer) -> Sequence[FaceRow]:
    """Return the rows of an answer's faces, of which nothing is learned yet."""
    faces = [
        (index, face) for index, picture in enumerate(answer.pictures) for face in picture.faces
    ]
    return [
        FaceRow(
            reply_id=answer.reply_id,
            face_index=number,
            picture_index=picture_index,
            x0=face.box.x0,
            y0=face.box.y0,
            x1=face.box.x1,
            y1=face.box.y1,
            guesses=face.guesses,
            tier=face.tier,
            hidden=True,
            may_be_labelled=False,
        )
        for number, (picture_index, face) in enumerate(faces)
    ]


def _to_answer(row: AnswerRow, pictures: tuple[AnsweredPicture, ...]) -> Answer:
    return Answer(
        reply_id=row.reply_id,
        source_message_id=row.source_message_id,
        channel_id=row.channel_id,
        server_id=row.server_id,
        pictures=pictures,
        model_version=row.model_version,
        at=row.at,
        prompt_id=row.prompt_id,
    )
