"""Every face of grids, strips and pages that are made of the repository's own samples."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

import cv2
import numpy as np
import pytest

import sandbox
from models.detection.boxes import iou
from models.detection.learned import LearnedDetector
from models.detection.registry import Detector
from models.identify import Identifier
from models.images.decoding import Picture, decode
from models.types import Box, Face, Pixels
from tests.models.test_identify import ByStrongestColour, MeanColour

if TYPE_CHECKING:
    from models.embedding.embedder import Embedder
    from models.gallery.namer import Namer

SAMPLES = Path(sandbox.__file__).parent / "samples" / "pictures"


@pytest.fixture(scope="module")
def detector() -> LearnedDetector:
    return LearnedDetector.load()


@pytest.fixture(scope="module")
def figures() -> list[Pixels]:
    files = sorted(SAMPLES.glob("*-[123].webp"))
    return [decode(file.read_bytes(), file.name).frames[0] for file in files]


def _find(detector: Detector, pixels: Pixels) -> list[Face]:
    """Find as the bot does, which halves large pictures before."""
    identifier = Identifier(
        detector, cast("Embedder", MeanColour()), cast("Namer", ByStrongestColour())
    )
    height, width = pixels.shape[:2]
    return identifier.find(
        Picture("a.png", (pixels,), animated=False, width=width, height=height), max_faces=100
    )


def _grid(figures: list[Pixels], across: int, side: int) -> tuple[Pixels, list[Box]]:
    """Put figures into squares, `across` beside each other; return them and each one's square."""
    rows = -(-len(figures) // across)
    picture = np.full((rows * side, across * side, 3), 255, np.uint8)
    cells: list[Box] = []
    for place, figure in enumerate(figures):
        scale = side / max(figure.shape[:2])
        small = cv2.resize(figure, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        x, y = side * (place % across), side * (place // across)
        picture[y : y + small.shape[0], x : x + small.shape[1]] = small
        cells.append(Box(x, y, x + side, y + side))
    return picture, cells


def _within(face: Face, cell: Box) -> bool:
    x, y = face.box.center
    return cell.x0 <= x < cell.x1 and cell.y0 <= y < cell.y1


@pytest.mark.parametrize(
    ("count", "across", "side"),
    [(4, 2, 500), (9, 3, 400), (16, 4, 300), (6, 1, 900), (16, 1, 900)],
    ids=["2 x 2", "3 x 3", "4 x 4", "strip", "long strip"],
)
def test_each_figure_that_is_found_alone_is_found_among_others(
    detector: LearnedDetector, figures: list[Pixels], count: int, across: int, side: int
) -> None:
    picture, cells = _grid(figures[:count], across, side)
    found = _find(detector, picture)
    alone = [len(_find(detector, figure)) for figure in figures[:count]]
    assert sum(alone) >= count - 1
    together = [sum(_within(face, cell) for face in found) for cell in cells]
    missed = sum(max(0, one - two) for one, two in zip(alone, together, strict=True))
    assert missed <= count // 16
    assert len(found) <= sum(alone) + count // 8


def test_a_face_on_the_border_of_two_tiles_is_boxed_once(
    detector: LearnedDetector, figures: list[Pixels]
) -> None:
    for shift in range(0, 900, 300):
        picture, _ = _grid(figures[:4], 1, 900)
        moved = np.vstack([np.full((shift, 900, 3), 255, np.uint8), picture])
        boxes = [face.box for face in _find(detector, moved)]
        assert len(boxes) == 4
        assert all(iou(a, b) < 0.1 for a in boxes for b in boxes if a is not b)


def test_a_huge_strip_takes_no_more_passes_than_a_long_one() -> None:
    runs: list[int] = []

    def network(batch: np.ndarray) -> np.ndarray:
        """Find a small head every so often, so that it looks as close as it can."""
        runs.append(len(batch))
        given = np.full((len(batch), batch.shape[1] // 8, batch.shape[2] // 8, 4), -6, np.float32)
        given[..., 1:] = np.log(0.8), 0, 0
        given[:, 4::12, 4::12, 0] = 3
        return given

    LearnedDetector(network).detect(np.zeros((48_000, 200, 3), np.uint8))
    assert 60 < sum(runs) < 150


def test_close_portraits_are_boxed(detector: LearnedDetector, figures: list[Pixels]) -> None:
    for figure in figures[::4]:
        (head,) = detector.detect(figure)
        x0, y0, x1, y1 = (max(0, round(edge)) for edge in head.box.as_list())
        (again,) = detector.detect(np.ascontiguousarray(figure[y0:y1, x0:x1]))
        assert iou(again.box.moved(x0, y0), head.box) > 0.6
