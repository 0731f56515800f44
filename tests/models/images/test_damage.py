"""What every viewer opens is read: files that are damaged beside their pixels, and no others."""

from __future__ import annotations

import io
import itertools
import subprocess
import sys
import zlib
from collections.abc import Iterable
from typing import Any

import numpy as np
import pytest
from PIL import Image, features

from models.images.decoding import LOCAL_LIMITS, PictureError, PictureLimits, decode
from models.images.exif import turned_upright
from models.types import Pixels
from tests.models.drawn import encoded, halves, noise
from tests.models.images import damage

NAME = "holiday.dat"


def named(files: Iterable[tuple[str, bytes]]) -> list[Any]:
    return [pytest.param(data, id=what) for what, data in files]


def assert_shows_the_picture(data: bytes, tolerance: int) -> None:
    picture = decode(data, NAME)
    expected = np.asarray(damage.PICTURE).astype(int)
    assert not picture.animated
    assert (picture.width, picture.height) == (60, 40)
    assert np.abs(picture.frames[0] - expected).max() <= tolerance


@pytest.mark.parametrize("data", named(damage.pngs()))
def test_png(data: bytes) -> None:
    assert_shows_the_picture(data, tolerance=0)


@pytest.mark.parametrize("data", named(damage.jpegs()))
def test_jpeg(data: bytes) -> None:
    assert_shows_the_picture(data, tolerance=24)


@pytest.mark.parametrize("data", named(damage.webps()))
def test_webp(data: bytes) -> None:
    assert_shows_the_picture(data, tolerance=0)


