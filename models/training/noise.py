"""Finds pictures that look wrongly labelled, by the vectors of an embedding."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from models.gallery.gallery import unit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from models.types import Vectors

LEAD: Final = 0.3
"""A picture is doubtful where another class is nearer than its own by so much, in cosine."""


def doubtful(vectors: Vectors, labels: Sequence[str]) -> list[int]:
    """Return the indices of the vectors, (n, dimensions), that another class fits far better.

    Each is compared with the means of the classes, its own mean without itself. A class's only
    picture is never doubtful.
    """
    names, owners = np.unique(np.array(labels), return_inverse=True)
    sums = np.zeros((len(names), vectors.shape[1]), np.float64)
    np.add.at(sums, owners, vectors)
    counts = np.bincount(owners)
    cosines = vectors @ unit(sums.astype(np.float32)).T
    rows = np.arange(len(vectors))
    own = (vectors * unit((sums[owners] - vectors).astype(np.float32))).sum(axis=1)
    cosines[rows, owners] = -1
    return np.flatnonzero((cosines.max(axis=1) > own + LEAD) & (counts[owners] > 1)).tolist()
