"""Confidence and threshold that know how large a gallery is, and how many pictures it has.

Beside `models.gallery.calibration`, which is fitted in one gallery: here the pictures enrolled of
the best guess and the size of the gallery are confidence features too, and known faces and
impostors count half and half.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from models.gallery.calibration import TARGET_FPIR, logistic, runners_up, top_scores

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


def sized_features(score: NDArray[np.float32], counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return what says whether the best guess is right, (n, 5).

    The best score, its margins to the mean of the runners-up and to the next, the logarithms of the
    pictures enrolled of the best guess and of the size of the gallery. `score`: (n, characters).
    `counts`: the pictures enrolled of each character, (characters,).
    """
    top = top_scores(score)
    best = top[:, 0]
    second = top[:, 1] if top.shape[1] > 1 else np.zeros(len(top))
    pictures = np.log(counts[score.argmax(1)])
    size = np.full(len(top), np.log2(score.shape[1]))
    return np.stack([best, best - runners_up(top), best - second, pictures, size], axis=1)


@dataclass(frozen=True, slots=True)
class SizedCalibration:
    """The probability that the best guess is right, of faces of which half are of nobody enrolled.

    A logistic function of `sized_features`: `weights` of its columns and an `offset`.
    """

    weights: tuple[float, ...]
    offset: float

    def log_odds(self, features: NDArray[np.float64]) -> NDArray[np.float64]:
        """Of the best guess being right, (n,)."""
        return features @ np.array(self.weights) + self.offset

    def probability(self, features: NDArray[np.float64]) -> NDArray[np.float64]:
        """Of the best guess being right, (n,), 0 to 1."""
        return logistic(self.log_odds(features))


def fit_sized_calibration(
    features: NDArray[np.float64], right: NDArray[np.bool_], known: NDArray[np.bool_]
) -> SizedCalibration:
    """Fit on features of faces, known ones and impostors counted half and half.

    `right`: whether the best guess is; of an impostor it never is. `known`: who is enrolled.
    Raises ValueError where there are no known faces, or no impostors.
    """
    from sklearn.linear_model import LogisticRegression

    if known.all() or not known.any():
        raise ValueError("confidence needs faces of enrolled characters and of others")
    each = np.where(known, 0.5 / known.sum(), 0.5 / (~known).sum()) * len(known)
    mean, spread = features.mean(0), features.std(0) + 1e-9
    model: Any = LogisticRegression(C=10.0, max_iter=1000)
    model.fit((features - mean) / spread, right, sample_weight=each)
    weights = model.coef_[0] / spread
    offset = model.intercept_[0] - weights @ mean
    return SizedCalibration(tuple(float(w) for w in weights), float(offset))


@dataclass(frozen=True, slots=True)
class SizedThreshold:
    """The log odds that are asked for in a gallery of n characters, for one FPIR.

    A parabola of log2(n), as `terms`: constant, linear, square. Within `least` to `most`
    characters it was fitted; beyond, it goes on with the slope at the end.
    """

    terms: tuple[float, float, float]
    least: int
    most: int

    def among(self, size: int) -> float:
        """The log odds from which on a guess is shown as a name, among `size` characters."""
        logs = float(np.log2(max(size, 1)))
        nearest = float(np.clip(logs, np.log2(self.least), np.log2(self.most)))
        constant, linear, square = self.terms
        value = constant + linear * nearest + square * nearest * nearest
        return value + (linear + 2 * square * nearest) * (logs - nearest)


def fit_sized_threshold(
    sizes: Sequence[int], impostors: Sequence[NDArray[np.float64]], fpir: float = TARGET_FPIR
) -> SizedThreshold:
    """Fit to the log odds of impostors in galleries of several `sizes`, one array each.

    Raises ValueError for fewer than three different sizes.
    """
    if len(set(sizes)) < 3:
        raise ValueError("a threshold by size needs galleries of three sizes")
    limits = [np.quantile(odds, 1 - fpir, method="higher") for odds in impostors]
    square, linear, constant = np.polyfit(np.log2(sizes), limits, 2)
    return SizedThreshold((float(constant), float(linear), float(square)), min(sizes), max(sizes))
