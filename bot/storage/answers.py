"""What was answered: enough to follow an edit, a deletion and a vote, and no picture."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from sqlalchemy import delete, select

from bot.storage.records import Answer, AnsweredPicture, AnswerPlace
from bot.storage.repository import Repository
from bot.storage.tables import AnswerRow, VoteEventRow

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from sqlalchemy import ColumnElement


class AnswerRepository(Repository):
    """The answers given. Erasing an answer erases its votes."""

    async def add(self, answer: Answer) -> None:
        """Keep an answer. One of the same reply is replaced, and its votes go if faces changed."""
        row = _to_row(answer)
        async with self._database.write() as session:
            before = await session.get(AnswerRow, answer.reply_id)
            if before is not None and before.pictures != row.pictures:
                await session.execute(
                    delete(VoteEventRow).where(VoteEventRow.reply_id == answer.reply_id)
                )
            await session.merge(row)

    async def by_reply(self, reply_id: int) -> Answer | None:
        """Return the answer that the message `reply_id` of the bot carries."""
        async with self._database.read() as session:
            row = await session.get(AnswerRow, reply_id)
        return None if row is None else _to_answer(row)

    async def by_source(self, source_message_id: int) -> list[Answer]:
        """Return the answers to a message, oldest first."""
        return await self._select(AnswerRow.source_message_id == source_message_id)

    async def by_messages(self, message_ids: Iterable[int]) -> list[Answer]:
        """Return the answers to or asked for by any of several messages, oldest first."""
        ids = list(message_ids)
        return await self._select(
            AnswerRow.source_message_id.in_(ids) | AnswerRow.prompt_id.in_(ids)
        )

    async def places(self) -> list[AnswerPlace]:
        """Return where all answers given in servers are, oldest first."""
        columns = (
            AnswerRow.server_id, AnswerRow.channel_id, AnswerRow.source_message_id,
            AnswerRow.reply_id, AnswerRow.prompt_id, AnswerRow.at,
        )  # fmt: skip
        async with self._database.read() as session:
            rows = await session.execute(
                select(*columns).where(AnswerRow.server_id.is_not(None)).order_by(AnswerRow.at)
            )
            return [AnswerPlace(*row) for row in rows]

    async def delete_by_reply(self, reply_id: int) -> int:
        """Erase the answer of a reply; return how many there were (0 or 1)."""
        return await self._delete(AnswerRow.reply_id == reply_id)

    async def delete_channel(self, channel_id: int) -> int:
        """Erase the answers given in a channel; return how many there were."""
        return await self._delete(AnswerRow.channel_id == channel_id)

    async def delete_server(self, server_id: int) -> int:
        """Erase the answers given in a server; return how many there were."""
        return await self._delete(AnswerRow.server_id == server_id)

    async def delete_asker(self, user_id: int) -> int:
        """Erase the answers that a member asked for; return how many there were."""
        return await self._delete(AnswerRow.asker_id == user_id)

    async def delete_before(self, at: datetime) -> int:
        """Erase the answers older than `at`; return how many there were."""
        return await self._delete(AnswerRow.at < at)

    async def _select(self, condition: ColumnElement[bool]) -> list[Answer]:
        async with self._database.read() as session:
            rows = await session.scalars(
                select(AnswerRow).where(condition).order_by(AnswerRow.at, AnswerRow.reply_id)
            )
            return [_to_answer(row) for row in rows]

    async def _delete(self, condition: ColumnElement[bool]) -> int:
        async with self._database.write() as session:
            gone = await session.scalars(
                delete(AnswerRow).where(condition).returning(AnswerRow.reply_id)
            )
            return len(gone.all())


def _to_row(answer: Answer) -> AnswerRow:
    pictures = [{**asdict(picture), "faces": list(picture.faces)} for picture in answer.pictures]
    return AnswerRow(
        reply_id=answer.reply_id,
        source_message_id=answer.source_message_id,
        channel_id=answer.channel_id,
        server_id=answer.server_id,
        asker_id=answer.asker_id,
        pictures=pictures,
        model_version=answer.model_version,
        at=answer.at,
        prompt_id=answer.prompt_id,
    )


def _to_answer(row: AnswerRow) -> Answer:
    return Answer(
        reply_id=row.reply_id,
        source_message_id=row.source_message_id,
        channel_id=row.channel_id,
        server_id=row.server_id,
        asker_id=row.asker_id,
        pictures=tuple(
            AnsweredPicture(p["name"], p["phash"], p["sha256"], tuple(p["faces"]))
            for p in row.pictures
        ),
        model_version=row.model_version,
        at=row.at,
        prompt_id=row.prompt_id,
    )
