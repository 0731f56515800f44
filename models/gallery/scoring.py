"""Scores: how well each face fits each character of a gallery.

A face's score for a character is the cosine to its centroid, or, where classifier weights were
learned, a weighted mean of that and of the cosine to these. Characters that are drawn more often
are likelier to be posted (a prior). Where few pictures are enrolled, a character that is like many
others (a hub) is scored lower.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.gallery.gallery import Gallery
    from models.types import Vectors

FEW: Final = 2
"""So many pictures at most are few: their centroid is a drawing rather than a character."""


@dataclass(frozen=True, slots=True)
class Scoring:
    """How scores are made.

    `classifier`: how much of a score is the cosine to the classifier weights, 0 to 1.

    `hubness`: how much of `Gallery.hubness` is taken off the scores of characters of `FEW` pictures
    and without classifier weights. A half is the correction of CSLS (Conneau et al., "Word
    translation without parallel data", 2018): a centroid that is like many others would sooner be
    taken for any impostor.

    `prior`: how much of the logarithm of a character's appearances is added.
    """

    classifier: float = 0.85
    hubness: float = 0.5
    prior: float = 0.0


def scores(
    vectors: Vectors,
    gallery: Gallery,
    scoring: Scoring,
    beside: NDArray[np.float32] | None = None,
) -> NDArray[np.float32]:
    """The score of each face, (n, dimensions), for each character, (n, characters) float32.

    `beside`, (n, characters), is a log prior of each face by itself, none below zero; it adds to
    that of who is posted (`Gallery.posted`).
    """
    result = gallery.stack.cosines(vectors)
    classified = gallery.classified
    if len(classified) and scoring.classifier:
        by_classifier = vectors @ gallery.class_weights.T
        result[:, classified] += scoring.classifier * (by_classifier - result[:, classified])
    result += offsets(gallery, scoring)
    result = result.astype(np.float32, copy=False)
    if gallery.posted is not None:
        beside = gallery.posted if beside is None else beside + gallery.posted
    return result if beside is None else with_prior(result, beside)


def offsets(gallery: Gallery, scoring: Scoring) -> NDArray[np.float32]:
    """What is added to every face's score for each character, (characters,)."""
    result = np.zeros(len(gallery.characters), np.float32)
    if scoring.hubness:
        few = gallery.counts <= FEW
        few[gallery.classified] = False
        result[few] -= scoring.hubness * gallery.hubness[few]
    if scoring.prior:
        result += scoring.prior * gallery.log_appearances
    return result


def with_prior(score: NDArray[np.float32], posted: NDArray[np.float32]) -> NDArray[np.float32]:
    """Let who is posted win where it is likelier: scores, (n, characters), with a log prior.

    `posted`: (characters,) or (n, characters), none below zero. Only the winner's own score gets
    its prior: it is no evidence against anybody else, so that the margins of others are as they
    were.
    """
    rows = np.arange(len(score))
    with_all = score + posted
    winner = with_all.argmax(axis=1)
    result = score.copy()
    result[rows, winner] = with_all[rows, winner]
    return result
