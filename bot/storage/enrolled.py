"""Characters that the operator enrolled for all servers, where from, and their vectors.

Each sample is written as soon as its picture was looked at, so that an enrolment that was ended
goes on where it was. Pictures are never written.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import delete, func, select, update

from bot.storage.memory import changed
from bot.storage.records import (
    Centroid,
    EnrolledSample,
    Enrolment,
    EnrolmentSummary,
)
from bot.storage.repository import Repository
from bot.storage.revisions import ENROLLED
from bot.storage.tables import (
    CharacterRow,
    EnrolledCharacterRow,
    EnrolmentRow,
    EnrolmentSampleRow,
    EnrolmentSourceRow,
    StateRow,
)
from models.types import Character
from models.vectors import pack_vector, unpack_vector

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable
    from datetime import datetime

    from sqlalchemy import ColumnElement, Executable
    from sqlalchemy.ext.asyncio import AsyncSession

    from models.types import Vector

AT_ONCE: Final = 200
"""Rows that are read in one go: there may be ten thousands."""


class EnrolledRepository(Repository):
    """Enrolled characters. Every change of what answers is counted; see `Revisions`."""

    async def source(self, key: str, title: str, at: datetime) -> int:
        """Return the number of a source, which is noted if it is new."""
        async with self._database.write() as session:
            row = await session.scalar(
                select(EnrolmentSourceRow).where(EnrolmentSourceRow.key == key)
            )
            if row is None:
                row = EnrolmentSourceRow(key=key[:200], title=title[:500], at=at)
                session.add(row)
                await session.flush()
            return row.id

    async def enrolments(self, source_id: int) -> dict[str, Enrolment]:
        """Return the characters of a source so far, by the source's own ids of them."""
        async with self._database.read() as session:
            rows = await session.scalars(
                select(EnrolmentRow).where(EnrolmentRow.source_id == source_id)
            )
            return {row.ref: _to_enrolment(row) for row in rows}

    async def begin(
        self,
        source_id: int,
        ref: str,
        character: Character,
        backbone: str,
        at: datetime,
        *,
        known: bool,
    ) -> Enrolment:
        """Begin to look at a character's pictures, or go on with them.

        `known`: the shipped roster has it. Vectors of another backbone mean nothing any more and
        are erased.
        """
        async with self._database.write() as session:
            if await session.get(EnrolledCharacterRow, character.id) is None:
                session.add(_to_row(character, at, known=known))
                await session.flush()
            row = await session.scalar(
                select(EnrolmentRow).where(
                    EnrolmentRow.source_id == source_id, EnrolmentRow.ref == ref
                )
            )
            if row is None:
                row = EnrolmentRow(
                    source_id=source_id, ref=ref, character_id=character.id,
                    backbone=backbone, done=False, used=0, centroid=None, at=at,
                )  # fmt: skip
                session.add(row)
            elif row.backbone != backbone:
                await session.execute(
                    delete(EnrolmentSampleRow).where(EnrolmentSampleRow.enrolment_id == row.id)
                )
                row.backbone, row.used, row.centroid = backbone, 0, None
            row.done = False
            await session.flush()
            return _to_enrolment(row)

    async def add_sample(
        self, enrolment_id: int, ref: str, vector: Vector | None, why_not: str, at: datetime
    ) -> None:
        """Note what was seen in a picture; it answers once its enrolment is finished."""
        async with self._database.write() as session:
            session.add(
                EnrolmentSampleRow(
                    enrolment_id=enrolment_id,
                    ref=ref[:500],
                    vector=None if vector is None else pack_vector(vector),
                    used=False,
                    why_not=why_not[:200],
                    at=at,
                )
            )

    async def samples_of(self, enrolment_id: int) -> list[EnrolledSample]:
        """Return what was seen in a character's pictures so far, in the order seen."""
        async with self._database.read() as session:
            rows = await session.scalars(
                select(EnrolmentSampleRow)
                .where(EnrolmentSampleRow.enrolment_id == enrolment_id)
                .order_by(EnrolmentSampleRow.id)
            )
            return [
                EnrolledSample(
                    row.id,
                    row.ref,
                    None if row.vector is None else unpack_vector(row.vector),
                    row.why_not,
                )
                for row in rows
            ]

    async def finish(
        self, enrolment_id: int, used: Iterable[int], centroid: Vector | None, at: datetime
    ) -> None:
        """Let a character answer: all its pictures were looked at.

        `used` are the samples that `centroid`, (dimensions,) of unit length, is made of; None where
        there are none.
        """
        used = list(used)
        own = EnrolmentSampleRow.enrolment_id == enrolment_id
        async with self._database.write() as session:
            await session.execute(
                update(EnrolmentSampleRow).where(own).values(used=EnrolmentSampleRow.id.in_(used))
            )
            await session.execute(
                update(EnrolmentRow)
                .where(EnrolmentRow.id == enrolment_id)
                .values(
                    done=True,
                    used=len(used),
                    centroid=None if centroid is None else pack_vector(centroid),
                    at=at,
                )
            )
            await _count(session, at)

    async def characters(self) -> list[Character]:
        """Return who was enrolled, ordered by id."""
        row = EnrolledCharacterRow
        query = select(
            row.id, row.name, row.series, row.native_name, row.aliases, row.link, row.tag
        ).order_by(row.id)
        return [
            Character(key, name, series, native, tuple(aliases), link, tag)
            async for key, name, series, native, aliases, link, tag in self._by_and_by(query)
        ]

    async def centroids(self, backbone: str) -> list[Centroid]:
        """Return what answers, ordered by character; what another backbone made doesn't."""
        row = EnrolmentRow
        query = (
            select(row.character_id, row.centroid, row.used)
            .where(row.centroid.is_not(None), row.backbone == backbone)
            .order_by(row.character_id, row.id)
        )
        return [
            Centroid(character_id, unpack_vector(vector), used)
            async for character_id, vector, used in self._by_and_by(query)
        ]

    async def _by_and_by(self, query: Executable) -> AsyncIterator[Any]:
        """Read many rows without holding up what else the bot does."""
        async with self._database.read() as session:
            result = await session.stream(query, execution_options={"yield_per": AT_ONCE})
            async for rows in result.partitions():
                for row in rows:
                    yield row
                await asyncio.sleep(0)

    async def summary(self) -> list[EnrolmentSummary]:
        """Return every character of every source, ordered by source and name."""
        return await self._summary()

    async def of_character(self, character_id: str) -> list[EnrolmentSummary]:
        """Return the sources of one character, ordered by source."""
        return await self._summary(EnrolledCharacterRow.id == character_id)

    async def _summary(self, *conditions: ColumnElement[bool]) -> list[EnrolmentSummary]:
        query = (
            select(EnrolmentSourceRow, EnrolledCharacterRow, EnrolmentRow)
            .join(EnrolmentRow, EnrolmentRow.source_id == EnrolmentSourceRow.id)
            .join(EnrolledCharacterRow, EnrolledCharacterRow.id == EnrolmentRow.character_id)
            .where(*conditions)
            .order_by(EnrolmentSourceRow.key, EnrolledCharacterRow.name)
        )
        async with self._database.read() as session:
            return [
                EnrolmentSummary(
                    source.key, source.title, _to_character(character), character.known,
                    enrolment.backbone, enrolment.done, enrolment.used, enrolment.at,
                )
                for source, character, enrolment in await session.execute(query)
            ]  # fmt: skip

    async def taken_ids(self) -> set[str]:
        """Return the ids of characters that servers made for themselves."""
        async with self._database.read() as session:
            return set(await session.scalars(select(CharacterRow.id).distinct()))

    async def remove_source(self, key: str, at: datetime) -> int:
        """Erase a source with its vectors, and who came from it alone; return how many it had."""
        async with self._database.write() as session:
            row = await session.scalar(
                select(EnrolmentSourceRow).where(EnrolmentSourceRow.key == key)
            )
            if row is None:
                return 0
            had = await session.scalar(select(func.count()).where(EnrolmentRow.source_id == row.id))
            await session.execute(delete(EnrolmentSourceRow).where(EnrolmentSourceRow.id == row.id))
            await session.execute(
                delete(EnrolledCharacterRow).where(
                    EnrolledCharacterRow.id.not_in(select(EnrolmentRow.character_id))
                )
            )
            await _count(session, at)
            return had or 0

    async def remove_character(self, character_id: str, at: datetime) -> bool:
        """Erase what was enrolled of a character; false where nothing was."""
        async with self._database.write() as session:
            row = await session.get(EnrolledCharacterRow, character_id)
            if row is None:
                return False
            await session.execute(
                delete(EnrolledCharacterRow).where(EnrolledCharacterRow.id == character_id)
            )
            await session.execute(
                delete(EnrolmentSourceRow).where(
                    EnrolmentSourceRow.id.not_in(select(EnrolmentRow.source_id))
                )
            )
            await _count(session, at)
            return True


async def _count(session: AsyncSession, at: datetime) -> None:
    row = await session.get(StateRow, ENROLLED)
    revision = 1 if row is None else int(row.value) + 1
    await session.merge(StateRow(key=ENROLLED, value=str(revision), at=at))
    changed(session, ENROLLED)


def _to_row(character: Character, at: datetime, *, known: bool) -> EnrolledCharacterRow:
    return EnrolledCharacterRow(
        id=character.id,
        name=character.name[:200],
        series=character.series[:200],
        native_name=character.native_name[:200],
        aliases=list(character.aliases),
        link=character.link[:500],
        tag=character.tag[:200],
        known=known,
        at=at,
    )


def _to_character(row: EnrolledCharacterRow) -> Character:
    aliases = tuple(row.aliases)
    return Character(row.id, row.name, row.series, row.native_name, aliases, row.link, row.tag)


def _to_enrolment(row: EnrolmentRow) -> Enrolment:
    return Enrolment(row.id, row.ref, row.character_id, row.backbone, row.done)
