"""Fits what turns vectors into names: prototypes, calibration and threshold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from sklearn.cluster import KMeans
from sklearn.linear_model import LogisticRegression

from models.gallery.namer import (
    RIVALS,
    Calibration,
    Gallery,
    Parts,
    Threshold,
    features,
    log_odds,
    scores,
    unit,
)
from models.types import Character

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from models.types import Vectors

STRANGERS_NAMED: Final = 0.05
"""The stated share of strangers' faces that may be named."""

HALVES: Final = 30
"""Random halves of a gallery that tell how the threshold rises as it doubles."""

REJECTS: Final = 12

ORDERS: Final = (
    (0.5, 0.45, 0.05),
    (0.65, 0.3, 0.05),
    (0.8, 0.15, 0.05),
    (0.9, 0.05, 0.05),
    (1.0, 0.0, 0.0),
)
"""How much each feature may say that a name is right (see `Calibration.weights`).

A few to choose from: weights that were fitted freely on some strangers ordered others worse.
"""

TRIMMED: Final = 0.1
"""The share of a character's pictures, the farthest from its mean, that its prototype ignores."""


@dataclass(frozen=True, slots=True)
class Trial:
    """Faces with the truth: what calibration and threshold are fitted on.

    `vectors`: (n, dimensions). `truth`: each face's character id, or "" where the gallery has not
    got it (a stranger, or no face).
    """

    vectors: Vectors
    truth: tuple[str, ...]


def fit_gallery(
    vectors: Vectors,
    labels: Sequence[str],
    characters: Sequence[Character],
    directions: Mapping[str, NDArray[np.float32]],
    *,
    seed: int = 0,
) -> Gallery:
    """Make the gallery of `characters` from labelled vectors, (n, dimensions).

    `directions`: learned class directions by label; those of other labels become `unnamed`. Vectors
    labelled "no_face" become rejects. Characters without a picture are left out.
    """
    owned = np.array(labels)
    kept: list[Character] = []
    prototypes: list[Vectors] = []
    counts: list[int] = []
    class_directions: list[Vectors] = []
    for character in characters:
        own = vectors[owned == character.id]
        if len(own) == 0:
            continue
        prototypes.append(trimmed_mean(own))
        class_directions.append(directions.get(character.id, np.zeros(own.shape[1], np.float32)))
        counts.append(len(own))
        kept.append(character)
    refused = vectors[owned == "no_face"]
    names = {character.id for character in characters}
    faces = [direction for x, direction in directions.items() if x not in names and x != "no_face"]
    return Gallery(
        characters=tuple(kept),
        prototypes=np.stack(prototypes),
        counts=np.array(counts, np.int32),
        directions=unit(np.stack(class_directions)),
        rejects=clusters(refused, REJECTS, seed) if len(refused) else refused,
        unnamed=np.stack([directions["no_face"], *faces]) if "no_face" in directions else None,
    )


def trimmed_mean(vectors: Vectors) -> Vectors:
    """The unit mean of the vectors without the tenth that is farthest from it: wrong labels."""
    mean = unit(vectors.mean(0))
    keep = len(vectors) - int(TRIMMED * len(vectors))
    nearest = np.argsort(-(vectors @ mean))[:keep]
    return unit(vectors[nearest].mean(0))


def clusters(vectors: Vectors, count: int, seed: int = 0) -> Vectors:
    """Centres, of unit length, of at most `count` clusters; the vectors themselves if fewer."""
    if len(vectors) <= count:
        return unit(vectors)
    means = KMeans(count, n_init="auto", random_state=seed).fit(vectors)
    return unit(means.cluster_centers_.astype(np.float32))


def fit_calibration(trial: Trial, gallery: Gallery, parts: Parts) -> Calibration:
    """Choose the order of certainty, and fit what it means as a probability, on the known faces.

    Strangers count for the order only: how many will come nobody knows, the threshold is for them.
    """
    feature, right, known = examine(trial, gallery, parts)
    order = _best_order(feature, right, known)
    if right[known].all() or not right[known].any():
        return Calibration(weights=order)
    ordered = (feature @ np.array(order))[known, None]
    fitted = LogisticRegression(C=1e3, max_iter=1000).fit(ordered, right[known])
    return Calibration(
        weights=order, slope=float(fitted.coef_[0, 0]), offset=float(fitted.intercept_[0])
    )


def _best_order(
    feature: NDArray[np.float64], right: NDArray[np.bool_], known: NDArray[np.bool_]
) -> tuple[float, float, float]:
    """The one of `ORDERS` by which most are named rightly where `STRANGERS_NAMED` are named."""
    if known.all():
        return ORDERS[0]

    def named_rightly(order: tuple[float, float, float]) -> int:
        sure = feature @ np.array(order)
        limit = np.quantile(sure[~known], 1 - STRANGERS_NAMED, method="higher")
        return int((right & known & (sure > limit)).sum())

    return max(ORDERS, key=named_rightly)


def fit_threshold(
    trial: Trial,
    gallery: Gallery,
    parts: Parts,
    calibration: Calibration,
    named: float = STRANGERS_NAMED,
    *,
    seed: int = 0,
) -> Threshold:
    """The least probability at which at most `named` (0 to 1) of the strangers are named.

    How it rises as a gallery doubles is what the mean half of `gallery`'s characters asks less. A
    gallery too small to be halved tells nothing of it: then it doesn't rise.
    """
    ids = {character.id for character in gallery.characters}
    strangers = trial.vectors[[name not in ids for name in trial.truth]]
    count = len(gallery.characters)
    if len(strangers) == 0:
        return Threshold(0.5, count, 0.0)

    def limit(among: Gallery) -> float:
        feature = features(scores(strangers, among, parts), strangers, among.rejects)
        return float(np.quantile(log_odds(feature, calibration), 1 - named, method="higher"))

    whole, rise = limit(gallery), 0.0
    if count >= 2 * (RIVALS + 1):
        rng = np.random.default_rng(seed)
        halves = [rng.choice(count, count // 2, replace=False) for _ in range(HALVES)]
        less = np.mean([limit(gallery.only(sorted(half.tolist()))) for half in halves])
        rise = max(0.0, (whole - float(less)) / np.log2(count / (count // 2)))
    with np.errstate(over="ignore"):
        least = 1 / (1 + np.exp(-np.nextafter(whole, np.inf)))
    return Threshold(float(least), count, float(rise))


def examine(
    trial: Trial, gallery: Gallery, parts: Parts
) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_]]:
    """Score a trial: features (n, 3), whether the best name is right, whether it is known."""
    score = scores(trial.vectors, gallery, parts)
    best = score.argmax(1)
    right = np.array(
        [gallery.characters[i].id == name for i, name in zip(best, trial.truth, strict=True)]
    )
    ids = {character.id for character in gallery.characters}
    known = np.array([name in ids for name in trial.truth])
    return features(score, trial.vectors, gallery.rejects), right, known
