"""From scores to probabilities: how sure the best name of a face is.

The probability of the best guess is a logistic function of how high its score is, how far it leads
the runners-up, and how far it leads the non-face exemplars. It answers "is this name right?" of a
face that the gallery has.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from models.gallery.fitted import Calibration
from models.gallery.scoring import scores

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.gallery.gallery import Gallery
    from models.gallery.scoring import Scoring
    from models.types import Vectors

TARGET_FPIR: Final = 0.05
"""The stated false positive identification rate: the share of impostors that may be named."""

RUNNERS_UP: Final = 5
"""How many of the next best scores the margin of the best is measured to."""

FEATURE_WEIGHTS: Final = (
    (0.5, 0.45, 0.05),
    (0.65, 0.3, 0.05),
    (0.8, 0.15, 0.05),
    (0.9, 0.05, 0.05),
    (1.0, 0.0, 0.0),
)
"""How much each confidence feature may count (see `Calibration.weights`).

A few to choose from: weights that were fitted freely on some impostors ordered others worse.
"""


@dataclass(frozen=True, slots=True)
class Trial:
    """Faces with the truth: what calibration and threshold are fitted on.

    `vectors`: (n, dimensions). `truth`: each face's character id, or "" where the gallery has not
    got it (an unknown identity, or a non-face).
    """

    vectors: Vectors
    truth: tuple[str, ...]


def confidence_features(
    score: NDArray[np.float32], vectors: Vectors, non_faces: Vectors
) -> NDArray[np.float64]:
    """Return how high the best score is, and its margins, (n, 3).

    The second is the margin to the mean of the `RUNNERS_UP`, the third that to the likest of the
    non-face exemplars, (r, dimensions). `score`: (n, characters).
    """
    top = top_scores(score)
    best = top[:, 0]
    refused = (vectors @ non_faces.T).max(1) if len(non_faces) else np.zeros(len(top))
    return np.stack([best, best - runners_up(top), best - refused], axis=1)


def top_scores(score: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the best score and those of the `RUNNERS_UP`, best first, (n, 1 + runners-up).

    `score`: (n, characters); there are fewer runners-up in a gallery of fewer characters.
    """
    count = min(RUNNERS_UP + 1, score.shape[1])
    top = np.partition(score, score.shape[1] - count, axis=1)[:, -count:]
    return -np.sort(-top, axis=1).astype(np.float64)


def runners_up(top: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean of the runners-up of `top_scores`, (n,); zeros where there are none."""
    return top[:, 1:].mean(1) if top.shape[1] > 1 else np.zeros(len(top))


def log_odds(features: NDArray[np.float64], calibration: Calibration) -> NDArray[np.float64]:
    """Of the best name being right where the gallery has the face, (n,)."""
    return calibration.slope * (features @ np.array(calibration.weights)) + calibration.offset


def confidence(features: NDArray[np.float64], calibration: Calibration) -> NDArray[np.float64]:
    """The probability that the best name is right where the gallery has the face, (n,), 0 to 1."""
    return logistic(log_odds(features, calibration))


def logistic(odds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Turn log odds into probabilities, 0 to 1."""
    with np.errstate(over="ignore"):
        return 1 / (1 + np.exp(-odds))


def fit_calibration(trial: Trial, gallery: Gallery, scoring: Scoring) -> Calibration:
    """Choose the feature weights, and fit what they mean as a probability, on the known faces.

    Impostors count for the weights only: how many will come nobody knows, the threshold is for
    them.
    """
    features, right, known = examine(trial, gallery, scoring)
    weights = _best_weights(features, right, known)
    if right[known].all() or not right[known].any():
        return Calibration(weights=weights)
    # scikit-learn is heavy, and serving fits nothing.
    from sklearn.linear_model import LogisticRegression

    ordered = (features @ np.array(weights))[known, None]
    fitted = LogisticRegression(C=1e3, max_iter=1000).fit(ordered, right[known])
    return Calibration(
        weights=weights, slope=float(fitted.coef_[0, 0]), offset=float(fitted.intercept_[0])
    )


def _best_weights(
    features: NDArray[np.float64], right: NDArray[np.bool_], known: NDArray[np.bool_]
) -> tuple[float, float, float]:
    """The one of `FEATURE_WEIGHTS` with the highest TPIR at `TARGET_FPIR`."""
    if known.all():
        return FEATURE_WEIGHTS[0]

    def named_rightly(weights: tuple[float, float, float]) -> int:
        sure = features @ np.array(weights)
        limit = np.quantile(sure[~known], 1 - TARGET_FPIR, method="higher")
        return int((right & known & (sure > limit)).sum())

    return max(FEATURE_WEIGHTS, key=named_rightly)


def examine(
    trial: Trial, gallery: Gallery, scoring: Scoring
) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_]]:
    """Score a trial: features (n, 3), whether the best name is right, whether it is known."""
    score = scores(trial.vectors, gallery, scoring)
    best = score.argmax(1)
    right = np.array(
        [gallery.characters[i].id == name for i, name in zip(best, trial.truth, strict=True)]
    )
    ids = {character.id for character in gallery.characters}
    known = np.array([name in ids for name in trial.truth])
    return confidence_features(score, trial.vectors, gallery.non_faces), right, known
