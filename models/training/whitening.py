"""Whitened principal components: where a projection starts, and what the blend adds to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Matrix = NDArray[np.float32]


def whitening(features: Matrix, dimensions: int, floor: float = 0.1) -> tuple[Matrix, Matrix]:
    """Whitened principal components of `features` (n, channels), as a kernel and a bias.

    `floor`, in mean variances of the axes kept, is added to each variance: faint axes stay faint.
    """
    mean = features.mean(0)
    spread, axes = np.linalg.eigh(np.cov((features - mean).T).astype(np.float64))
    kept = spread[-dimensions:]
    kernel = axes[:, -dimensions:] / np.sqrt(kept + floor * kept.mean())
    return kernel.astype(np.float32), (-mean @ kernel).astype(np.float32)
