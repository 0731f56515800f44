"""Votes as events that are only ever added; what stands is derived from them."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, cast

from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError

from bot.storage.records import Vote, VoteEvent, VoteKind, VoteSource
from bot.storage.repository import Repository
from bot.storage.tables import AnswerRow, VoteEventRow

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime


_WHOLE = -1


class VoteRepository(Repository):
    """Votes about the faces of answers.

    Of what a user said about a face, the last vote that was not taken back stands: a member who
    pressed ✅, then ❌, and takes ❌ back, has ✅ standing again.
    """

    async def add(
        self,
        reply_id: int,
        face_index: int | None,
        user_id: int,
        kind: VoteKind,
        at: datetime,
        *,
        character_id: str = "",
        source: VoteSource = "chat",
    ) -> bool:
        """Add a vote; `character_id` is the character of an "is" vote.

        Returns false, and adds nothing, if the answer is not kept or this vote already stands.
        """
        return await self._append(reply_id, face_index, user_id, kind, at, character_id, source)

    async def withdraw(
        self,
        reply_id: int,
        face_index: int | None,
        user_id: int,
        kind: VoteKind,
        at: datetime,
        *,
        source: VoteSource = "chat",
    ) -> bool:
        """Take the votes of a kind back; false, and nothing added, if none was standing."""
        return await self._append(
            reply_id, face_index, user_id, kind, at, source=source, withdrawn=True
        )

    async def for_answer(self, reply_id: int) -> list[Vote]:
        """Return the votes that stand for an answer, by face and then by time."""
        async with self._database.read() as session:
            rows = await session.scalars(
                select(VoteEventRow)
                .where(VoteEventRow.reply_id == reply_id)
                .order_by(VoteEventRow.face_index, VoteEventRow.id)
            )
            events = list(rows)
        by_voter: dict[tuple[int, int], list[VoteEventRow]] = {}
        for row in events:
            by_voter.setdefault((row.face_index, row.user_id), []).append(row)
        votes = [standing[-1] for rows in by_voter.values() if (standing := _standing(rows))]
        return [_to_vote(row) for row in sorted(votes, key=lambda row: (row.face_index, row.id))]

    async def events(self, reply_id: int, face_index: int) -> list[VoteEvent]:
        """Return all that was ever said about one face, or the whole answer, oldest first."""
        async with self._database.read() as session:
            rows = await session.scalars(
                select(VoteEventRow)
                .where(
                    VoteEventRow.reply_id == reply_id,
                    VoteEventRow.face_index.in_((face_index, _WHOLE)),
                )
                .order_by(VoteEventRow.id)
            )
            return [
                VoteEvent(
                    user_id=row.user_id,
                    kind=cast("VoteKind", row.kind),
                    character_id=row.character_id,
                    withdrawn=row.withdrawn,
                    source=cast("VoteSource", row.source),
                    at=row.at,
                )
                for row in rows
            ]

    async def in_server(self, server_id: int) -> dict[int, list[Vote]]:
        """Return the votes that stand in a server, by answer."""
        async with self._database.read() as session:
            rows = await session.scalars(
                select(VoteEventRow)
                .join(AnswerRow, AnswerRow.reply_id == VoteEventRow.reply_id)
                .where(AnswerRow.server_id == server_id)
                .order_by(VoteEventRow.id)
            )
            events = list(rows)
        by_voter: dict[tuple[int, int, int], list[VoteEventRow]] = {}
        for row in events:
            by_voter.setdefault((row.reply_id, row.face_index, row.user_id), []).append(row)
        votes: dict[int, list[Vote]] = {}
        for (reply_id, _, _), rows in by_voter.items():
            if standing := _standing(rows):
                votes.setdefault(reply_id, []).append(_to_vote(standing[-1]))
        return votes

    async def counts(self, reply_id: int, face_index: int | None = None) -> Counter[VoteKind]:
        """Count the votes that stand for one face, or for the answer as a whole, by kind."""
        votes = await self.for_answer(reply_id)
        return Counter(vote.kind for vote in votes if vote.face_index == face_index)

    async def count_of(self, user_id: int) -> int:
        """Return how many events of a user are kept."""
        async with self._database.read() as session:
            count = select(func.count()).select_from(VoteEventRow)
            return await session.scalar(count.where(VoteEventRow.user_id == user_id)) or 0

    async def answers_of(self, user_id: int) -> list[int]:
        """Return the replies whose answers a member ever voted on."""
        async with self._database.read() as session:
            rows = await session.scalars(
                select(VoteEventRow.reply_id).where(VoteEventRow.user_id == user_id).distinct()
            )
            return list(rows)

    async def servers_of(self, user_id: int) -> list[int]:
        """Return the servers that a user voted in."""
        async with self._database.read() as session:
            rows = await session.scalars(
                select(AnswerRow.server_id)
                .join(VoteEventRow, VoteEventRow.reply_id == AnswerRow.reply_id)
                .where(VoteEventRow.user_id == user_id, AnswerRow.server_id.is_not(None))
                .distinct()
            )
            return [server_id for server_id in rows if server_id is not None]

    async def erase_user(self, user_id: int) -> int:
        """Erase every event of a user, on request; return how many there were."""
        async with self._database.write() as session:
            gone = await session.scalars(
                delete(VoteEventRow)
                .where(VoteEventRow.user_id == user_id)
                .returning(VoteEventRow.id)
            )
            return len(gone.all())

    async def _append(
        self,
        reply_id: int,
        face_index: int | None,
        user_id: int,
        kind: VoteKind,
        at: datetime,
        character_id: str = "",
        source: VoteSource = "chat",
        *,
        withdrawn: bool = False,
    ) -> bool:
        face = _WHOLE if face_index is None else face_index
        while True:
            try:
                async with self._database.write() as session:
                    if await session.get(AnswerRow, reply_id) is None:
                        return False
                    rows = await session.scalars(
                        select(VoteEventRow)
                        .where(
                            VoteEventRow.reply_id == reply_id,
                            VoteEventRow.face_index == face,
                            VoteEventRow.user_id == user_id,
                        )
                        .order_by(VoteEventRow.sequence)
                    )
                    events = list(rows)
                    standing = _standing(events)
                    if withdrawn and all(vote.kind != kind for vote in standing):
                        return False
                    said = (standing[-1].kind, standing[-1].character_id) if standing else None
                    if not withdrawn and said == (kind, character_id):
                        return False
                    session.add(
                        VoteEventRow(
                            reply_id=reply_id,
                            face_index=face,
                            user_id=user_id,
                            sequence=events[-1].sequence + 1 if events else 0,
                            kind=kind,
                            withdrawn=withdrawn,
                            character_id=character_id,
                            source=source,
                            at=at,
                        )
                    )
            except IntegrityError:
                # Another process took this place in the sequence: look at what stands now.
                continue
            return True


def _standing(events: Iterable[VoteEventRow]) -> list[VoteEventRow]:
    """Return what is left of one user's events about one face, oldest first."""
    standing: list[VoteEventRow] = []
    for row in events:
        if row.withdrawn:
            standing = [vote for vote in standing if vote.kind != row.kind]
        else:
            standing.append(row)
    return standing


def _to_vote(row: VoteEventRow) -> Vote:
    return Vote(
        reply_id=row.reply_id,
        face_index=None if row.face_index == _WHOLE else row.face_index,
        user_id=row.user_id,
        kind=cast("VoteKind", row.kind),
        character_id=row.character_id,
        at=row.at,
    )
