"""A gallery: the characters that can be named, and what their faces look like."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np

from models.gallery.hubness import NEIGHBOURS, neighbour_likeness

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from models.gallery.fitted import Calibration, Threshold
    from models.types import Character, Vectors

TRIMMED: Final = 0.1
"""The share of a character's pictures, the farthest from its mean, that its centroid ignores."""


@dataclass(frozen=True, eq=False)
class Gallery:
    """Characters with their centroids and, where a softmax was trained, classifier weights.

    `centroids` and `class_weights`: (characters, dimensions) float32, unit length; a row of zeros
    in `class_weights` says that none was learned. `counts`: pictures behind each centroid.
    `non_faces`: (r, dimensions), exemplars of crops that show no face. `added`: the indices,
    ascending, of characters that came after the calibration was fitted: those that the gallery was
    extended with. `auxiliary_weights`: (u, dimensions), classifier weights of classes that are
    never names, the first of them that of non-faces; None where none was learned. `calibration` and
    `threshold` are those of a head that a server trained; None takes the namer's. `base`: the
    gallery that this one extends with all its centroids unchanged, so that what was computed of
    them holds here too.
    """

    characters: tuple[Character, ...]
    centroids: Vectors
    counts: NDArray[np.int32]
    class_weights: Vectors
    non_faces: Vectors
    added: tuple[int, ...] = ()
    auxiliary_weights: Vectors | None = None
    calibration: Calibration | None = None
    threshold: Threshold | None = None
    base: Gallery | None = None

    @classmethod
    def of(cls, examples: Mapping[Character, Vectors]) -> Gallery:
        """Make a gallery from the vectors, (n, dimensions) with n >= 1, of each character.

        Raises ValueError where it is empty or a character has no vectors.
        """
        if not examples or any(len(vectors) == 0 for vectors in examples.values()):
            raise ValueError("a gallery needs characters, and each at least one vector")
        centroids = unit(np.stack([vectors.mean(0) for vectors in examples.values()]))
        return cls.of_centroids(
            tuple(examples), centroids, [len(vectors) for vectors in examples.values()]
        )

    @classmethod
    def of_centroids(
        cls, characters: Sequence[Character], centroids: Vectors, counts: Sequence[int]
    ) -> Gallery:
        """Make a gallery without classifier weights from centroids, (characters, dimensions).

        `counts` says how many pictures are behind each.
        """
        return cls(
            characters=tuple(characters),
            centroids=centroids,
            counts=np.array(counts, np.int32),
            class_weights=np.zeros_like(centroids),
            non_faces=np.empty((0, centroids.shape[1]), np.float32),
        )

    def extended(self, other: Gallery) -> Gallery:
        """Return this gallery with `other`'s characters; where both have one, they are merged.

        A merged character keeps its classifier weights, and its centroid is the mean of both,
        weighted by pictures. Raises ValueError where the vectors' lengths differ.
        """
        if self.centroids.shape[1] != other.centroids.shape[1]:
            raise ValueError(
                f"vectors of {other.centroids.shape[1]} dimensions don't fit a gallery of "
                f"{self.centroids.shape[1]}; embed the pictures again with this model"
            )
        place = {character.id: index for index, character in enumerate(self.characters)}
        at = np.array([place.get(character.id, -1) for character in other.characters], np.int64)
        new = np.flatnonzero(at < 0)
        both = np.flatnonzero(at >= 0)
        centroids = np.concatenate([self.centroids, other.centroids[new]])
        counts = np.concatenate([self.counts, other.counts[new]])
        mixed = self.counts[at[both], None] * self.centroids[at[both]]
        centroids[at[both]] = unit(
            (mixed + other.counts[both, None] * other.centroids[both]).astype(np.float32)
        )
        counts[at[both]] += other.counts[both]
        return Gallery(
            characters=self.characters + tuple(other.characters[index] for index in new),
            centroids=centroids,
            counts=counts,
            class_weights=np.concatenate([self.class_weights, other.class_weights[new]]),
            non_faces=np.concatenate([self.non_faces, other.non_faces]),
            added=(*self.added, *range(len(self.characters), len(self.characters) + len(new))),
            auxiliary_weights=self.auxiliary_weights,
            calibration=self.calibration,
            threshold=self.threshold,
            base=None if len(both) else self.base or self,
        )

    def subset(self, keep: Sequence[int]) -> Gallery:
        """Return the gallery with the characters at these indices alone, in this order."""
        if list(keep) == list(range(len(self.characters))):
            return self
        return replace(
            self,
            base=None,
            characters=tuple(self.characters[index] for index in keep),
            centroids=self.centroids[list(keep)],
            counts=self.counts[list(keep)],
            class_weights=self.class_weights[list(keep)],
            added=tuple(np.flatnonzero(np.isin(keep, self.added)).tolist()),
        )

    @cached_property
    def hubness(self) -> NDArray[np.float32]:
        """How much each of `added` is more of a hub than the others are, (a,) float32, -2 to 2.

        It is the mean cosine of its centroid to the `NEIGHBOURS` likest of those that were not
        added, less what that is for these on average. Zero where these are no more than so many.
        """
        kept = self._not_added
        if not self.added or len(kept) <= NEIGHBOURS:
            return np.zeros(len(self.added), np.float32)
        usual = (self.base or self).usual_likeness
        return neighbour_likeness(self.centroids[list(self.added)], kept) - usual

    @cached_property
    def usual_likeness(self) -> np.float32:
        """The mean cosine of those that were not added to the likest among them, -1 to 1."""
        return neighbour_likeness(self._not_added, self._not_added, themselves=True).mean()

    @property
    def _not_added(self) -> Vectors:
        return np.delete(self.centroids, self.added, axis=0)

    @cached_property
    def classified(self) -> NDArray[np.intp]:
        """The indices of the characters that have classifier weights."""
        return np.flatnonzero(np.any(self.class_weights != 0, axis=1))

    @cached_property
    def trained_weights(self) -> Vectors:
        """The rows of `class_weights` that `classified` names."""
        return self.class_weights[self.classified]


def unit(vectors: NDArray[np.floating]) -> Vectors:
    """Scale each row to unit length; float32."""
    norms = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return (vectors / np.maximum(norms, 1e-9)).astype(np.float32)


def trimmed_mean(vectors: Vectors) -> Vectors:
    """The unit mean of the vectors without the tenth that is farthest from it: wrong labels."""
    mean = unit(vectors.mean(0))
    keep = len(vectors) - int(TRIMMED * len(vectors))
    nearest = np.argsort(-(vectors @ mean))[:keep]
    return unit(vectors[nearest].mean(0))
