"""A large JPEG is decoded as small as is enough; all else about it stays."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from models.images.decoding import Picture, PictureError, PictureLimits, decode
from models.images.resizing import halved
from tests.models.drawn import encoded, halves


def decoded(data: bytes, enough: int) -> Picture:
    return decode(data, "large", enough=lambda height, width: enough)


@pytest.mark.parametrize(
    ("size", "enough", "becomes"),
    [
        ((640, 480), 320, (320, 240)),
        ((640, 480), 321, (640, 480)),
        ((640, 480), 160, (160, 120)),
        ((640, 480), 100, (160, 120)),
        ((640, 480), 1, (80, 60)),
        ((481, 641), 300, (241, 321)),
        ((2000, 3), 500, (1000, 2)),
    ],
)
def test_a_jpeg_is_halved_while_enough_is_left(
    size: tuple[int, int], enough: int, becomes: tuple[int, int]
) -> None:
    picture = decoded(encoded(halves(*size), "JPEG", quality=95), enough)
    assert (picture.width, picture.height) == size
    assert picture.frames[0].shape == (becomes[1], becomes[0], 3)


def test_it_looks_as_if_it_was_halved() -> None:
    image = Image.radial_gradient("L").resize((640, 640)).convert("RGB")
    data = encoded(image, "JPEG", quality=95)
    small, whole = decoded(data, 160).frames[0], decode(data, "whole").frames[0]
    assert np.abs(small.astype(int) - halved(whole, 160)).max() <= 4


def test_it_is_turned_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    picture = decoded(encoded(halves(640, 480), "JPEG", exif=exif), 320)
    assert (picture.width, picture.height) == (480, 640)
    assert picture.frames[0].shape == (320, 240, 3)


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "GIF", "BMP"])
def test_other_formats_stay_as_large_as_they_are(kind: str) -> None:
    assert decoded(encoded(halves(640, 480), kind), 100).frames[0].shape == (480, 640, 3)


@pytest.mark.parametrize("mode", ["L", "CMYK"])
def test_grey_and_printed_jpegs_too(mode: str) -> None:
    data = encoded(halves(640, 480).convert(mode), "JPEG")
    assert decoded(data, 320).frames[0].shape == (240, 320, 3)


def test_no_limit_is_passed_by() -> None:
    data = encoded(halves(640, 480), "JPEG")
    with pytest.raises(PictureError, match="too large"):
        decode(data, "large", PictureLimits(max_pixels=300_000), enough=lambda height, width: 80)
    with pytest.raises(PictureError, match="too early"):
        decoded(data[: len(data) // 2], 80)
