"""Clusters: who keeps turning up among unknown faces, and few centroids for many vectors.

HDBSCAN (Campello, Moulavi and Sander 2013; scikit-learn's) over unit vectors. Euclidean distance on
the unit sphere orders pairs as the cosine does. It leaves single faces out as noise, so a
cluster shown to a moderator is worth the question.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from sklearn.cluster import HDBSCAN, KMeans

from models.gallery.gallery import unit

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from models.types import Vector, Vectors

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
        # The density may trail off into other faces, and leave out a face at the rim.
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


def centroids_of(vectors: Vectors, count: int, seed: int = 0) -> Vectors:
    """Return the centroids, of unit length, of at most `count` clusters of `vectors` (n, d).

    Of no more than `count` vectors they are the vectors themselves.
    """
    if len(vectors) <= count:
        return unit(vectors)
    means = KMeans(count, n_init="auto", random_state=seed).fit(vectors)
    return unit(means.cluster_centers_.astype(np.float32))


def find_unseen_clusters(
    vectors: Sequence[Vector],
    groups: Sequence[int],
    shown: Iterable[Sequence[Vector]],
    smallest: int,
) -> list[list[int]]:
    """Return the clusters, as `find_clusters` does, among the vectors that fit no `shown` cluster.

    `vectors` are (d,) each; the clusters are lists of places in it.
    """
    stack = np.stack(vectors)
    new = np.ones(len(stack), bool)
    for cluster in shown:
        new &= ~belongs(stack, np.stack(cluster))
    rows = np.flatnonzero(new).tolist()
    found = find_clusters(stack[rows], [groups[row] for row in rows], smallest)
    return [[rows[member] for member in cluster.members] for cluster in found]


def group_alike(vectors: Sequence[Vector], at_once: int) -> list[int | None]:
    """Return the cluster of each vector (d,), from 0; None of one that keeps to itself.

    At most `at_once` are compared with each other, which bounds the memory; later ones join the
    clusters that are there.
    """
    stack = np.array(vectors)
    group = np.full(len(stack), -1)
    count = 0
    for start in range(0, len(stack), at_once):
        left = np.arange(start, min(start + at_once, len(stack)))
        for number in range(count):
            group[left[belongs(stack[left], stack[group == number])]] = number
            left = left[group[left] < 0]
        for cluster in find_clusters(stack[left]):
            group[left[list(cluster.members)]] = count
            count += 1
    return [None if each < 0 else each for each in group.tolist()]


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
