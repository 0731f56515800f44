"""Linear projections of features: whitened principal components, and linear discriminants."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.linalg import eigh

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Matrix = NDArray[np.float32]


FLOOR: Final = 0.1
"""In mean variances of the axes kept, added to each variance: faint axes stay faint."""

RIDGE: Final = 0.5
"""In mean variances of the features, added to each variance within classes."""


def whitening(features: Matrix, dimensions: int) -> tuple[Matrix, Matrix]:
    """Whitened principal components of `features` (n, channels), as a kernel and a bias."""
    mean = features.mean(0)
    spread, axes = np.linalg.eigh(np.cov((features - mean).T).astype(np.float64))
    kept = spread[-dimensions:]
    kernel = axes[:, -dimensions:] / np.sqrt(kept + FLOOR * kept.mean())
    return kernel.astype(np.float32), (-mean @ kernel).astype(np.float32)


def discriminant(features: Matrix, labels: Sequence[str], dimensions: int) -> tuple[Matrix, Matrix]:
    """The axes on which `features` (n, channels) differ most for how much classes do in themselves.

    As a kernel and a bias; what varies within classes is whitened. Classes that were never seen are
    told apart along the same axes, so there may be more of them than classes. Method: linear
    discriminant analysis (Fisher, 1936), the scatter within regularised; as within-class covariance
    normalisation does for voices (Hatch, Kajarekar and Stolcke, 2006).
    """
    mean = features.mean(0)
    total = np.cov((features - mean).T.astype(np.float64))
    numbers = np.unique(labels, return_inverse=True)[1]
    counts = np.bincount(numbers)
    means = np.zeros((len(counts), features.shape[1]))
    np.add.at(means, numbers, features)
    apart = features - (means / counts[:, None])[numbers]
    within = apart.T @ apart / max(len(apart) - len(counts), 1)
    channels = len(total)
    within += RIDGE * np.trace(total) / channels * np.eye(channels)
    last = (channels - dimensions, channels - 1)
    kernel = eigh(total, within, subset_by_index=last)[1].astype(np.float32)
    return kernel, -mean @ kernel
