"""From scores to probabilities: how surely the best guess for a face is right.

The probability is a logistic function of how high the best score is, how far it leads the
runners-up, how many pictures are enrolled of the best guess, and how large the gallery is. Unknown
identities are counted in: it answers "is this name right?" of a face that may show anybody.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from models.gallery.scoring import FEW

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.gallery.fitted import Calibration

RUNNERS_UP: Final = 5
"""How many of the next best scores the margin of the best is measured to."""


def confidence_features(
    score: NDArray[np.float32], counts: NDArray[np.integer], size: int | None = None
) -> NDArray[np.float64]:
    """Return what says whether the best guess is right, (n, 9).

    The best score, its margins to the mean of the `RUNNERS_UP` and to the next; the logarithms of
    the pictures enrolled of the best guess and of the size of the gallery; whether these pictures
    are more than `FEW`, and that times each of the first three. `score`: (n, characters). `counts`:
    the pictures enrolled of each character, (characters,), or of each face's own, (n, characters),
    where `score` has only the best of a gallery of `size` characters.
    """
    top = top_scores(score)
    best = top[:, 0]
    second = top[:, 1] if top.shape[1] > 1 else np.zeros(len(top))
    runners_up = top[:, 1:].mean(1) if top.shape[1] > 1 else np.zeros(len(top))
    how_sure = np.stack([best, best - runners_up, best - second], axis=1)
    winner = score.argmax(1)
    enrolled = counts[winner] if counts.ndim == 1 else counts[np.arange(len(top)), winner]
    many = (enrolled > FEW).astype(np.float64)[:, None]
    pictures = np.log(np.maximum(enrolled, 1))[:, None]
    among = np.full((len(top), 1), np.log2(size or score.shape[1]))
    return np.concatenate([how_sure, pictures, among, many, many * how_sure], axis=1)


def top_scores(score: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the best score and those of the `RUNNERS_UP`, best first, (n, 1 + runners-up).

    `score`: (n, characters); there are fewer runners-up in a gallery of fewer characters.
    """
    count = min(RUNNERS_UP + 1, score.shape[1])
    top = np.partition(score, score.shape[1] - count, axis=1)[:, -count:]
    return -np.sort(-top, axis=1).astype(np.float64)


def log_odds(features: NDArray[np.float64], calibration: Calibration) -> NDArray[np.float64]:
    """Of the best guess being right, unknown identities being half of all faces, (n,)."""
    weights = np.array(calibration.weights)
    return features[:, : len(weights)] @ weights + calibration.offset


def confidence(
    features: NDArray[np.float64], calibration: Calibration, unknown_share: float = 0.5
) -> NDArray[np.float64]:
    """The probability that the best guess is right, (n,), 0 to 1.

    `unknown_share` of the faces, 0 to 1, show nobody of the gallery.
    """
    return logistic(log_odds(features, calibration) + calibration.shift(unknown_share))


def logistic(odds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Turn log odds into probabilities, 0 to 1."""
    with np.errstate(over="ignore"):
        return np.asarray(1 / (1 + np.exp(-odds)))
