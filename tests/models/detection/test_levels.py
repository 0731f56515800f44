"""Pictures whose colours span a part of their range, stretched."""

from __future__ import annotations

import numpy as np
import pytest

from models.detection.levels import NARROW, NOISE, stretched
from models.types import Pixels


def ramp(*spans: int) -> Pixels:
    """Return a picture whose colours rise by so many levels from its left to its right."""
    row = np.stack([np.linspace(60, 60 + span, 500) for span in spans], axis=1)
    return np.repeat(row[None], 300, axis=0).round().astype(np.uint8)


def test_each_colour_of_a_tinted_picture_is_stretched_over_the_whole_range() -> None:
    clear = stretched(ramp(190, 60, 40))
    assert clear is not None
    assert clear.shape == (300, 500, 3)
    assert clear.dtype == np.uint8
    assert clear.min(axis=(0, 1)).tolist() == [0, 0, 0]
    assert clear.max(axis=(0, 1)).tolist() == [255, 255, 255]
    assert (np.diff(clear[0].astype(int), axis=0) >= 0).all()


@pytest.mark.parametrize("spans", [(190, 190, 190), (190, 60, NOISE // 2), (0, 0, 0)])
def test_a_full_range_stays_and_noise_is_not_enlarged(spans: tuple[int, int, int]) -> None:
    assert stretched(ramp(*spans)) is None


@pytest.mark.parametrize("shape", [(1, 1), (1, 4000), (3, 2)])
def test_every_shape_is_taken(shape: tuple[int, int]) -> None:
    picture = np.random.default_rng(0).integers(0, NARROW // 2, (*shape, 3)).astype(np.uint8)
    clear = stretched(picture)
    assert clear is None or clear.shape == picture.shape
