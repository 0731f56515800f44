"""How much of a hub a centroid is: like many others, so that any impostor would be taken for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.gallery.stack import Stack
    from models.types import Vectors

NEIGHBOURS: Final = 5
"""How many of the likest characters say how much of a hub a centroid is."""
_BLOCK: Final = 512


def neighbour_likeness(
    centroids: Vectors, among: Stack, *, themselves: bool = False
) -> NDArray[np.float32]:
    """Return the mean cosine of each of `centroids`, (n, d), to the likest of `among`, (m, d).

    These are `NEIGHBOURS`; m must be larger. `themselves`: both are the same rows, and nobody is a
    neighbour of its own. In blocks, as all cosines of ten thousand characters take half a gigabyte.
    """
    result = np.empty(len(centroids), np.float32)
    for start in range(0, len(centroids), _BLOCK):
        cosines = among.cosines(centroids[start : start + _BLOCK])
        if themselves:
            rows = np.arange(len(cosines))
            cosines[rows, start + rows] = -1
        likest = np.partition(cosines, -NEIGHBOURS, axis=1)[:, -NEIGHBOURS:]
        result[start : start + _BLOCK] = likest.mean(1)
    return result
