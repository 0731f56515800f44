"""Changes of style."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from models.training.breadth.styles import (
    Styles,
    flat_colours,
    line_art,
    posterised,
    screen_tone,
    sharpened,
    smoothed,
)

if TYPE_CHECKING:
    from collections.abc import Callable

CHANGES = (line_art, screen_tone, flat_colours, posterised, smoothed, sharpened)


def picture(side: int = 64) -> np.ndarray:
    y, x = np.mgrid[:side, :side]
    face = np.full((side, side, 3), 200, np.uint8)
    face[(x - side / 2) ** 2 + (y - side / 2) ** 2 < (side / 3) ** 2] = (240, 200, 180)
    face[: side // 3] = (60, 80, 200)
    return face


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_keeps_shape_and_type_and_input(change: Callable) -> None:
    before = picture()
    kept = before.copy()
    out = change(before, np.random.default_rng(0))
    assert out.shape == before.shape
    assert out.dtype == np.uint8
    assert np.array_equal(before, kept)
    assert not np.array_equal(out, before)


@pytest.mark.parametrize("change", [line_art, screen_tone])
def test_ink_has_no_colour(change: Callable) -> None:
    out = change(picture(), np.random.default_rng(0))
    assert np.array_equal(out[..., 0], out[..., 2])
    assert out.max() > 200


def test_nothing_changes_without_chances() -> None:
    none = Styles(0, 0, 0, 0, 0, 0, 0, 0)
    before = picture()
    assert np.array_equal(none(before, before, np.random.default_rng(0)), before)


def test_another_background_keeps_the_middle() -> None:
    only = Styles(0, 0, 0, 0, 0, 0, background=1, white_balance=0)
    before, other = picture(), np.zeros((64, 64, 3), np.uint8)
    changed = [only(before, other, np.random.default_rng(seed)) for seed in range(8)]
    for out in changed:
        assert np.abs(out[28:36, 28:36].astype(int) - before[28:36, 28:36]).max() <= 2
    assert any(np.abs(out[0, 0].astype(int) - before[0, 0]).max() > 40 for out in changed)


def test_all_chances_draw_the_same_for_the_same_seed() -> None:
    styles, before = Styles(), picture()
    one = [styles(before, before, np.random.default_rng(i)) for i in range(20)]
    two = [styles(before, before, np.random.default_rng(i)) for i in range(20)]
    assert all(np.array_equal(a, b) for a, b in zip(one, two, strict=True))
