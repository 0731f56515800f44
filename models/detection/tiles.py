"""How a pass over a large or long picture is cut into tiles, and what these show joined again.

A network sees at most `LARGEST` pixels each way at once, so that a strip needs no more memory than
a portrait.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise, product
from typing import TYPE_CHECKING, Final

from models.detection.boxes import cluster, moved

if TYPE_CHECKING:
    from collections.abc import Sequence

    from models.types import Box, Face, Pixels

LARGEST: Final = 512
"""Longest side of a tile, in pixels of a pass."""

OVERLAP: Final = 192
"""Least overlap of neighbours: a head up to this side is whole in one of them."""

LONG: Final = 2.5
"""A picture that is longer than this many times its shorter side is a strip."""

STRETCH: Final = 1.5
"""What a pass takes for the longer side of a strip, in its shorter sides."""

MOST_STRETCHES: Final = 18
"""So many of these a strip has at most: a longer one is seen smaller, so that time is bounded."""

MOST_TILES: Final = 48
"""A closer pass that takes more tiles is not made."""

_BEYOND: Final = 24
"""Pixels beyond its own ground up to which a tile's heads count: the neighbour's box differs."""


@dataclass(frozen=True, slots=True)
class Tile:
    """A rectangle of a picture; its own ground is what is nearer to it than to its neighbours."""

    left: int
    top: int
    right: int
    bottom: int
    own_left: float
    own_top: float
    own_right: float
    own_bottom: float

    def cut(self, picture: Pixels) -> Pixels:
        """Return the tile's pixels."""
        return picture[self.top : self.bottom, self.left : self.right]

    def owns(self, box: Box) -> bool:
        """Tell whether a box of the whole picture is this tile's to find."""
        x, y = box.center
        return (
            self.own_left - _BEYOND <= x <= self.own_right + _BEYOND
            and self.own_top - _BEYOND <= y <= self.own_bottom + _BEYOND
        )


def stretch(height: int, width: int) -> float:
    """Return how many pixels of a picture a pass takes for its longer side.

    It is the longer side itself, and of a strip a part of it, `STRETCH` shorter sides or more.
    """
    longer, shorter = max(height, width), min(height, width)
    if longer <= LONG * shorter:
        return longer
    return max(STRETCH * shorter, longer / MOST_STRETCHES)


def tiles(height: int, width: int) -> list[Tile]:
    """Return the tiles of a picture, one where `LARGEST` pixels hold it, in reading order."""
    return [
        Tile(left, top, right, bottom, own_left, own_top, own_right, own_bottom)
        for (top, bottom, own_top, own_bottom), (left, right, own_left, own_right) in product(
            _stretches(height), _stretches(width)
        )
    ]


def joined(found: Sequence[tuple[Tile, Sequence[Face]]]) -> list[Face]:
    """Return the heads of all tiles, boxed in pixels of their own tile, as heads of the picture.

    A head that two tiles show is given once, with the higher score.
    """
    heads = [
        face
        for tile, faces in found
        for face in (moved(face, tile.left, tile.top) for face in faces)
        if tile.owns(face.box)
    ]
    if len(found) == 1:
        return heads
    groups = cluster([face.box for face in heads], [face.score for face in heads])
    return [heads[group[0]] for group in groups]


def _stretches(length: int) -> list[tuple[int, int, float, float]]:
    """Cut a side: start, end, and where its own ground starts and ends, of each stretch."""
    if length <= LARGEST:
        return [(0, length, 0.0, float(length))]
    count = -(-(length - OVERLAP) // (LARGEST - OVERLAP))
    side = -(-(length + (count - 1) * OVERLAP) // count)
    starts = [round(place * (length - side) / (count - 1)) for place in range(count)]
    borders = [(right + left + side) / 2 for left, right in pairwise(starts)]
    return [
        (start, start + side, own_start, own_end)
        for start, own_start, own_end in zip(
            starts, [0.0, *borders], [*borders, float(length)], strict=True
        )
    ]
