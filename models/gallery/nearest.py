"""Which of some vectors are most like one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from models.types import Vector


def nearest(vector: Vector, others: Sequence[Vector], most: int) -> list[tuple[int, float]]:
    """Return the places of the `most` of `others` most like `vector`, with their cosines.

    The most alike first; all are (d,) of unit length.
    """
    if not others:
        return []
    cosines = np.stack(others).astype(np.float32) @ vector.astype(np.float32)
    return [(int(place), float(cosines[place])) for place in np.argsort(-cosines)[:most]]
