"""What the other faces of a picture say: characters of one series appear together.

A picture is named in two passes. The second gives a face a log prior for the series of those that
the first named surely. Unknown faces are posted with known ones, too, and must not be named more
often for it: so a face that gets such a prior must be surer to be named. Prior and caution were
chosen by the rule that docs/learning.md tells.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from models.types import Character

SERIES_BESIDE: Final = 0.1
"""What a score gains where another face is surely of the character's series."""
CAUTION: Final = 1.5
"""The log odds that a face loses where others say of which series it may be."""


def priors_beside(
    sure: Sequence[str], frames: Sequence[int], characters: Sequence[Character]
) -> NDArray[np.float32] | None:
    """Return the log prior of each face by the others of its frame, (n, characters).

    `sure`, (n,), is the series of each face that the first pass named surely, "" of any other;
    `frames`, (n,), says which faces are seen together. None where nobody is sure of another face.
    """
    found: NDArray[np.float32] | None = None
    of_series: dict[str, NDArray[np.bool_]] = {}
    for row, frame in enumerate(frames):
        others = {
            series
            for other, series in enumerate(sure)
            if series and other != row and frames[other] == frame
        }
        for series in others:
            if series not in of_series:
                of_series[series] = np.array([c.series == series for c in characters])
            if found is None:
                found = np.zeros((len(sure), len(characters)), np.float32)
            found[row, of_series[series]] = SERIES_BESIDE
    return found
