"""Which pictures of a character are probably of somebody else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from models.types import Vector

LEAST: Final = 4
"""Pictures from which on outliers can be told: of two or three none is the odd one."""
SHARE: Final = 0.5
"""A picture stays that is half as like the others as these are among themselves.

Of 33 characters outside the shipped 96, with one to three pictures of others among 6 to 15, this
drops 76 to 96 % of the others and 2 to 7 % of their own.
"""


def inliers(vectors: Sequence[Vector]) -> list[bool]:
    """Say of each vector, (dimensions,) of unit length, whether it stays.

    A vector's likeness is its median cosine to the others; it stays from `SHARE` of the median
    likeness on. All of fewer than `LEAST` stay.
    """
    if len(vectors) < LEAST:
        return [True] * len(vectors)
    stacked = np.stack(vectors)
    cosines = (stacked @ stacked.T).astype(np.float64)
    np.fill_diagonal(cosines, np.nan)
    likeness = np.nanmedian(cosines, axis=1)
    return (likeness >= SHARE * np.median(likeness)).tolist()
