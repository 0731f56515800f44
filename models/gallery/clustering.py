"""Clusters: who keeps turning up among unknown faces, and few centroids for many vectors.

A cluster is shown to a moderator as one character, so it must hold no second one: complete linkage
(SciPy's) puts faces together only where each is like every other. Single faces are left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np

from models.gallery.gallery import unit
from models.gallery.impostors import fitting_impostors

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from models.types import Vector, Vectors

LIKENESS: Final = 0.39
"""Cosine similarity from which two faces may be of one character, where nothing else is known.

Of pairs of faces of different reserved identities one in a hundred is as alike, by the embedding
aeebf8bcd170; `likeness_of` tells it for another.
"""
TAKEN_FOR_ONE: Final = 0.01
"""The share of pairs of different identities that may be as alike as two faces of a cluster."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """Faces of probably one character. `members` are row numbers, the most typical first."""

    members: tuple[int, ...]
    tightness: float
    """Mean cosine similarity to the centre, -1 to 1."""


def likeness_of(vectors: Vectors, identities: Sequence[str]) -> float:
    """Return the cosine that `TAKEN_FOR_ONE` of the pairs of different identities reach.

    `vectors`, (n, d), are faces of at least two identities.
    """
    _, who = np.unique(identities, return_inverse=True)
    different = who[:, None] < who[None]
    return float(np.quantile((vectors @ vectors.T)[different], 1 - TAKEN_FOR_ONE))


@cache
def shipped_likeness(backbone: str) -> float:
    """Return how alike two faces of a cluster are at least, by the shipped faces to fit on."""
    faces = fitting_impostors(backbone)
    return LIKENESS if faces is None else likeness_of(faces.vectors, faces.identities)


def find_clusters(
    vectors: Vectors,
    groups: Sequence[int] | None = None,
    smallest: int = 5,
    likeness: float = LIKENESS,
) -> list[Cluster]:
    """Return the clusters among `vectors` (n, d), the largest first.

    Any two members have at least the cosine `likeness`. `groups` numbers near-duplicate pictures:
    the faces of one count once towards the size, so one picture posted seven times is no cluster.
    """
    if len(vectors) < max(smallest, 2):
        return []
    # SciPy's part takes long to import, and few servers have faces enough.
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.spatial.distance import squareform

    pictures = np.arange(len(vectors)) if groups is None else np.array(groups)
    cosines = np.clip(vectors @ vectors.T, -1, 1).astype(np.float64)
    np.fill_diagonal(cosines, 1)
    tree = linkage(squareform(1 - cosines, checks=False), method="complete")
    found = fcluster(tree, 1 - likeness, criterion="distance")
    clusters: list[Cluster] = []
    for label in np.unique(found):
        members = np.flatnonzero(found == label)
        if len(np.unique(pictures[members])) < smallest:
            continue
        typical = vectors[members] @ _centre(vectors[members])
        order = np.argsort(-typical, kind="stable")
        clusters.append(Cluster(tuple(members[order].tolist()), float(typical.mean())))
    return sorted(clusters, key=lambda c: (-len(c.members), -c.tightness))


def belongs(vectors: Vectors, cluster: Vectors, likeness: float = LIKENESS) -> NDArray[np.bool_]:
    """Say which of `vectors` (n, d) belong to a cluster of faces (m, d), m >= 1: (n,).

    They are as like its members as these may be to each other, on average.
    """
    return (vectors @ cluster.T).mean(axis=1) >= likeness


def centroids_of(vectors: Vectors, count: int, seed: int = 0) -> Vectors:
    """Return the centroids, of unit length, of at most `count` clusters of `vectors` (n, d).

    Of no more than `count` vectors they are the vectors themselves.
    """
    if len(vectors) <= count:
        return unit(vectors)
    # scikit-learn is heavy, and few processes make a pack.
    from sklearn.cluster import KMeans

    means = KMeans(count, n_init="auto", random_state=seed).fit(vectors)
    return unit(means.cluster_centers_.astype(np.float32))


def find_unseen_clusters(
    vectors: Sequence[Vector],
    groups: Sequence[int],
    shown: Iterable[Sequence[Vector]],
    smallest: int,
    likeness: float = LIKENESS,
) -> list[list[int]]:
    """Return the clusters, as `find_clusters` does, among the vectors that fit no `shown` cluster.

    `vectors` are (d,) each; the clusters are lists of places in it.
    """
    stack = np.stack(vectors)
    new = np.ones(len(stack), bool)
    for cluster in shown:
        new &= ~belongs(stack, np.stack(cluster), likeness)
    rows = np.flatnonzero(new).tolist()
    found = find_clusters(stack[rows], [groups[row] for row in rows], smallest, likeness)
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
