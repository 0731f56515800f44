"""Clusters of unknown faces that were shown to moderators, so that each is asked about once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, select

from bot.storage.faces import observed, to_observation
from bot.storage.repository import Repository
from bot.storage.tables import AnswerRow, FaceRow, LabelRow, ShownClusterRow, ShownFaceRow

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from bot.storage.records import FaceObservation


class ClusterRepository(Repository):
    """Shown clusters. A face that is erased leaves its cluster."""

    async def show(self, server_id: int, members: Iterable[int], at: datetime) -> int:
        """Remember that a cluster was shown; return its number."""
        async with self._database.write() as session:
            cluster = ShownClusterRow(server_id=server_id, at=at)
            session.add(cluster)
            await session.flush()
            session.add_all(ShownFaceRow(cluster_id=cluster.id, face_id=m) for m in members)
            return cluster.id

    async def forget(self, cluster_id: int, server_id: int) -> None:
        """Forget that a cluster of a server was shown; its faces stay."""
        async with self._database.write() as session:
            await session.execute(
                delete(ShownClusterRow).where(
                    ShownClusterRow.id == cluster_id, ShownClusterRow.server_id == server_id
                )
            )

    async def leave_out(self, cluster_id: int, server_id: int, face_ids: Iterable[int]) -> None:
        """Take faces out of a shown cluster of a server; they stay, and were not shown then."""
        cluster = select(ShownClusterRow.id).where(
            ShownClusterRow.id == cluster_id, ShownClusterRow.server_id == server_id
        )
        async with self._database.write() as session:
            await session.execute(
                delete(ShownFaceRow).where(
                    ShownFaceRow.cluster_id.in_(cluster), ShownFaceRow.face_id.in_(list(face_ids))
                )
            )

    async def faces(self, cluster_id: int, server_id: int) -> list[FaceObservation]:
        """Return what is left of a shown cluster of a server."""
        query = (
            observed()
            .join(ShownFaceRow, ShownFaceRow.face_id == FaceRow.id)
            .where(ShownFaceRow.cluster_id == cluster_id, AnswerRow.server_id == server_id)
            .order_by(FaceRow.id)
        )
        async with self._database.read() as session:
            rows = await session.execute(query)
            return [to_observation(face, answer) for face, answer in rows]

    async def dismissed(self, server_id: int) -> dict[int, list[FaceObservation]]:
        """Return, by number, the shown clusters whose faces nobody named, where vectors are kept.

        Left unanswered, ignored, or called no faces.
        """
        query = (
            observed()
            .join(ShownFaceRow, ShownFaceRow.face_id == FaceRow.id)
            .outerjoin(LabelRow, (LabelRow.face_id == FaceRow.id) & (LabelRow.state == "settled"))
            .add_columns(ShownFaceRow.cluster_id, LabelRow.kind)
            .where(AnswerRow.server_id == server_id, FaceRow.vector.is_not(None))
            .order_by(ShownFaceRow.cluster_id, FaceRow.id)
        )
        found: dict[int, list[FaceObservation]] = {}
        named: set[int] = set()
        async with self._database.read() as session:
            rows = await session.execute(query)
            for face, answer, cluster_id, kind in rows:
                found.setdefault(cluster_id, []).append(to_observation(face, answer))
                if kind == "character":
                    named.add(cluster_id)
        return {key: faces for key, faces in found.items() if key not in named}
