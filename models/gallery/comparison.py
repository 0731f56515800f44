"""What was measured of two versions of a gallery that name the same faces."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Test = Literal["shipped", "own", "impostors"]
"""The faces of a test: of shipped characters, of a server's own labels, or of nobody enrolled."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """One test of a version against another: shares of faces that came out well, 0 to 1.

    `interval` is that of their difference (paired, 95 %).
    """

    faces: int
    before: float
    after: float
    interval: tuple[float, float]


Comparisons = Mapping[Test, Comparison]
"""The tests of a version against another; one that has no faces is left out."""
