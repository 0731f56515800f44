"""Tiles: all of a picture is in one, every head is whole in one and given once, time is bounded."""

from __future__ import annotations

import numpy as np
import pytest

from models.detection.boxes import around, moved
from models.detection.tiles import LARGEST, OVERLAP, joined, stretch, tiles
from models.types import Face


def test_a_small_picture_is_one_tile() -> None:
    (tile,) = tiles(LARGEST, 300)
    picture = np.arange(LARGEST * 300 * 3).reshape(LARGEST, 300, 3).astype(np.uint8)
    assert (tile.cut(picture) == picture).all()


@pytest.mark.parametrize(("height", "width"), [(513, 512), (768, 768), (3456, 128), (700, 9000)])
def test_tiles_cover_the_picture_and_hold_every_head_whole(height: int, width: int) -> None:
    parts = tiles(height, width)
    covered = np.zeros((height, width), np.bool_)
    for tile in parts:
        assert tile.right - tile.left <= LARGEST
        assert tile.bottom - tile.top <= LARGEST
        covered[tile.top : tile.bottom, tile.left : tile.right] = True
    assert covered.all()
    assert len({(tile.right - tile.left, tile.bottom - tile.top) for tile in parts}) == 1
    side = min(OVERLAP, height, width)
    for top in range(0, height - side, 37):
        assert any(tile.top <= top and top + side <= tile.bottom for tile in parts)


def test_a_head_in_two_tiles_is_given_once_and_half_of_one_not_at_all() -> None:
    upper, lower = tiles(800, 400)
    border = (upper.bottom + lower.top) / 2
    head = Face(around(200, border, 100), 0.8)
    cut = Face(around(200, upper.bottom - 10, 60), 0.9)  # the lower tile shows all of it
    whole = Face(around(200, upper.bottom, 80), 0.7)
    seen = [
        (upper, [head, cut]),
        (lower, [moved(face, 0, -lower.top) for face in (Face(head.box, 0.6), whole)]),
    ]
    assert joined(seen) == [head, whole]


def test_a_strip_is_seen_by_stretches_and_a_portrait_as_a_whole() -> None:
    assert stretch(2000, 800) == stretch(800, 2000) == 2000
    assert stretch(5400, 800) == 1200
    assert stretch(21600, 800) == 1200


@pytest.mark.parametrize("length", [21_600, 60_000, 1_000_000])
def test_the_longest_strip_takes_no_more_tiles_than_a_long_one(length: int) -> None:
    factor = 512 / stretch(length, 800)
    assert len(tiles(round(length * factor), max(1, round(800 * factor)))) <= 30
