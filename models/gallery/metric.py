"""A metric under which pictures of one character lie close, learned on many characters.

Vectors are whitened by how much pictures of one character differ among themselves (within-class
covariance normalisation, Hatch et al., 2006), so that two styles of one character meet.

Plain functions on arrays; nothing here knows where vectors come from.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.linalg import eigh

from models.gallery.gallery import unit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.types import Vectors


@dataclass(frozen=True, eq=False)
class Metric:
    """A linear map under which pictures of one character lie close: x -> (x - mean) @ kernel.

    The columns of `kernel` are in falling order of how much characters differ along them for how
    much their own pictures do, so that the first n are the best n axes.
    """

    mean: NDArray[np.float32]
    kernel: NDArray[np.float32]

    def __call__(self, vectors: Vectors, axes: int | None = None) -> Vectors:
        """Map vectors onto the first `axes`; unit length."""
        return unit((vectors - self.mean) @ self.kernel[:, :axes])


def fit_metric(
    vectors: Vectors,
    labels: NDArray[np.int64],
    *,
    shrinkage: float = 0.3,
    power: float = 0.0,
    dimensions: int | None = None,
) -> Metric:
    """Fit a metric: what differs within is known of labels with several pictures alone.

    `shrinkage`: the share of the mean variance added to each within-class variance. `power`:
    0 leaves axes alike, 1 weighs them by their ratio of total to within-class spread.
    """
    mean = vectors.mean(0)
    numbers = np.unique(labels, return_inverse=True)[1]
    counts = np.bincount(numbers)
    sums = np.zeros((len(counts), vectors.shape[1]))
    np.add.at(sums, numbers, vectors)
    apart = vectors - (sums / counts[:, None])[numbers]
    several = counts[numbers] > 1
    # a label of many pictures counts as few of them: its scatter is one character's
    weights = (counts[numbers][several] - 1.0) ** -0.5
    rows = apart[several] * np.sqrt(weights)[:, None]
    freedom = (weights * (1 - 1 / counts[numbers][several])).sum()
    within = (rows.T @ rows).astype(np.float64) / freedom
    total = np.cov((vectors - mean).T.astype(np.float64))
    size = len(total)
    within = (1 - shrinkage) * within + shrinkage * np.trace(within) / size * np.eye(size)
    keep = size if dimensions is None else min(dimensions, size)
    spread, axes = eigh(total, within, subset_by_index=(size - keep, size - 1))
    kernel = axes[:, ::-1] * np.maximum(spread[::-1], 1e-9) ** (power / 2)
    return Metric(mean.astype(np.float32), kernel.astype(np.float32))
