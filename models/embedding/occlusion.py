"""Where in a crop a name comes from: covered place by place (Zeiler and Fergus, 2014).

What a score loses when a place is covered is how much that place speaks for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.types import Pixels

GRID: Final = 5
"""Places a side: so many squared are covered, one after the other."""
_REACH: Final = 1.6
"""Sides of a place that its cover has: covers overlap, as no feature ends at a border."""


def covered(crop: Pixels) -> NDArray[np.uint8]:
    """Return copies of a crop, (side, side, 3) uint8, each with one place of the grid covered.

    (GRID², side, side, 3), row by row from the top left. The cover has the crop's mean colour.
    """
    side = len(crop)
    copies = np.repeat(crop[None], GRID * GRID, axis=0)
    colour = crop.reshape(-1, 3).mean(axis=0).astype(np.uint8)
    step = side / GRID
    for number, copy in enumerate(copies):
        row, column = divmod(number, GRID)
        top, bottom = _ends(row, step, side)
        left, right = _ends(column, step, side)
        copy[top:bottom, left:right] = colour
    return copies


def losses(whole: float, scores: NDArray[np.float32]) -> list[list[float]]:
    """Return what a score, `whole`, loses at each place: rows of the grid, from the top.

    `scores` are those of the `covered` copies, (GRID²,). Above zero a place speaks for the name.
    """
    return (whole - scores.astype(np.float64)).reshape(GRID, GRID).tolist()


def _ends(place: int, step: float, side: int) -> tuple[int, int]:
    middle = (place + 0.5) * step
    reach = _REACH * step / 2
    return max(0, round(middle - reach)), min(side, round(middle + reach))
