"""Arithmetic on head boxes: overlap, clusters of boxes that mean the same face, frames merged."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from models.types import Box, Face

SAME_FACE = 0.4
"""Overlap (IoU) from which two boxes mean the same face; neighbours' heads overlap less."""

WITHIN = 0.7
"""Part of a box within another's from which it is a part of that head and no head itself."""


def iou(a: Box, b: Box) -> float:
    """Return intersection over union of two boxes, 0 to 1."""
    width = min(a.x1, b.x1) - max(a.x0, b.x0)
    height = min(a.y1, b.y1) - max(a.y0, b.y0)
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    return shared / (a.area + b.area - shared)


def around(x: float, y: float, side: float) -> Box:
    """Return the square box of `side` pixels centred on (x, y)."""
    half = side / 2
    return Box(x - half, y - half, x + half, y + half)


def squared(box: Box) -> Box:
    """Return the square with the box's centre and its longer side."""
    return around(*box.center, box.side)


def mean_box(boxes: Sequence[Box], weights: Sequence[float]) -> Box:
    """Return the weighted mean of boxes; the weights need not sum to 1."""
    total = sum(weights)

    def mean(values: list[float]) -> float:
        return sum(value * weight for value, weight in zip(values, weights, strict=True)) / total

    return Box(
        mean([box.x0 for box in boxes]),
        mean([box.y0 for box in boxes]),
        mean([box.x1 for box in boxes]),
        mean([box.y1 for box in boxes]),
    )


def same_face(a: Box, b: Box, overlap: float = SAME_FACE) -> bool:
    """Tell whether two boxes mean one face: they overlap much, or one's centre is the other's.

    The second half catches a small box within a big one (an eye and its face).
    """
    if iou(a, b) >= overlap:
        return True
    small, big = (a, b) if a.side < b.side else (b, a)
    (x, y), (to_x, to_y) = small.center, big.center
    return abs(x - to_x) < big.side / 4 and abs(y - to_y) < big.side / 4


def cluster(boxes: Sequence[Box], weights: Sequence[float]) -> list[list[int]]:
    """Group the indices of boxes that mean the same face, the heaviest box of each group first.

    Greedy, as in non-maximum suppression: the heaviest box left takes all that mean its face.
    """
    corners = np.array([box.as_list() for box in boxes], np.float64).reshape(-1, 4)
    return [group.tolist() for group in cluster_corners(corners, np.asarray(weights, np.float64))]


def cluster_corners(
    corners: NDArray[np.float64], weights: NDArray[np.float64]
) -> Iterator[NDArray[np.intp]]:
    """Do as `cluster` does, for many boxes: `corners` is (n, 4), each x0, y0, x1, y1.

    A group is looked for when it is asked for: who needs the heaviest takes no more.
    """
    left = np.argsort(-weights, kind="stable")
    boxes = _Boxes.of(corners[left])
    while len(left):
        same = boxes.same_face_as_first()
        yield left[same]
        left, boxes = left[~same], boxes.where(~same)


class _Boxes:
    """Boxes as what tells whether two of them mean one face, each figure (n,) float64.

    Rows: x0, y0, x1, y1, side, area, and twice the centre's x and y.
    """

    def __init__(self, rows: NDArray[np.float64]) -> None:
        self._rows = rows

    @classmethod
    def of(cls, corners: NDArray[np.float64]) -> _Boxes:
        x0, y0, x1, y1 = corners.T
        wide, high = x1 - x0, y1 - y0
        side = np.maximum(np.maximum(wide, high), 0)
        return cls(np.stack([x0, y0, x1, y1, side, wide * high, x0 + x1, y0 + y1]))

    def where(self, chosen: NDArray[np.bool_]) -> _Boxes:
        return _Boxes(self._rows[:, chosen])

    def same_face_as_first(self) -> NDArray[np.bool_]:
        """`same_face` of the first with each; its own place is true."""
        x0, y0, x1, y1, side, area, x, y = self._rows
        shared = _shared(self._rows[:4, 0], x0, y0, x1, y1)
        apart = np.maximum(np.abs(x - x[0]), np.abs(y - y[0])) / 2
        same = (_iou(shared, area[0], area) >= SAME_FACE) | (apart < np.maximum(side, side[0]) / 4)
        same[0] = True
        return same


def overlaps(one: NDArray[np.float64], many: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the IoU, 0 to 1, of a box (4,) with each of (n, 4) boxes."""
    x0, y0, x1, y1 = many.T
    area = (x1 - x0) * (y1 - y0)
    return _iou(_shared(one, x0, y0, x1, y1), (one[2] - one[0]) * (one[3] - one[1]), area)


def _shared(
    one: NDArray[np.float64],
    x0: NDArray[np.float64],
    y0: NDArray[np.float64],
    x1: NDArray[np.float64],
    y1: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return the area that a box (4,) has in common with each of many."""
    width = np.minimum(x1, one[2]) - np.maximum(x0, one[0])
    height = np.minimum(y1, one[3]) - np.maximum(y0, one[1])
    return np.maximum(width, 0) * np.maximum(height, 0)


def _iou(
    shared: NDArray[np.float64], one: np.float64, many: NDArray[np.float64]
) -> NDArray[np.float64]:
    joined = one + many - shared
    return np.divide(shared, joined, out=np.zeros_like(shared), where=shared > 0)


def moved(face: Face, right: float, down: float) -> Face:
    """Return the face `right` and `down` pixels away."""
    return replace(face, box=face.box.moved(right, down))


def outermost(faces: Sequence[Face]) -> list[Face]:
    """Leave out faces whose box lies within a larger face's: eyes, mouths, hair slides."""
    kept: list[Face] = []
    for face in sorted(faces, key=lambda face: -face.box.side):
        if all(part_within(face.box, larger.box) < WITHIN for larger in kept):
            kept.append(face)
    return kept


def part_within(small: Box, large: Box) -> float:
    """Return what part of a box, 0 to 1, lies in another."""
    width = min(small.x1, large.x1) - max(small.x0, large.x0)
    height = min(small.y1, large.y1) - max(small.y0, large.y0)
    return max(width, 0.0) * max(height, 0.0) / small.area if small.area else 1.0


def place_of(box: Box) -> str:
    """Say in which ninth of a picture the middle of a box lies, that is in shares of its sides."""
    column, row = (min(2, max(0, int(3 * at))) for at in box.center)
    across, down = ("left", "", "right")[column], ("top", "", "bottom")[row]
    return " ".join(filter(None, (down, across))) or "centre"


def best_faces(faces: Sequence[Face], limit: int) -> list[Face]:
    """Keep the `limit` faces that matter most (score times side), in reading order."""
    kept = sorted(faces, key=lambda face: -face.score * face.box.side)[:limit]
    return reading_order(kept)


def reading_order(faces: Sequence[Face]) -> list[Face]:
    """Sort faces from left to right in rows from top to bottom.

    A face belongs to the row of the topmost face left while its centre lies above that face's
    lower edge.
    """
    left = sorted(faces, key=lambda face: face.box.center[1])
    ordered: list[Face] = []
    while left:
        row = [face for face in left if face.box.center[1] < left[0].box.y1]
        left = [face for face in left if face not in row]
        ordered += sorted(row, key=lambda face: face.box.center[0])
    return ordered
