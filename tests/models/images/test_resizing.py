"""Large pictures are halved, never below what was asked for."""

from __future__ import annotations

import numpy as np
import pytest

from models.images.resizing import halved
from tests.models.drawn import noise


@pytest.mark.parametrize(
    ("width", "height", "least", "becomes"),
    [
        (400, 300, 100, (100, 75)),
        (399, 300, 100, (199, 150)),
        (301, 803, 200, (75, 200)),
        (90, 80, 100, (90, 80)),
        (800, 1, 100, (800, 1)),
    ],
)
def test_the_longer_side_stays_at_least(
    width: int, height: int, least: int, becomes: tuple[int, int]
) -> None:
    assert halved(noise(width, height), least).shape == (becomes[1], becomes[0], 3)


def test_a_pixel_is_the_mean_of_four() -> None:
    picture = np.zeros((2, 4, 3), np.uint8)
    picture[0, :2] = 200
    assert halved(picture, 2)[0].tolist() == [[100] * 3, [0] * 3]


def test_halving_in_two_goes_is_halving_in_one() -> None:
    picture = noise(1037, 523)
    assert (halved(halved(picture, 500), 120) == halved(picture, 120)).all()


def test_a_picture_that_is_small_enough_is_returned_itself() -> None:
    picture = noise(199, 100)
    assert halved(picture, 100) is picture
