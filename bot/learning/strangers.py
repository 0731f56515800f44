"""Who keeps turning up: unknown faces that look alike, of which moderators are asked once."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from bot.config import LearningConfig
    from bot.storage import Storage
    from bot.storage.learning_records import Sighting

MOST = 1500
"""Faces that are searched at most, the newest first: the work grows with their square."""


class Strangers:
    """The clusters of unknown faces of all servers.

    `backbone` tells the hash of what makes vectors now: only those compare.
    """

    def __init__(
        self, storage: Storage, config: LearningConfig, backbone: Callable[[], str]
    ) -> None:
        self._storage = storage
        self._config = config
        self._backbone = backbone

    async def find(self, server_id: int, channels: Collection[int]) -> list[list[Sighting]]:
        """Return the clusters not shown yet, the largest first; in each the most typical face.

        Only faces from `channels` count: what somebody may not see is neither shown nor counted.
        """
        if not (await self._storage.settings.get(server_id)).learning:
            return []
        since = datetime.now(UTC) - timedelta(days=self._config.cluster_days)
        backbone = self._backbone()
        faces = [
            face
            for face in await self._storage.sightings.unknown(server_id, since)
            if face.backbone == backbone and face.channel_id in channels
        ][-MOST:]
        if len(faces) < self._config.cluster_faces:
            return []
        found = await asyncio.to_thread(_clusters, faces, self._config.cluster_faces)
        return [[faces[row] for row in rows] for rows in found]

    async def remember(self, server_id: int, faces: Sequence[Sighting]) -> int:
        """Remember that a cluster is shown now; return its number."""
        return await self._storage.sightings.show_cluster(
            server_id, [face.id for face in faces], datetime.now(UTC)
        )

    async def forget(self, server_id: int, cluster_id: int) -> None:
        """Let a cluster be asked about again."""
        await self._storage.sightings.forget_cluster(cluster_id, server_id)

    async def undecided(self, server_id: int, cluster_id: int) -> list[Sighting]:
        """Return the faces of a shown cluster that nobody has settled, or erased, since."""
        faces = await self._storage.sightings.cluster(cluster_id, server_id)
        labels = [await self._storage.labels.get(face.id) for face in faces]
        return [
            face
            for face, label in zip(faces, labels, strict=True)
            if label is None or label.state != "settled"
        ]


def _clusters(faces: Sequence[Sighting], smallest: int) -> list[tuple[int, ...]]:
    # scikit-learn is heavy: a bot that is never asked does without it.
    from bot.learning.clusters import find_clusters

    vectors = np.stack([face.vector for face in faces if face.vector is not None])
    groups = [face.group_id or face.id for face in faces]
    return [cluster.members for cluster in find_clusters(vectors, groups, smallest)]
