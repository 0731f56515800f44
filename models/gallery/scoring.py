"""Scores: how well each face fits each character of a gallery.

A face's score for a character is a weighted mean of two cosines: to the character's centroid and to
its classifier weights; to the centroid alone where none were learned. A character that was added
later and is like many others (a hub) is scored lower.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.gallery.gallery import Gallery
    from models.types import Vectors


@dataclass(frozen=True, slots=True)
class Scoring:
    """How scores are made.

    `classifier`: how much of a score is the cosine to the classifier weights, 0 to 1.

    `hubness`: how much of `Gallery.hubness` is taken off the scores of characters that were
    added later. A half is the correction of CSLS (Conneau et al., "Word translation without
    parallel data", 2018): a centroid that is like many others would sooner be taken for any
    impostor.
    """

    classifier: float = 0.85
    hubness: float = 0.5


def scores(vectors: Vectors, gallery: Gallery, scoring: Scoring) -> NDArray[np.float32]:
    """The score of each face for each character, (n, characters) float32, -1 to 1."""
    result = vectors @ gallery.centroids.T
    classified = gallery.classified
    if len(classified) and scoring.classifier:
        by_classifier = vectors @ gallery.trained_weights.T
        result[:, classified] += scoring.classifier * (by_classifier - result[:, classified])
    result[:, list(gallery.added)] -= scoring.hubness * gallery.hubness
    return result.astype(np.float32, copy=False)
