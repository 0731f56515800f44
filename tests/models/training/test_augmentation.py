"""Augmentation: right shapes, by the seed, and each change does something."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np
import pytest

from models.training.augmentation import Augmentation, compressed, framed, shifted_hues

CHANCES = ("mirror", "recolour", "grey", "blur", "shrink", "compress", "cover", "noise")
STILL: dict[str, Any] = {"zoom": (1.0, 1.0), "shift": 0.0, "degrees": 0.0, "aspect": 0.0}


def _picture(height: int = 120, width: int = 100) -> np.ndarray:
    rng = np.random.default_rng(3)
    coarse = rng.integers(0, 256, (height // 10, width // 10, 3))
    return np.kron(coarse, np.ones((10, 10, 1))).astype(np.uint8)


def test_shape_and_seed() -> None:
    change = Augmentation()
    for seed in range(20):
        out = change(_picture(), 64, np.random.default_rng(seed))
        assert out.shape == (64, 64, 3)
        assert out.dtype == np.uint8
        again = change(_picture(), 64, np.random.default_rng(seed))
        np.testing.assert_array_equal(out, again)


@pytest.mark.parametrize("name", CHANCES)
def test_each_change_changes_the_picture(name: str) -> None:
    assert name in {field.name for field in fields(Augmentation)}
    off: dict[str, Any] = dict.fromkeys(CHANCES, 0.0)
    plain = Augmentation(**STILL, **off)(_picture(), 96, np.random.default_rng(0))
    changed = Augmentation(**STILL, **{**off, name: 1.0})(_picture(), 96, np.random.default_rng(0))
    assert np.abs(plain.astype(int) - changed.astype(int)).mean() > 0.3


def test_framing_pads_to_a_square() -> None:
    picture = np.zeros((40, 80, 3), np.uint8)
    picture[:, :, 0] = np.arange(80)[None] * 3
    out = framed(picture, 64)
    assert out.shape == (64, 64, 3)
    assert out[:, :8].mean() < out[:, -8:].mean()


def test_compressing_keeps_the_shape_and_loses_detail() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (48, 48, 3)).astype(np.uint8)
    out = compressed(noise, 20)
    assert out.shape == noise.shape
    assert out.std() < noise.std()


def test_hair_gets_another_hue_and_skin_stays() -> None:
    hair, skin = (40, 60, 200), (250, 215, 190)
    picture = np.zeros((60, 60, 3), np.uint8)
    picture[:30], picture[30:] = hair, skin
    shifted = shifted_hues(picture, 120)
    assert shifted is not None
    red, green, blue = shifted[10, 30].astype(int)
    assert red > 150 > 80 > max(green, blue)
    np.testing.assert_allclose(shifted[50, 30], skin, atol=2)


def test_what_has_no_colour_becomes_nobody_else() -> None:
    assert shifted_hues(np.full((60, 60, 3), 30, np.uint8), 120) is None
