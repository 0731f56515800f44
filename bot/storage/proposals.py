"""What members proposed, until a moderator decides."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, cast

from sqlalchemy import delete, func, select, update

from bot.storage.records import Alias, Forget, Merge, Proposal, Rename, TeachCharacter
from bot.storage.repository import Repository
from bot.storage.tables import ProposalRow

if TYPE_CHECKING:
    from datetime import datetime

    from bot.storage.records import GalleryChange, ProposalState

_CHANGES: dict[str, type[GalleryChange]] = {
    change.kind: change for change in (TeachCharacter, Alias, Rename, Merge, Forget)
}


class ProposalRepository(Repository):
    """Proposals of changes to a gallery."""

    async def add(
        self, server_id: int, user_id: int, change: GalleryChange, at: datetime
    ) -> Proposal:
        """Keep a proposal."""
        async with self._database.write() as session:
            row = ProposalRow(
                server_id=server_id, user_id=user_id, kind=change.kind, arguments=asdict(change),
                state="waiting", decided_by=None, at=at,
            )  # fmt: skip
            session.add(row)
            await session.flush()
            return _to_proposal(row)

    async def get(self, server_id: int, proposal_id: int) -> Proposal | None:
        """Return a proposal of a server."""
        async with self._database.read() as session:
            row = await session.get(ProposalRow, proposal_id)
        return None if row is None or row.server_id != server_id else _to_proposal(row)

    async def waiting(self, server_id: int) -> list[Proposal]:
        """Return what waits for a decision, oldest first."""
        async with self._database.read() as session:
            rows = await session.scalars(
                select(ProposalRow)
                .where(ProposalRow.server_id == server_id, ProposalRow.state == "waiting")
                .order_by(ProposalRow.id)
            )
            return [_to_proposal(row) for row in rows]

    async def accept(self, proposal_id: int, user_id: int) -> None:
        """Remember that a proposal was carried out, and by whom."""
        async with self._database.write() as session:
            await session.execute(
                update(ProposalRow)
                .where(ProposalRow.id == proposal_id)
                .values(state="accepted", decided_by=user_id)
            )

    async def reject(self, server_id: int, proposal_id: int) -> bool:
        """Erase a waiting proposal with its drawings; false where there is none."""
        async with self._database.write() as session:
            gone = await session.scalars(
                delete(ProposalRow)
                .where(
                    ProposalRow.id == proposal_id,
                    ProposalRow.server_id == server_id,
                    ProposalRow.state == "waiting",
                )
                .returning(ProposalRow.id)
            )
            return bool(gone.all())

    async def erase_waiting(self, before: datetime) -> None:
        """Erase what nobody decided, with its drawings, where it was proposed before a moment."""
        async with self._database.write() as session:
            await session.execute(
                delete(ProposalRow).where(ProposalRow.state == "waiting", ProposalRow.at < before)
            )

    async def count_of(self, user_id: int) -> int:
        """Return how many proposals of a member are kept."""
        async with self._database.read() as session:
            count = select(func.count()).select_from(ProposalRow)
            return await session.scalar(count.where(ProposalRow.user_id == user_id)) or 0

    async def erase_user(self, user_id: int) -> int:
        """Erase what a member proposed, and that he decided others'; return how many there were."""
        async with self._database.write() as session:
            await session.execute(
                update(ProposalRow).where(ProposalRow.decided_by == user_id).values(decided_by=0)
            )
            gone = await session.scalars(
                delete(ProposalRow).where(ProposalRow.user_id == user_id).returning(ProposalRow.id)
            )
            return len(gone.all())


def _to_proposal(row: ProposalRow) -> Proposal:
    return Proposal(
        id=row.id,
        server_id=row.server_id,
        user_id=row.user_id,
        change=_CHANGES[row.kind](**row.arguments),
        state=cast("ProposalState", row.state),
        decided_by=row.decided_by,
        at=row.at,
    )
