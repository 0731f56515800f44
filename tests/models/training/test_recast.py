"""Recasting: hair changes, skin stays, and what can't change becomes nobody."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from models.training.recast import COLOURINGS, TURNS, Colouring, recast

HAIR, SKIN, INK = (40, 60, 200), (250, 215, 190), (20, 20, 26)


def _face(hair: tuple[int, int, int]) -> np.ndarray:
    """Hair above skin, with a thin dark line across the skin."""
    picture = np.zeros((60, 60, 3), np.uint8)
    picture[:30], picture[30:] = hair, SKIN
    picture[50] = INK
    return picture


def _at(picture: np.ndarray | None, row: int) -> list[int]:
    assert picture is not None
    return picture[row, 30].astype(int).tolist()


def test_hair_gets_another_hue_and_skin_stays() -> None:
    other = recast(_face(HAIR), Colouring(120))
    red, green, blue = _at(other, 10)
    assert red > 150 > 80 > max(green, blue)
    np.testing.assert_allclose(_at(other, 40), SKIN, atol=2)


def test_a_bend_parts_hues_that_a_turn_moves_alike() -> None:
    def hue(colour: tuple[int, int, int], bend: int) -> int:
        other = recast(_face(colour), Colouring(120, bend))
        assert other is not None
        return int(cv2.cvtColor(other[10:11, 30:31], cv2.COLOR_RGB2HSV)[0, 0, 0])

    green, violet = (30, 200, 60), (130, 30, 200)
    assert (hue(green, 0) - hue(violet, 0)) % 180 != (hue(green, 57) - hue(violet, 57)) % 180


def test_silver_hair_is_pale_and_has_hardly_a_colour() -> None:
    colour = _at(recast(_face(HAIR), Colouring(silver=True)), 10)
    assert min(colour) > 150
    assert max(colour) - min(colour) < 50


def test_black_hair_is_tinted_and_lines_stay() -> None:
    assert recast(_face(INK), Colouring(240)) is None
    other = recast(_face(INK), Colouring(240, tint=True))
    red, green, blue = _at(other, 10)
    assert blue > 80
    assert blue > 1.3 * max(red, green)
    np.testing.assert_allclose(_at(other, 50), INK, atol=30)


@pytest.mark.parametrize("colouring", [*TURNS, *COLOURINGS])
def test_white_hair_becomes_nobody_else(colouring: Colouring) -> None:
    assert recast(_face((245, 245, 248)), colouring) is None


def test_every_colouring_makes_somebody_else_of_coloured_hair() -> None:
    made = [recast(_face(HAIR), colouring) for colouring in COLOURINGS]
    for number, one in enumerate(made):
        assert one is not None
        for other in made[:number]:
            assert np.abs(one.astype(int) - np.asarray(other)).mean() > 2
