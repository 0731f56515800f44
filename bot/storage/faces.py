"""The faces that were answered, for as long as their answers are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.sqlite import insert

from bot.storage.records import FaceObservation
from bot.storage.repository import Repository
from bot.storage.tables import FaceRow, LabelRow, ShownFaceRow
from models.types import Box
from models.vectors import pack_vector, unpack_vector

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement

    from bot.storage.records import NewFaceObservation


class FaceRepository(Repository):
    """Face observations. They go with their answer; crops are files and go by `Erasure.sweep`."""

    async def add(self, observations: Sequence[NewFaceObservation]) -> list[FaceObservation]:
        """Keep observations and return them; a face that is already kept is left as it is."""
        kept: list[FaceObservation] = []
        async with self._database.write() as session:
            for new in observations:
                values = {
                    name: getattr(new, name) for name in _PLAIN if name != "guesses"
                } | {
                    "x0": new.box.x0, "y0": new.box.y0, "x1": new.box.x1, "y1": new.box.y1,
                    "guesses": list(new.guesses),
                    "vector": None if new.vector is None else pack_vector(new.vector),
                    "group_id": new.group_id or 0,
                }  # fmt: skip
                done = await session.execute(
                    insert(FaceRow).values(**values).on_conflict_do_nothing()
                    .returning(FaceRow.id)
                )  # fmt: skip
                number = done.scalar_one_or_none()
                if number is None:
                    continue
                if new.group_id is None:
                    await session.execute(
                        update(FaceRow).where(FaceRow.id == number).values(group_id=number)
                    )
                row = await session.get_one(FaceRow, number, populate_existing=True)
                kept.append(to_observation(row))
        return kept

    async def get(self, face_id: int) -> FaceObservation | None:
        """Return an observation by its number."""
        async with self._database.read() as session:
            row = await session.get(FaceRow, face_id)
        return None if row is None else to_observation(row)

    async def by_reply(self, reply_id: int) -> list[FaceObservation]:
        """Return the faces of an answer in their order."""
        return await self._select(FaceRow.reply_id == reply_id)

    async def by_author(self, user_id: int) -> list[FaceObservation]:
        """Return the faces in pictures that a member posted."""
        return await self._select(FaceRow.author_id == user_id)

    async def in_group(self, group_id: int) -> list[FaceObservation]:
        """Return the faces in all copies of a picture."""
        return await self._select(FaceRow.group_id == group_id)

    async def in_server(
        self, server_id: int, since: datetime | None = None
    ) -> list[FaceObservation]:
        """Return a server's faces, oldest first."""
        conditions = [FaceRow.server_id == server_id]
        if since is not None:
            conditions.append(FaceRow.at >= since)
        return await self._select(*conditions)

    async def unknown(self, server_id: int, since: datetime) -> list[FaceObservation]:
        """Return faces unknown when seen, with vectors, undecided, and never shown in a cluster."""
        labelled = select(LabelRow.face_id).where(LabelRow.state != "open")
        shown = select(ShownFaceRow.face_id)
        return await self._select(
            FaceRow.server_id == server_id,
            FaceRow.at >= since,
            FaceRow.unknown.is_(True),
            FaceRow.vector.is_not(None),
            FaceRow.id.not_in(labelled),
            FaceRow.id.not_in(shown),
        )

    async def hashes(self, server_id: int) -> list[tuple[int, str]]:
        """Return (group, perceptual hash) of every observation of a server."""
        async with self._database.read() as session:
            rows = await session.execute(
                select(FaceRow.group_id, FaceRow.phash)
                .where(FaceRow.server_id == server_id)
                .distinct()
            )
            return [(group, phash) for group, phash in rows]

    async def crop_names(self) -> set[str]:
        """Return the file names of all crops in use."""
        async with self._database.read() as session:
            names = await session.scalars(select(FaceRow.crop).where(FaceRow.crop != ""))
            return {name for name in names if name}

    async def channels(self) -> dict[int, set[int]]:
        """Return, by server, the channels that faces come from."""
        async with self._database.read() as session:
            rows = await session.execute(select(FaceRow.server_id, FaceRow.channel_id).distinct())
            found: dict[int, set[int]] = {}
            for server_id, channel_id in rows:
                found.setdefault(server_id, set()).add(channel_id)
            return found

    async def strip(self, server_id: int, before: datetime | None = None) -> int:
        """Take crops and vectors from a server's faces; return how many had some."""
        return await self._strip(
            FaceRow.server_id == server_id, *([FaceRow.at < before] if before else [])
        )

    async def strip_author(self, user_id: int) -> int:
        """Take crops and vectors from a member's pictures; return how many had some."""
        return await self._strip(FaceRow.author_id == user_id)

    async def strip_answer(self, reply_id: int) -> int:
        """Take crops and vectors from the faces of an answer; return how many had some."""
        return await self._strip(FaceRow.reply_id == reply_id)

    async def strip_before(self, before: datetime) -> int:
        """Take crops and vectors from faces older than `before`; return how many had some."""
        return await self._strip(FaceRow.at < before)

    async def erase(self, face_ids: Iterable[int]) -> int:
        """Erase faces with their labels; return how many there were."""
        async with self._database.write() as session:
            gone = await session.scalars(
                delete(FaceRow).where(FaceRow.id.in_(list(face_ids))).returning(FaceRow.id)
            )
            return len(gone.all())

    async def count(self, server_id: int) -> int:
        """Return how many faces a server has."""
        async with self._database.read() as session:
            return await session.scalar(
                select(func.count()).select_from(FaceRow).where(
                    FaceRow.server_id == server_id
                )
            ) or 0  # fmt: skip

    async def _select(self, *conditions: ColumnElement[bool]) -> list[FaceObservation]:
        async with self._database.read() as session:
            rows = await session.scalars(select(FaceRow).where(*conditions).order_by(FaceRow.id))
            return [to_observation(row) for row in rows]

    async def _strip(self, *conditions: ColumnElement[bool]) -> int:
        async with self._database.write() as session:
            gone = await session.scalars(
                update(FaceRow)
                .where(*conditions, FaceRow.vector.is_not(None))
                .values(crop=None, vector=None, backbone=None, next_vector=None, next_backbone=None)
                .returning(FaceRow.id)
            )
            return len(gone.all())


_PLAIN = (
    "server_id", "channel_id", "message_id", "reply_id", "face_index", "author_id", "phash",
    "guesses", "unknown", "model_version", "hidden", "at", "crop", "backbone",
)  # fmt: skip


def to_observation(row: FaceRow) -> FaceObservation:
    """Return the record of a row."""
    values = {name: getattr(row, name) for name in _PLAIN}
    values["guesses"] = tuple(row.guesses)
    return FaceObservation(
        **values,
        id=row.id,
        group_id=row.group_id,
        box=Box(row.x0, row.y0, row.x1, row.y1),
        vector=None if row.vector is None else unpack_vector(row.vector),
    )
