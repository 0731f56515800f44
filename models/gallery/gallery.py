"""A gallery: the characters that can be named, and what their faces look like."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np

from models.gallery.hubness import NEIGHBOURS, neighbour_likeness
from models.gallery.stack import Stack

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from models.gallery.fitted import Calibration, Threshold
    from models.types import Character, Vectors

TRIMMED: Final = 0.1
"""The share of a character's pictures, the farthest from its mean, that its centroid ignores."""

NO_WEIGHTS: Final = np.empty(0, np.intp)


@dataclass(frozen=True, eq=False)
class Gallery:
    """Characters with their centroids and, where a softmax was trained, classifier weights.

    `stack`: the centroids, (characters, dimensions) of unit length. `counts`: pictures behind each.
    `class_weights`: (c, dimensions) of unit length, of the characters at the indices `classified`,
    (c,) ascending. `non_faces`: (r, dimensions), exemplars of crops that show no face.

    `likeness`: (characters,), how like each centroid is to those most like it, of those that the
    gallery was made with (`with_likeness`). `added`: the indices, ascending, of characters that it
    was extended with. `base`: the gallery that this one extends.

    `auxiliary_weights`: (u, dimensions), classifier weights of classes that are never names, the
    first of them that of non-faces; None where none was learned. `calibration` and `threshold` are
    those of a head that a server trained; None takes the namer's. `posted`: (characters,), the log
    prior of who is posted where it answers (`models.gallery.posted`), none below zero; None for
    none.
    """

    characters: tuple[Character, ...]
    stack: Stack
    counts: NDArray[np.int32]
    non_faces: Vectors
    classified: NDArray[np.intp]
    class_weights: Vectors
    likeness: NDArray[np.float32] | None = None
    added: tuple[int, ...] = ()
    auxiliary_weights: Vectors | None = None
    calibration: Calibration | None = None
    threshold: Threshold | None = None
    posted: NDArray[np.float32] | None = None
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
        cls,
        characters: Sequence[Character],
        centroids: Vectors,
        counts: Sequence[int] | NDArray[np.integer],
    ) -> Gallery:
        """Make a gallery without classifier weights from centroids, (characters, dimensions).

        `counts` says how many pictures are behind each.
        """
        return cls(
            characters=tuple(characters),
            stack=Stack.of(centroids),
            counts=np.asarray(counts, np.int32),
            non_faces=centroids[:0],
            classified=NO_WEIGHTS,
            class_weights=centroids[:0],
        )

    @property
    def dimensions(self) -> int:
        """The length of a vector."""
        return self.stack.dimensions

    @property
    def centroids(self) -> Vectors:
        """All centroids, (characters, dimensions); a copy where the gallery extends another."""
        return self.stack.array

    def with_class_weights(self, weights: Vectors) -> Gallery:
        """Return the gallery with these weights, (characters, dimensions); zeros stand for none."""
        classified = np.flatnonzero(np.any(weights != 0, axis=1))
        return replace(self, classified=classified, class_weights=weights[classified])

    def without_class_weights(self, places: Sequence[int]) -> Gallery:
        """Return the gallery without the classifier weights of the characters at these indices."""
        kept = ~np.isin(self.classified, places)
        return replace(
            self, classified=self.classified[kept], class_weights=self.class_weights[kept]
        )

    def with_likeness(self) -> Gallery:
        """Return the gallery with its `likeness` computed; seconds for ten thousand characters."""
        return replace(self, likeness=_likeness(self))

    def extended(self, other: Gallery) -> Gallery:
        """Return this gallery with `other`'s characters; where both have one, they are merged.

        A merged character keeps its classifier weights, and its centroid is the mean of both,
        weighted by pictures. The centroids of this gallery are shared, not copied; `posted` is of
        neither.

        Raises ValueError where the vectors' lengths differ.
        """
        if self.dimensions != other.dimensions:
            raise ValueError(
                f"vectors of {other.dimensions} dimensions don't fit a gallery of "
                f"{self.dimensions}; embed the pictures again with this model"
            )
        place = {character.id: index for index, character in enumerate(self.characters)}
        at = np.array([place.get(character.id, -1) for character in other.characters], np.int64)
        new, both = np.flatnonzero(at < 0), np.flatnonzero(at >= 0)
        first = len(self.characters)
        counts = np.concatenate([self.counts, other.counts[new]])
        mixed = self.counts[at[both], None] * self.stack.rows(at[both])
        mixed = unit(mixed + other.counts[both, None] * other.stack.rows(both))
        counts[at[both]] += other.counts[both]
        stack = self.stack.replaced(at[both], mixed) if len(both) else self.stack
        fresh = np.isin(other.classified, new)
        return replace(
            self,
            characters=self.characters + tuple(other.characters[index] for index in new),
            stack=stack.appended(other.stack.rows(new)) if len(new) else stack,
            counts=counts,
            non_faces=np.concatenate([self.non_faces, other.non_faces]),
            classified=np.concatenate(
                [self.classified, first + np.searchsorted(new, other.classified[fresh])]
            ),
            class_weights=np.concatenate([self.class_weights, other.class_weights[fresh]]),
            likeness=None
            if self.likeness is None
            else np.concatenate([self.likeness, np.zeros(len(new), np.float32)]),
            added=(*self.added, *range(first, first + len(new))),
            posted=None,
            base=self.base or self,
        )

    def subset(self, keep: Sequence[int]) -> Gallery:
        """Return the gallery with the characters at these indices alone, in this order."""
        places = np.asarray(keep, np.intp)
        if np.array_equal(places, np.arange(len(self.characters))):
            return self
        now = np.full(len(self.characters), -1)
        now[places] = np.arange(len(places))
        stays = np.flatnonzero(now[self.classified] >= 0)
        stays = stays[np.argsort(now[self.classified[stays]])]
        return replace(
            self,
            characters=tuple(self.characters[index] for index in places),
            stack=self.stack.take(places),
            counts=self.counts[places],
            classified=now[self.classified[stays]],
            class_weights=self.class_weights[stays],
            likeness=None if self.likeness is None else self.likeness[places],
            added=tuple(np.flatnonzero(np.isin(places, self.added)).tolist()),
            posted=None if self.posted is None else self.posted[places],
        )

    def without(self, ids: frozenset[str]) -> Gallery:
        """Return the gallery without the characters of these ids."""
        return self.subset([i for i, c in enumerate(self.characters) if c.id not in ids])

    @cached_property
    def hubness(self) -> NDArray[np.float32]:
        """How much more of a hub each centroid is than the others are, (characters,), -2 to 2.

        It is the mean cosine of its centroid to the `NEIGHBOURS` likest of those that were not
        added, less what that is for these on average. Zero where these are no more than so many,
        and, but for those that were added, where the gallery has no `likeness`.
        """
        base = self.base or self
        result = np.zeros(len(self.characters), np.float32)
        if self.likeness is not None:
            result = self.likeness - base.usual_likeness
        others = np.delete(np.arange(len(self.characters)), self.added)
        if self.added:
            result[list(self.added)] = 0.0
            if len(others) > NEIGHBOURS:
                rows = self.stack.rows(self.added)
                likeness = neighbour_likeness(rows, self.stack.take(others))
                result[list(self.added)] = likeness - base.usual_likeness
        return result

    @cached_property
    def usual_likeness(self) -> np.float32:
        """The mean cosine of the characters to those most like them, -1 to 1."""
        likeness = _likeness(self) if self.likeness is None else self.likeness
        return np.float32(np.delete(likeness, self.added).mean())

    @cached_property
    def log_appearances(self) -> NDArray[np.float32]:
        """log(1 + appearances) of each character, (characters,).

        Those that were added have at least the mean of the others: who is taught is posted.
        """
        result = np.log1p([c.appearances for c in self.characters]).astype(np.float32)
        added = list(self.added)
        if added:
            others = np.delete(result, added)
            result[added] = np.maximum(result[added], others.mean() if len(others) else 0)
        return result


def unit(vectors: NDArray[np.floating]) -> Vectors:
    """Scale each row to unit length; float32."""
    norms = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return (vectors / np.maximum(norms, 1e-9)).astype(np.float32)


def _likeness(gallery: Gallery) -> NDArray[np.float32]:
    """The mean cosine of each centroid to those most like it, zeros where there are too few."""
    if len(gallery.characters) <= NEIGHBOURS:
        return np.zeros(len(gallery.characters), np.float32)
    return neighbour_likeness(gallery.centroids, gallery.stack, themselves=True)


def trimmed_mean(vectors: Vectors) -> Vectors:
    """The unit mean of the vectors without the tenth that is farthest from it: wrong labels."""
    mean = unit(vectors.mean(0))
    keep = len(vectors) - int(TRIMMED * len(vectors))
    nearest = np.argsort(-(vectors @ mean))[:keep]
    return unit(vectors[nearest].mean(0))
