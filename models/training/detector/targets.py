"""The map that the detector's network should give for known heads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from models.detection.heat_map import SIDE_UNIT, STRIDE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.training.detector.data import Heads

SMALLEST: Final = 9.0
"""Heads below this side, in pixels of the input, are neither asked for nor counted as wrong."""

NEAR: Final = 0.13
"""Cells within this part of a head's side of its centre learn the box."""


def targets(heads: Heads, side: int) -> NDArray[np.float32]:
    """Return the target map, (side / 8, side / 8, 6) float32.

    Channels: score 0 to 1, log side, x, y, weight of the score (0: ignored), weight of the box.
    """
    cells = side // STRIDE
    target = np.zeros((cells, cells, 6), np.float32)
    target[..., 4] = 1
    at = (np.arange(cells, dtype=np.float32) + 0.5) * STRIDE
    for x, y, length in sorted(heads.tolist(), key=lambda head: -head[2]):
        dx, dy = (x - at)[None, :], (y - at)[:, None]
        inside = (np.abs(dx) < length / 2) & (np.abs(dy) < length / 2)
        if length < SMALLEST or not (0 <= x < side and 0 <= y < side):
            target[..., 4][inside] = 0
            continue
        spread = max(0.09 * length, 0.55 * STRIDE)
        score = np.exp(-(dx**2 + dy**2) / (2 * spread**2))
        target[..., 0] = np.maximum(target[..., 0], score)
        row, column = int(y // STRIDE), int(x // STRIDE)
        target[row, column, 0] = 1
        near = (np.abs(dx) < NEAR * length) & (np.abs(dy) < NEAR * length)
        near[row, column] = True
        target[..., 1][near] = np.log(length / SIDE_UNIT)
        target[..., 2][near] = np.broadcast_to(dx / length, near.shape)[near]
        target[..., 3][near] = np.broadcast_to(dy / length, near.shape)[near]
        target[..., 5][near] = 1 / near.sum()
    return target
