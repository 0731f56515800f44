"""A gallery of thousands of characters, most of them known by one picture or two.

A score is the cosine to the centroid of a character's pictures. Characters that are drawn more
often are likelier to be posted (a prior); hubs are scored lower where few pictures are enrolled of
them. A `models.gallery.metric` may map the vectors before.

Plain functions on arrays; nothing here knows where vectors come from.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from models.gallery.gallery import unit
from models.gallery.hubness import neighbour_likeness

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.types import Vectors

NEIGHBOURS: Final = 10
"""So many of the likest characters say how much of a hub a centroid is."""


@dataclass(frozen=True, slots=True)
class LargeScoring:
    """How a score is put together.

    `prior`: of log(1 + appearances), as the likelier character is right more often where pictures
    say little. `hubness`: the share of a centroid's `hubness` that is taken off the scores of those
    that at most `few` pictures are enrolled of.
    """

    prior: float = 0.01
    hubness: float = 0.0
    few: int = 2


def mean_vectors(vectors: Vectors, labels: NDArray[np.int64], count: int) -> Vectors:
    """The mean of each label's vectors, (count, dimensions) of unit length."""
    sums = np.zeros((count, vectors.shape[1]), np.float32)
    np.add.at(sums, labels, vectors)
    return unit(sums)


def hubness(centroids: Vectors) -> NDArray[np.float32]:
    """The mean cosine of each centroid to those most like it, less the mean of all; (n,).

    A hub would be taken for anybody (CSLS, Conneau et al., 2018).
    """
    count = min(NEIGHBOURS, len(centroids) - 1)
    if count < 1:
        return np.zeros(len(centroids), np.float32)
    likeness = neighbour_likeness(centroids, centroids, themselves=True, neighbours=count)
    return likeness - likeness.mean()


@dataclass(frozen=True, eq=False)
class LargeGallery:
    """Enrolled characters: centroids, pictures behind each, and what is added to each score."""

    centroids: Vectors
    counts: NDArray[np.int64]
    added: NDArray[np.float32]

    @classmethod
    def of(
        cls,
        vectors: Vectors,
        labels: NDArray[np.int64],
        log_appearances: NDArray[np.float32],
        scoring: LargeScoring,
    ) -> LargeGallery:
        """Enrol vectors; `labels` number the characters from 0 without a gap."""
        centroids = mean_vectors(vectors, labels, len(log_appearances))
        added = scoring.prior * log_appearances
        counts = np.bincount(labels, minlength=len(centroids))
        if scoring.hubness:
            added = added - scoring.hubness * hubness(centroids) * (counts <= scoring.few)
        return cls(centroids, counts, added.astype(np.float32))

    def scores(self, queries: Vectors) -> NDArray[np.float32]:
        """The score of each query for each character."""
        return queries @ self.centroids.T + self.added

    def subset(self, chosen: NDArray[np.int64]) -> LargeGallery:
        """The gallery with some characters alone; hubness stays what it was among all."""
        return LargeGallery(self.centroids[chosen], self.counts[chosen], self.added[chosen])
