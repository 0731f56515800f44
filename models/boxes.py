"""Arithmetic on head boxes: overlap, clusters of boxes that mean the same face, frames merged."""

from __future__ import annotations

from collections.abc import Sequence

from models.types import Box, Face

SAME_FACE = 0.4
"""Overlap (IoU) from which two boxes mean the same face; neighbours' heads overlap less."""


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
    order = sorted(range(len(boxes)), key=lambda index: -weights[index])
    groups: list[list[int]] = []
    for index in order:
        for group in groups:
            if same_face(boxes[group[0]], boxes[index]):
                group.append(index)
                break
        else:
            groups.append([index])
    return groups


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
