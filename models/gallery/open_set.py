"""Who is nobody of the gallery: the threshold for impostors, and crops that show no face."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from models.gallery.calibration import RUNNERS_UP, TARGET_FPIR, confidence_features, log_odds
from models.gallery.fitted import Threshold
from models.gallery.scoring import scores

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.gallery.calibration import Trial
    from models.gallery.fitted import Calibration
    from models.gallery.gallery import Gallery
    from models.gallery.scoring import Scoring
    from models.types import Vectors

HALVES: Final = 30
"""Random halves of a gallery that show how the threshold rises as it doubles."""

NON_FACE_MARGIN: Final = 0.25
"""A crop is no face where its cosine to a non-face exemplar leads that to anybody by so much.

`benchmarks/accuracy.py` counts the faces that `is_non_face` loses, `benchmarks/detection.py` those
of whole pictures.
"""


def is_non_face(vectors: Vectors, gallery: Gallery) -> NDArray[np.bool_]:
    """Which vectors are more like a non-face than like anybody, (n,) bool.

    Either a non-face exemplar leads every centroid clearly, or the learned class of non-faces is
    likest of all: of the classes of faces, named or not, and of characters without a class.
    """
    cosines = vectors @ gallery.centroids.T
    likest = cosines.max(1, initial=-1)
    refused = (vectors @ gallery.non_faces.T).max(1, initial=-1) > likest + NON_FACE_MARGIN
    if gallery.auxiliary_weights is None:
        return refused
    classes = vectors @ np.concatenate([gallery.auxiliary_weights, gallery.trained_weights]).T
    unclassified = np.delete(cosines, gallery.classified, axis=1)
    faces = np.concatenate([classes[:, 1:], unclassified], axis=1)
    return refused | (classes[:, 0] > faces.max(1, initial=-1))


def fit_threshold(
    trial: Trial,
    gallery: Gallery,
    scoring: Scoring,
    calibration: Calibration,
    fpir: float = TARGET_FPIR,
    *,
    seed: int = 0,
) -> Threshold:
    """The least probability at which at most `fpir` (0 to 1) of the impostors are named.

    How it rises as a gallery doubles is what the mean half of `gallery`'s characters asks less. A
    gallery too small to be halved tells nothing of it: then it doesn't rise.
    """
    ids = {character.id for character in gallery.characters}
    impostors = trial.vectors[[name not in ids for name in trial.truth]]
    count = len(gallery.characters)
    if len(impostors) == 0:
        return Threshold(0.5, count, 0.0)

    def limit(among: Gallery) -> float:
        score = scores(impostors, among, scoring)
        features = confidence_features(score, impostors, among.non_faces)
        return float(np.quantile(log_odds(features, calibration), 1 - fpir, method="higher"))

    whole, rise = limit(gallery), 0.0
    if count >= 2 * (RUNNERS_UP + 1):
        rng = np.random.default_rng(seed)
        halves = [rng.choice(count, count // 2, replace=False) for _ in range(HALVES)]
        less = np.mean([limit(gallery.subset(sorted(half.tolist()))) for half in halves])
        rise = max(0.0, (whole - float(less)) / np.log2(count / (count // 2)))
    with np.errstate(over="ignore"):
        least = 1 / (1 + np.exp(-np.nextafter(whole, np.inf)))
    return Threshold(float(least), count, float(rise))
