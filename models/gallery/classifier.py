"""Fits classifier weights for new characters beside those of a gallery, by softmax."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from models.gallery.gallery import unit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.gallery.gallery import Gallery
    from models.gallery.training_vectors import VectorSet
    from models.types import Vectors

SCALE: Final = 24.0
"""What cosines are multiplied by in the softmax; the backbone was trained with the same."""
MOST_COUNTED: Final = 8
"""A character's pictures share the weight of one, and up to so many: more say it more surely."""
BLOCK: Final = 512
"""Faces whose logits are held at once."""
STEPS: Final = 40
"""Steps of the optimiser at most; strongly regularised fits take fewer."""
ENOUGH: Final = 1e-4
"""The relative gain of a step below which a fit is done: names don't change any more."""


def fit_class_weights(
    shipped: Gallery,
    data: VectorSet,
    own: Sequence[Vectors],
    centroids: Vectors,
    strengths: Sequence[float],
) -> NDArray[np.float32]:
    """Return weights (strengths, k, dimensions), unit length, for k new characters' vectors `own`.

    They minimise the cross entropy over shipped and new characters, in which each character weighs
    the same, plus the squared distance of each row to its row of `centroids`, (k, dimensions),
    times a strength of regularisation.
    """
    # SciPy's optimisers take long to import, and most processes fit nothing.
    from scipy.optimize import minimize

    loss = _Loss.of(shipped, data, own, centroids)
    fits = [
        minimize(
            loss.value_and_gradient,
            centroids.ravel().astype(np.float64),
            args=(strength,),
            jac=True,
            method="L-BFGS-B",
            options={"maxiter": STEPS, "ftol": ENOUGH},
        ).x
        for strength in strengths
    ]
    return unit(np.stack(fits).reshape(len(strengths), *centroids.shape))


@dataclass(frozen=True, eq=False)
class _Loss:
    """What is minimised, of n vectors `x` (n, d) and k new characters.

    `target` (n, k) is one where a vector is of a new character, `weight` (n, 1) how much a vector
    counts, `held` (n, 1) the sum of the shipped characters' exponentials, which no step changes.
    """

    x: Vectors
    target: NDArray[np.float32]
    weight: NDArray[np.float32]
    held: NDArray[np.float32]
    own_logit: NDArray[np.float32]
    centroids: Vectors

    @classmethod
    def of(
        cls, shipped: Gallery, data: VectorSet, own: Sequence[Vectors], centroids: Vectors
    ) -> _Loss:
        place = {c.id: i for i, c in enumerate(shipped.characters)}
        known = [i for i, label in enumerate(data.labels) if label in place]
        fixed = shipped.centroids.copy()
        fixed[shipped.classified] = shipped.class_weights
        x = np.concatenate([data.vectors[known], *own])
        y = np.concatenate(
            [
                np.array([place[data.labels[i]] for i in known], np.int64),
                np.repeat(np.arange(len(own)) + len(fixed), [len(v) for v in own]),
            ]
        )
        count = np.bincount(y, minlength=len(fixed) + len(own))[y]
        weight = (np.minimum(count, MOST_COUNTED) / count).astype(np.float32)[:, None]
        target = np.zeros((len(x), len(own)), np.float32)
        rows = np.flatnonzero(y >= len(fixed))
        target[rows, y[rows] - len(fixed)] = 1.0
        own_logit = np.zeros((len(x), 1), np.float32)
        shown = np.flatnonzero(y < len(fixed))
        own_logit[shown, 0] = (x[shown] * fixed[y[shown]]).sum(1) * SCALE
        return cls(x, target, weight, _held(x, fixed), own_logit, centroids)

    def value_and_gradient(
        self, flat: NDArray[np.float64], strength: float
    ) -> tuple[float, NDArray[np.float64]]:
        """Return the loss at weights (k * d,) of any length, and its gradient, (k * d,)."""
        w = flat.reshape(self.centroids.shape)
        norms = np.linalg.norm(w, axis=1, keepdims=True)
        rows = w / norms
        logits = self.x @ rows.T.astype(np.float32) * np.float32(SCALE)
        new = np.exp(logits)
        total = new.sum(axis=1, keepdims=True) + self.held
        own = self.own_logit + (logits * self.target).sum(axis=1, keepdims=True)
        value = float((self.weight * (np.log(total) - own)).sum(dtype=np.float64))
        error = (new / total - self.target) * self.weight
        gradient = SCALE * (error.T @ self.x).astype(np.float64)
        apart = rows - self.centroids
        value += strength * SCALE / 2 * float((apart**2).sum())
        gradient += strength * SCALE * apart
        # What would only lengthen a row changes nothing.
        gradient -= (gradient * rows).sum(axis=1, keepdims=True) * rows
        return value, (gradient / norms).ravel()


def _held(x: Vectors, fixed: Vectors) -> NDArray[np.float32]:
    """The sums of exponentials over the shipped characters, (n, 1).

    In blocks: all logits of thousands of faces and characters take hundreds of megabytes. Cosines
    times the scale are at most 24, so their exponentials need no care.
    """
    sums = [
        np.exp(x[start : start + BLOCK] @ fixed.T * np.float32(SCALE)).sum(axis=1, keepdims=True)
        for start in range(0, len(x), BLOCK)
    ]
    return np.concatenate([np.zeros((0, 1), np.float32), *sums])
