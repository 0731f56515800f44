"""Who keeps turning up: unknown faces that look alike, of which moderators are asked once."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from bot.feedback.labels import same_face

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from bot.config import LearningConfig
    from bot.storage import Storage
    from bot.storage.records import FaceObservation
    from models.types import Vector

MOST = 1500
"""Faces that are searched at most, the newest first: the work grows with their square."""

CLUSTER_WHY = "one answer for {number} faces that look alike"
"""What the audit log says of a label that a whole cluster was given."""

_TOLD = "unknown_faces:"


class UnknownFaces:
    """The clusters of unknown faces of all servers.

    `backbone` tells the hash of what makes vectors now: only those compare.
    """

    def __init__(
        self, storage: Storage, config: LearningConfig, backbone: Callable[[], str]
    ) -> None:
        self._storage = storage
        self._config = config
        self._backbone = backbone
        self._looked: dict[int, int] = {}

    async def find(self, server_id: int, channels: Collection[int]) -> list[list[FaceObservation]]:
        """Return the clusters not shown yet, the largest first; in each the most typical face.

        Only faces from `channels` count: what somebody may not see is neither shown nor counted.
        Faces that look like a cluster that was shown, and not named, are not asked about again.
        """
        return await self._clusters(server_id, await self._unknown(server_id, channels))

    async def news(self, server_id: int, channels: Collection[int]) -> int | None:
        """Return a mark for `told` where a cluster came up that nobody was told of; else None.

        A cluster counts as come up with the picture that made it large enough, so one that goes on
        growing is no news.
        """
        faces = await self._unknown(server_id, channels)
        newest = faces[-1].id if faces else 0
        if newest <= self._looked.get(server_id, 0):
            return None
        marks = [self._mark(cluster) for cluster in await self._clusters(server_id, faces)]
        mark = max(marks, default=0)
        if mark > int(await self._storage.state.get(f"{_TOLD}{server_id}") or 0):
            return mark
        self._looked[server_id] = newest
        return None

    async def told(self, server_id: int, mark: int) -> None:
        """Remember that moderators were told of all that came up until now."""
        await self._storage.state.set(f"{_TOLD}{server_id}", str(mark))

    async def remember(self, server_id: int, faces: Sequence[FaceObservation]) -> int:
        """Remember that a cluster is shown now; return its number."""
        return await self._storage.clusters.show(
            server_id, [face.id for face in faces], datetime.now(UTC)
        )

    async def forget(self, server_id: int, cluster_id: int) -> None:
        """Let a cluster be asked about again."""
        await self._storage.clusters.forget(cluster_id, server_id)

    async def leave_out(
        self, server_id: int, cluster_id: int, face_id: int
    ) -> list[FaceObservation]:
        """Take a face and its copies out of a shown cluster; return what is left to decide.

        The most typical face doesn't come first any more.
        """
        faces = await self._storage.clusters.faces(cluster_id, server_id)
        left_out = [face for face in faces if face.id == face_id]
        gone = {f.id for f in faces if any(same_face(f, other) for other in left_out)}
        await self._storage.clusters.leave_out(cluster_id, server_id, gone)
        return await self.undecided(server_id, cluster_id)

    async def undecided(self, server_id: int, cluster_id: int) -> list[FaceObservation]:
        """Return the faces of a shown cluster that nobody has settled, or erased, since."""
        faces = await self._storage.clusters.faces(cluster_id, server_id)
        labels = [await self._storage.labels.get(face.id) for face in faces]
        return [
            face
            for face, label in zip(faces, labels, strict=True)
            if label is None or label.state != "settled"
        ]

    async def _unknown(self, server_id: int, channels: Collection[int]) -> list[FaceObservation]:
        """Return the unknown faces that may be asked about, oldest first."""
        if not (await self._storage.settings.get(server_id)).learning:
            return []
        since = datetime.now(UTC) - timedelta(days=self._config.cluster_days)
        backbone = self._backbone()
        faces = [
            face
            for face in await self._storage.faces.unknown(server_id, since)
            if face.backbone == backbone and face.channel_id in channels
        ]
        return faces[-MOST:]

    async def _clusters(
        self, server_id: int, faces: Sequence[FaceObservation]
    ) -> list[list[FaceObservation]]:
        if len(faces) < self._config.cluster_faces:
            return []
        backbone = self._backbone()
        shown = [
            same
            for cluster in (await self._storage.clusters.dismissed(server_id)).values()
            if (same := [face for face in cluster if face.backbone == backbone])
        ]
        smallest = self._config.cluster_faces
        found = await asyncio.to_thread(_search, faces, shown, smallest, backbone)
        return [[faces[row] for row in rows] for rows in found]

    def _mark(self, cluster: Iterable[FaceObservation]) -> int:
        pictures: dict[int, int] = {}
        for face in cluster:
            group = face.group
            pictures[group] = min(face.id, pictures.get(group, face.id))
        return sorted(pictures.values())[self._config.cluster_faces - 1]


def _search(
    faces: Sequence[FaceObservation],
    shown: Iterable[Sequence[FaceObservation]],
    smallest: int,
    backbone: str,
) -> list[list[int]]:
    # scikit-learn is heavy: a bot that never sees enough unknown faces does without it.
    from models.gallery.clustering import find_unseen_clusters, shipped_likeness

    groups = [face.group for face in faces]
    seen = [_vectors(cluster) for cluster in shown]
    likeness = shipped_likeness(backbone)
    return find_unseen_clusters(_vectors(faces), groups, seen, smallest, likeness)


def _vectors(faces: Iterable[FaceObservation]) -> list[Vector]:
    return [face.vector for face in faces if face.vector is not None]
