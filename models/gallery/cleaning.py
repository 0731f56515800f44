"""Which of the faces that are called one character fit it least, and which are the same picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from models.types import Vector


def typicality(vectors: Sequence[Vector]) -> list[float]:
    """Return how alike each vector, (d,) of unit length, is to the mean of the others, -1 to 1.

    What is alone is as typical as can be. The mean leaves the vector itself out, or of few vectors
    each would be typical by itself (leave-one-out).
    """
    if len(vectors) < 2:
        return [1.0] * len(vectors)
    stack = np.stack(vectors).astype(np.float64)
    others = stack.sum(axis=0) - stack
    lengths = np.maximum(np.linalg.norm(others, axis=1), 1e-9)
    return ((stack * others).sum(axis=1) / lengths).tolist()
