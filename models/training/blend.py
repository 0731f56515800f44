"""Mixes the trained projection with the features before it, at no cost in use.

The margin softmax bends the projection towards the characters that it tells apart; the average of
the trunk's last block still holds what sets others apart. Both halves, trained and whitened, are
put side by side and turned onto as many principal axes as the projection has: one matrix again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Matrix = NDArray[np.float32]

UNTRAINED_SHARE: Final = 0.5
"""How much of two faces' likeness comes from the features, 0 to 1; docs/accuracy.md says why."""

AXES: Final = 512
"""Principal axes of the features that are whitened."""


@dataclass(frozen=True, eq=False)
class Blend:
    """A projection (channels, dimensions) with its bias, and what turns class directions to it.

    `turn`, (dimensions, dimensions): `directions @ turn` are the old directions in the new space.
    """

    kernel: Matrix
    bias: Matrix
    turn: Matrix


def blend(features: Matrix, kernel: Matrix, bias: Matrix) -> Blend:
    """Blend the projection `features @ kernel + bias` with its `features`, (n, channels)."""
    white_kernel, white_bias = whitening(features, AXES, floor=1.0)
    kernels, biases = [], []
    for share, matrix, offset in (
        (1 - UNTRAINED_SHARE, kernel, bias),
        (UNTRAINED_SHARE, white_kernel, white_bias),
    ):
        length = np.linalg.norm(features @ matrix + offset, axis=1).mean()
        scale = np.float32(np.sqrt(share) / length)
        kernels.append(matrix * scale)
        biases.append(offset * scale)
    both, offset = np.concatenate(kernels, axis=1), np.concatenate(biases)
    given = (features @ both + offset).astype(np.float64)
    dimensions = kernel.shape[1]
    axes = np.linalg.eigh(given.T @ given)[1][:, -dimensions:].astype(np.float32)
    return Blend(both @ axes, offset @ axes, axes[:dimensions])


def whitening(features: Matrix, dimensions: int, floor: float = 0.1) -> tuple[Matrix, Matrix]:
    """Whitened principal components of `features` (n, channels), as a kernel and a bias.

    `floor`, in mean variances of the axes kept, is added to each variance: faint axes stay faint.
    """
    mean = features.mean(0)
    spread, axes = np.linalg.eigh(np.cov((features - mean).T).astype(np.float64))
    kept = spread[-dimensions:]
    kernel = axes[:, -dimensions:] / np.sqrt(kept + floor * kept.mean())
    return kernel.astype(np.float32), (-mean @ kernel).astype(np.float32)
