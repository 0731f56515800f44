"""The detector's heat map: what its cells mean, and the heads that are read from it.

A cell (row, column) of the map stands for the pixel ((column + 0.5) * 8, (row + 0.5) * 8). Its four
channels: logit that a head's centre lies here; log(side / 32 px); the centre's distance from the
cell in x and in y, in sides of the head. `models.training.detector.network` builds the network.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from models.detection.boxes import cluster_corners, overlaps, reading_order
from models.types import Box, Face

if TYPE_CHECKING:
    from numpy.typing import NDArray

STRIDE: Final = 8
"""Pixels of the network's input a cell of its map."""

MULTIPLE: Final = 32
"""Heights and widths of the input are multiples of this."""

SIDE_UNIT: Final = 32.0
"""The head's side, in pixels of the input, whose logarithm is 0 in the map."""

NEAR_PEAK: Final = 0.5
"""Cells that reach this share of the peak's score, and box the same face, are averaged."""

ASPECTS: Final = (1.0, 0.8, 0.6, 0.4, 0.25)
"""Shorter sides of the padded input in parts of the longer one; the least that fits is taken."""


def padded_shape(height: int, width: int) -> tuple[int, int]:
    """Return the least shape (height, width) of a few that holds the picture."""
    shorter, longest = min(height, width), max(height, width)
    sides = [-(-round(longest * part) // MULTIPLE) * MULTIPLE for part in ASPECTS]
    least = min(side for side in sides if side >= shorter)
    longer = -(-longest // MULTIPLE) * MULTIPLE
    return (longer, least) if height >= width else (least, longer)


def decode_heads(output: NDArray[np.float32], threshold: float) -> list[Face]:
    """Turn the network's map, (rows, columns, 4), into heads in pixels of its input.

    Cells of one face are joined: the box is the mean of the cells around the peak, weighted by
    their scores. Faces in reading order; the score of a face is its peak's, `threshold` to 1.
    """
    scores = 1 / (1 + np.exp(-output[..., 0].astype(np.float64)))
    rows, columns = np.nonzero(scores >= threshold * NEAR_PEAK)
    scores = scores[rows, columns]
    values = output[rows, columns, 1:4].astype(np.float64)
    half = SIDE_UNIT * np.exp(np.clip(values[:, 0], -3, 4)) / 2
    x = (columns + 0.5) * STRIDE + values[:, 1] * 2 * half
    y = (rows + 0.5) * STRIDE + values[:, 2] * 2 * half
    corners = np.stack([x - half, y - half, x + half, y + half], axis=1)
    heads: list[Face] = []
    for group in cluster_corners(corners, scores):
        peak = group[0]
        if scores[peak] < threshold:
            break  # groups come by falling score
        active = group[scores[group] >= NEAR_PEAK * scores[peak]]
        near = active[overlaps(corners[peak], corners[active]) >= NEAR_PEAK]
        box = np.average(corners[near], axis=0, weights=scores[near])
        heads.append(Face(Box(*box.tolist()), float(scores[peak])))
    return reading_order(heads)