@pytest.mark.skipif(not features.check("avif"), reason="this Pillow reads no AVIF")
@pytest.mark.parametrize("orientation", [1, 6, 7])
def test_avif_turns_by_its_own_property_whatever_stands_in_its_exif(orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encoded(damage.LYING, "AVIF", quality=95, exif=exif)
    for wrong in (data, data.replace(b"MM\0*", b"text")):
        frame = decode(wrong, NAME).frames[0].astype(int)
        expected = turned_upright(np.asarray(damage.LYING), orientation)
        assert frame.shape == expected.shape
        assert np.abs(frame - expected).mean() <= 5


@pytest.mark.parametrize(
    "options",
    [{}, {"progressive": True}, {"restart_marker_blocks": 1}, {"restart_marker_blocks": 5}],
    ids=str,
)
def test_a_jpeg_that_is_cut_anywhere_in_its_pixels_is_an_error(options: dict[str, Any]) -> None:
    data = damage.jpeg(Image.fromarray(noise(40, 40)), **options)
    pixels = data.index(b"\xff\xda")
    for end in itertools.chain(
        range(pixels, len(data) - 8, 37), range(len(data) - 40, len(data) - 4)
    ):
        with pytest.raises(PictureError) as caught:
            decode(data[:end], NAME)
        assert caught.value.code == "truncated"


def test_a_jpeg_that_is_cut_between_two_scans_is_an_error() -> None:
    data = damage.jpeg(progressive=True)
    at = data.index(b"\xff\xda")
    while (at := data.find(b"\xff\xda", at + 2)) > 0:
        tables = data.rfind(b"\xff\xc4", 0, at)
        for end in (tables, at):
            with pytest.raises(PictureError):
                decode(data[:end], NAME)


def test_a_jpeg_that_is_cut_and_padded_is_an_error() -> None:
    data = damage.jpeg(Image.fromarray(noise(40, 40)))
    for end in (b"", bytes(5000), b"\xff" * 9):
        with pytest.raises(PictureError) as caught:
            decode(data[: len(data) // 2] + end, NAME)
        assert caught.value.code == "truncated"


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_pixels_that_are_cut_stay_an_error_whatever_is_wrong_beside_them(kind: str) -> None:
    image = Image.fromarray(noise(60, 40))
    if kind == "PNG":
        text = damage.chunk(b"tEXt", b"a\0b", flipped=1)
        data = damage.png_with(image, text)
        assert np.array_equal(decode(data, NAME).frames[0], np.asarray(image))
    else:
        data = damage.webp_with(image, {b"EXIF": damage.TEXT}, 0x08)
    for share in (0.3, 0.7, 0.95):
        with pytest.raises(PictureError) as caught:
            decode(data[: int(share * len(data))], NAME)
        assert caught.value.code == "truncated"


def test_a_palette_with_damaged_transparency_is_opaque() -> None:
    image = halves().quantize(4)
    good = encoded(image, "PNG", transparency=bytes(2))
    at = good.index(b"tRNS")
    assert (decode(good, NAME).frames[0] == 255).any(axis=2).any()
    broken = bytearray(good)
    broken[at + 4] ^= 1
    frame = decode(bytes(broken), NAME).frames[0]
    assert np.abs(frame.astype(int) - np.asarray(halves())).max() <= 3


def test_an_animation_keeps_what_moves() -> None:
    shades = [Image.new("RGB", (20, 20), (step * 60, 0, 0)) for step in range(4)]
    exif = damage.tiff(damage.TURNED)
    for kind in ("PNG", "WEBP"):
        data = encoded(
            shades[0], kind, save_all=True, append_images=shades[1:], exif=exif, lossless=True
        )
        picture = decode(data, NAME)
        assert [int(frame[5, 5, 0]) for frame in picture.frames] == [0, 60, 120, 180]


def test_the_colours_of_a_jpeg_are_still_told() -> None:
    # Without its APP14, these would be taken for YCbCr; see ITU-T T.872, 6.5.3.
    image = Image.fromarray(noise(16, 16))
    data = encoded(image, "JPEG", quality=100, subsampling=0, keep_rgb=True)
    frame = decode(data, NAME).frames[0].astype(int)
    assert np.abs(frame - np.asarray(image)).max() <= 6


@pytest.mark.parametrize("orientation", range(1, 9))
def test_turning_agrees_with_pillow(orientation: int) -> None:
    from PIL import ImageOps

    stored = noise(7, 5)
    exif = Image.Exif()
    exif[0x0112] = orientation
    image = Image.open(io.BytesIO(encoded(Image.fromarray(stored), "PNG", exif=exif)))
    expected: Pixels = np.asarray(ImageOps.exif_transpose(image))
    assert np.array_equal(turned_upright(stored, orientation), expected)


def test_texts_are_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = zlib.compress(bytes(64 * damage.MEGABYTE))
    texts = [damage.chunk(b"zTXt", b"a\0\0" + bomb)] * 90
    monkeypatch.setattr(zlib, "decompressobj", lambda *_: pytest.fail("unpacked"))
    assert_shows_the_picture(damage.png_with(damage.PICTURE, *texts), tolerance=0)


def test_many_small_parts_are_read_in_short_time() -> None:
    texts = damage.chunk(b"tEXt", b"") * 100_000
    assert_shows_the_picture(damage.png_with(damage.PICTURE, texts), tolerance=0)
    filling = damage.jpeg_with(damage.PICTURE, b"\xff" * 5_000_000)
    assert_shows_the_picture(filling, tolerance=24)
    with pytest.raises(PictureError):
        decode(filling[:4_000_000], NAME)


def test_no_warning_reaches_the_terminal() -> None:
    code = """
import warnings
warnings.simplefilter("always")
from models.images.decoding import PictureError, LOCAL_LIMITS, decode
from PIL import Image
from tests.models.drawn import encoded
from tests.models.images import damage
for _, data in (*damage.pngs(), *damage.jpegs(), *damage.webps()):
    decode(data, "x")
decode(encoded(Image.new("L", (9500, 9500)), "PNG"), "x", LOCAL_LIMITS)
"""
    ran = subprocess.run(  # noqa: S603
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert (ran.returncode, ran.stderr) == (0, "")


def test_a_painters_file_is_read_from_the_own_disk_only() -> None:
    data = encoded(Image.new("L", (10_000, 6_000)), "PNG")
    assert decode(data, NAME, LOCAL_LIMITS).width == 10_000
    with pytest.raises(PictureError, match="too large"):
        decode(data, NAME, PictureLimits())
