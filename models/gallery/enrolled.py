"""The centre of a character's enrolment samples, and the gallery of all such centres."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from models.gallery.gallery import Gallery, unit
from models.gallery.outliers import inliers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from models.types import Character, Vector


def centre(vectors: Sequence[Vector]) -> tuple[list[bool], Vector | None]:
    """Return which vectors are no outliers, and the unit mean of those; None of no vectors."""
    kept = inliers(vectors)
    if not any(kept):
        return kept, None
    own = [vector for vector, stays in zip(vectors, kept, strict=True) if stays]
    return kept, unit(np.stack(own).mean(0))


def enrolled_gallery(enrolled: Sequence[tuple[Character, Vector, int]]) -> Gallery | None:
    """Return the gallery of characters with a centroid and its number of samples; None for none.

    A character that comes several times is named by the mean of its centroids, weighted by samples.
    """
    if not enrolled:
        return None
    place: dict[str, int] = {}
    characters: list[Character] = []
    for character, _, _ in enrolled:
        if character.id not in place:
            place[character.id] = len(characters)
            characters.append(character)
    sums = np.zeros((len(characters), len(enrolled[0][1])), np.float32)
    counts = np.zeros(len(characters), np.int32)
    for character, vector, samples in enrolled:
        sums[place[character.id]] += samples * vector
        counts[place[character.id]] += samples
    return Gallery.of_centroids(characters, unit(sums), counts.tolist())
