"""The versions of servers' heads, and what each was trained on."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, cast

from sqlalchemy import delete, func, select, update

from bot.storage.records import ModelVersion
from bot.storage.repository import Repository
from bot.storage.revisions import bump
from bot.storage.tables import (
    AnswerRow,
    ExemplarRow,
    FaceRow,
    ModelSourceRow,
    ModelVersionRow,
    StateRow,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy.ext.asyncio import AsyncSession

    from bot.storage.database import Database
    from bot.storage.records import SourceKind, TrainingReport, VersionState
    from bot.storage.state import StateRepository

_REFIT = "refit:"


class VersionRepository(Repository):
    """Model versions; at most one of a server is current."""

    def __init__(self, database: Database, state: StateRepository) -> None:
        super().__init__(database)
        self._state = state

    async def add(
        self,
        server_id: int,
        backbone: str,
        head: bytes,
        report: TrainingReport,
        sources: Iterable[tuple[SourceKind, int]],
        at: datetime,
        *,
        promoted: bool,
    ) -> ModelVersion:
        """Keep a version; a promoted one becomes current in the same transaction.

        A sweep in between would erase one that was trained on what is gone as one of the kept,
        and its server would not be in `to_refit`.
        """
        async with self._database.write() as session:
            last = await session.scalar(
                select(func.max(ModelVersionRow.number)).where(
                    ModelVersionRow.server_id == server_id
                )
            )
            row = ModelVersionRow(
                server_id=server_id, number=(last or 0) + 1, backbone=backbone, head=head,
                state="kept" if promoted else "rejected", report=report, at=at,
            )  # fmt: skip
            session.add(row)
            await session.flush()
            session.add_all(
                ModelSourceRow(version_id=row.id, kind=kind, source_id=source_id)
                for kind, source_id in sources
            )
            if promoted:
                await _make_current(session, server_id, row)
            return _to_version(row)

    async def list(self, server_id: int) -> list[ModelVersion]:
        """Return a server's versions, oldest first."""
        async with self._database.read() as session:
            rows = await session.scalars(
                select(ModelVersionRow)
                .where(ModelVersionRow.server_id == server_id)
                .order_by(ModelVersionRow.number)
            )
            return [_to_version(row) for row in rows]

    async def servers(self) -> dict[int, int]:
        """Return the servers that have versions, and how many."""
        async with self._database.read() as session:
            rows = await session.execute(
                select(ModelVersionRow.server_id, func.count()).group_by(ModelVersionRow.server_id)
            )
            return {server_id: number for server_id, number in rows.all()}  # noqa: C416 - rows, not pairs

    async def get(self, server_id: int, number: int) -> ModelVersion | None:
        """Return a version by its number in its server."""
        return next((v for v in await self.list(server_id) if v.number == number), None)

    async def current(self, server_id: int) -> ModelVersion | None:
        """Return the version that answers; None where the shipped head does."""
        async with self._database.read() as session:
            row = await session.scalar(
                select(ModelVersionRow).where(
                    ModelVersionRow.server_id == server_id, ModelVersionRow.state == "current"
                )
            )
            return None if row is None else _to_version(row)

    async def promote(self, server_id: int, number: int | None) -> ModelVersion | None:
        """Let a version answer, or with None the shipped head; return it.

        The one before is kept. None is returned too where there is no such version.
        """
        async with self._database.write() as session:
            row = None
            if number is not None:
                row = await session.scalar(
                    select(ModelVersionRow).where(
                        ModelVersionRow.server_id == server_id, ModelVersionRow.number == number
                    )
                )
                if row is None:
                    return None
            await _make_current(session, server_id, row)
            return None if row is None else _to_version(row)

    async def trained_on_erased(self) -> list[ModelVersion]:
        """Return the versions that were trained on something that is no longer kept."""
        with_vector = select(FaceRow.id).where(FaceRow.vector.is_not(None))
        gone = select(ModelSourceRow.version_id).where(
            ((ModelSourceRow.kind == "face") & ModelSourceRow.source_id.not_in(with_vector))
            | (
                (ModelSourceRow.kind == "exemplar")
                & ModelSourceRow.source_id.not_in(select(ExemplarRow.id))
            )
        )
        async with self._database.read() as session:
            rows = await session.scalars(
                select(ModelVersionRow).where(ModelVersionRow.id.in_(gone))
            )
            return [_to_version(row) for row in rows]

    async def trained_on(
        self, face_ids: Iterable[int], exemplar_ids: Iterable[int] = ()
    ) -> list[ModelVersion]:
        """Return the versions, of any server, that were trained on any of these."""
        sources = select(ModelSourceRow.version_id).where(
            ((ModelSourceRow.kind == "face") & ModelSourceRow.source_id.in_(list(face_ids)))
            | (
                (ModelSourceRow.kind == "exemplar")
                & ModelSourceRow.source_id.in_(list(exemplar_ids))
            )
        )
        async with self._database.read() as session:
            rows = await session.scalars(
                select(ModelVersionRow).where(ModelVersionRow.id.in_(sources))
            )
            return [_to_version(row) for row in rows]

    async def of_others_trained_on(self, server_id: int) -> list[ModelVersion]:
        """Return the versions of other servers that were trained on what this one shared."""
        own = select(ModelSourceRow.version_id).where(
            (
                (ModelSourceRow.kind == "face")
                & ModelSourceRow.source_id.in_(
                    select(FaceRow.id)
                    .join(AnswerRow, AnswerRow.reply_id == FaceRow.reply_id)
                    .where(AnswerRow.server_id == server_id)
                )
            )
            | (
                (ModelSourceRow.kind == "exemplar")
                & ModelSourceRow.source_id.in_(
                    select(ExemplarRow.id).where(ExemplarRow.server_id == server_id)
                )
            )
        )
        async with self._database.read() as session:
            rows = await session.scalars(
                select(ModelVersionRow).where(
                    ModelVersionRow.id.in_(own), ModelVersionRow.server_id != server_id
                )
            )
            return [_to_version(row) for row in rows]

    async def erase(self, versions: Iterable[ModelVersion]) -> None:
        """Erase versions; a server whose current one goes answers with the shipped head.

        It is in `to_refit` from then on.
        """
        async with self._database.write() as session:
            for version in versions:
                # What a version was when it was read says nothing: it may be current since.
                row = await session.get(ModelVersionRow, version.id)
                if row is None:
                    continue
                if row.state == "current":
                    await _mark(session, row.server_id)
                await session.delete(row)
                await bump(session, row.server_id)

    async def outdate(self, backbone: str) -> None:
        """Put servers into `to_refit` whose head is of another backbone and that have none of this.

        Called when `backbone` begins to answer.
        """
        of_this = select(ModelVersionRow.server_id).where(ModelVersionRow.backbone == backbone)
        async with self._database.write() as session:
            outdated = await session.scalars(
                select(ModelVersionRow.server_id).where(
                    ModelVersionRow.state == "current", ModelVersionRow.server_id.not_in(of_this)
                )
            )
            for server_id in outdated.all():
                await _mark(session, server_id)

    async def to_refit(self) -> set[int]:
        """Return the servers that lost the head they had, and should be trained anew."""
        keys = await self._state.starting_with(_REFIT)
        return {int(key.removeprefix(_REFIT)) for key in keys}

    async def refitted(self, server_id: int, begun: datetime) -> None:
        """Take a server out of `to_refit`, unless it lost a head after its training was `begun`."""
        async with self._database.write() as session:
            await session.execute(
                delete(StateRow).where(StateRow.key == f"{_REFIT}{server_id}", StateRow.at <= begun)
            )


async def _make_current(session: AsyncSession, server_id: int, row: ModelVersionRow | None) -> None:
    await session.execute(
        update(ModelVersionRow)
        .where(ModelVersionRow.server_id == server_id, ModelVersionRow.state == "current")
        .values(state="kept")
    )
    if row is not None:
        row.state = "current"
    await bump(session, server_id)
    await session.flush()


async def _mark(session: AsyncSession, server_id: int) -> None:
    await session.merge(StateRow(key=f"{_REFIT}{server_id}", value="", at=datetime.now(UTC)))


def _to_version(row: ModelVersionRow) -> ModelVersion:
    return ModelVersion(
        id=row.id,
        server_id=row.server_id,
        number=row.number,
        state=cast("VersionState", row.state),
        backbone=row.backbone,
        head=row.head,
        report=row.report,
        at=row.at,
    )
