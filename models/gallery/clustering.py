"""Who keeps turning up: clusters of unknown faces.

HDBSCAN (Campello, Moulavi and Sander 2013; scikit-learn's) over unit vectors. Euclidean distance on
the unit sphere orders pairs as the cosine does. It leaves single strangers out as noise, so a
cluster shown to a moderator is worth the question.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from sklearn.cluster import HDBSCAN

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.types import Vectors

LIKENESS = 0.6
"""Cosine similarity to its centre that a face of a cluster has at least."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """Faces of probably one character. `members` are row numbers, the most typical first."""

    members: tuple[int, ...]
    tightness: float
    """Mean cosine similarity to the centre, -1 to 1."""


def find_clusters(
    vectors: Vectors, groups: list[int] | None = None, smallest: int = 5
) -> list[Cluster]:
    """Return the clusters among `vectors` (n, d), the largest first.

    `groups` numbers near-duplicate pictures: of each only the first counts towards the size, so
    one picture posted seven times is no cluster, yet all its copies belong to the one they fit.
    """
    if groups is None:
        groups = list(range(len(vectors)))
    first = {g: i for i, g in reversed(list(enumerate(groups)))}
    kept = sorted(first.values())
    if len(kept) < max(smallest, 2):
        return []
    row_of = {groups[i]: row for row, i in enumerate(kept)}
    place = [row_of[g] for g in groups]
    rows = vectors[kept].astype(np.float64)
    found = _density(rows, smallest, single=False)
    if not (found >= 0).any():
        # One character alone is a cluster too, else a server's only newcomer is never asked for.
        # Allowed from the start, many small clusters would all be taken for one.
        found = _density(rows, smallest, single=True)
    clusters: list[Cluster] = []
    for label in sorted(set(found.tolist()) - {-1}):
        chosen = np.array(kept)[found == label]
        centre = _centre(vectors[chosen])
        # The density may trail off into strangers, and leave out a face at the rim.
        free = np.array([i for i, k in enumerate(place) if found[k] in (-1, label)])
        likeness = vectors[free] @ centre
        near = likeness >= LIKENESS
        members, likeness = free[near], likeness[near]
        if len({groups[i] for i in members}) < smallest:
            continue
        order = np.argsort(-likeness, kind="stable")
        clusters.append(Cluster(tuple(int(i) for i in members[order]), float(likeness.mean())))
    return sorted(clusters, key=lambda c: (-len(c.members), -c.tightness))


def belongs(vectors: Vectors, cluster: Vectors) -> NDArray[np.bool_]:
    """Say which of `vectors` (n, d) belong to a cluster of faces (m, d), m >= 1: (n,)."""
    return vectors @ _centre(cluster) >= LIKENESS


def _centre(vectors: Vectors) -> Vectors:
    centre = vectors.mean(axis=0)
    return centre / max(float(np.linalg.norm(centre)), 1e-9)


def _density(rows: NDArray[np.float64], smallest: int, *, single: bool) -> NDArray[np.int64]:
    """Return the cluster of each row, -1 for none."""
    found = HDBSCAN(
        min_cluster_size=smallest,
        min_samples=2,
        allow_single_cluster=single,
        algorithm="brute",  # trees are slower in hundreds of dimensions
        copy=True,  # pyright: ignore[reportArgumentType] - typed by its default, "warn"
    ).fit_predict(rows)
    return found.astype(np.int64)
