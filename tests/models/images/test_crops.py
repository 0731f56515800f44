"""The crop around a face: square, of one size, padded with what is at the edge."""

from __future__ import annotations

import numpy as np
import pytest

from models.detection.boxes import around
from models.images.crops import crop_face
from models.types import Box
from tests.models.drawn import noise


def test_crop_is_the_square_around_the_box() -> None:
    picture = np.zeros((100, 200, 3), np.uint8)
    picture[30:70, 80:120] = 255

    tight = crop_face(picture, Box(80, 30, 120, 70), 40, margin=0.0)
    wide = crop_face(picture, Box(80, 30, 120, 70), 80, margin=0.5)

    assert tight.shape == (40, 40, 3)
    assert tight.dtype == np.uint8
    assert (tight == 255).all()
    assert (wide[21:59, 21:59] == 255).all()
    assert (wide[:19] == 0).all()


def test_beyond_the_picture_its_edge_goes_on() -> None:
    picture = np.full((50, 50, 3), 200, np.uint8)
    for box in (around(0, 0, 40), around(50, 50, 90), around(-300, 20, 30), around(25, 900, 10)):
        assert (crop_face(picture, box, 32) == 200).all()


def test_one_pixel_pictures_and_empty_boxes() -> None:
    assert crop_face(noise(1, 1), Box(0, 0, 1, 1), 16).shape == (16, 16, 3)
    assert crop_face(noise(30, 20), Box(5, 5, 5, 5), 16).shape == (16, 16, 3)


def test_shrinking_averages() -> None:
    picture = noise(400, 400)
    crop = crop_face(picture, Box(0, 0, 400, 400), 10, margin=0.0)
    assert np.abs(crop.astype(float) - 127.5).max() < 12


@pytest.mark.parametrize("x", [-90, -8, 20, 45, 130])
@pytest.mark.parametrize("y", [-70, -3, 17, 38, 99])
@pytest.mark.parametrize("side", [1, 7, 24, 150])
def test_every_pixel_is_the_nearest_of_the_picture(x: int, y: int, side: int) -> None:
    picture = noise(50, 40)
    columns = np.clip(np.arange(x, x + side), 0, 49)
    rows = np.clip(np.arange(y, y + side), 0, 39)
    crop = crop_face(picture, Box(x, y, x + side, y + side), side, margin=0.0)
    assert (crop == picture[rows[:, None], columns]).all()
