"""Every kind of file that a chat may hold is decoded right, or refused in one clear sentence."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest
from PIL import Image, features

from models.images.decoding import PictureError, PictureLimits, decode
from models.types import Pixels
from tests.models.drawn import LEFT, RIGHT, encoded, halves

NAME = "holiday.dat"


def assert_halves(frame: Pixels, tolerance: int = 12) -> None:
    height, width = frame.shape[:2]
    middle = height // 2
    assert np.abs(frame[middle, width // 4].astype(int) - LEFT).max() <= tolerance
    assert np.abs(frame[middle, 3 * width // 4].astype(int) - RIGHT).max() <= tolerance


def error_of(data: bytes, limits: PictureLimits | None = None) -> PictureError:
    with pytest.raises(PictureError) as caught:
        decode(data, NAME, limits)
    error = caught.value
    assert NAME in error.message
    assert error.name == NAME
    assert error.message.endswith(".")
    assert "\n" not in error.message
    return error


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("PNG", {}),
        ("JPEG", {"quality": 95, "subsampling": 0}),
        ("JPEG", {"quality": 95, "progressive": True, "subsampling": 0}),
        ("WEBP", {"lossless": True}),
        ("WEBP", {"quality": 95}),
        ("GIF", {}),
        ("BMP", {}),
    ],
)
def test_each_kind_of_file(kind: str, options: dict) -> None:
    picture = decode(encoded(halves(), kind, **options), NAME)

    assert (picture.width, picture.height, picture.animated) == (60, 40, False)
    assert len(picture.frames) == 1
    assert picture.frames[0].dtype == np.uint8
    assert picture.frames[0].shape == (40, 60, 3)
    assert_halves(picture.frames[0], tolerance=20)


@pytest.mark.skipif(not features.check("avif"), reason="this Pillow reads no AVIF")
def test_avif() -> None:
    assert_halves(decode(encoded(halves(), "AVIF", quality=95), NAME).frames[0], tolerance=20)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_rotation_is_applied(orientation: int) -> None:
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    stored = halves().transpose(undo[orientation]) if orientation in undo else halves()
    exif = Image.Exif()
    exif[0x0112] = orientation

    picture = decode(encoded(stored, "JPEG", quality=95, exif=exif), NAME)

    assert (picture.width, picture.height) == (60, 40)
    assert_halves(picture.frames[0], tolerance=20)


def test_transparency_is_laid_on_white() -> None:
    image = halves().convert("RGBA")
    image.paste((0, 0, 0, 0), (0, 0, 60, 10))
    for kind in ("PNG", "WEBP"):
        options = {"lossless": True} if kind == "WEBP" else {}
        frame = decode(encoded(image, kind, **options), NAME).frames[0]
        assert (frame[:9] == 255).all()
        assert_halves(frame)


def test_half_transparent_pixels_are_blended() -> None:
    image = Image.new("RGBA", (8, 8), (0, 0, 0, 128))
    assert np.abs(decode(encoded(image, "PNG"), NAME).frames[0].astype(int) - 127).max() <= 1


def test_palette_with_a_transparent_colour() -> None:
    image = halves().quantize(4)
    index = image.getpixel((0, 0))
    frame = decode(encoded(image, "PNG", transparency=index), NAME).frames[0]
    assert (frame[:, :20] == 255).all()
    assert np.abs(frame[20, 50].astype(int) - RIGHT).max() <= 3


def test_grey_black_and_white_and_grey_with_alpha() -> None:
    ramp = Image.linear_gradient("L")
    for mode in ("L", "LA"):
        frame = decode(encoded(ramp.convert(mode), "PNG"), NAME).frames[0]
        assert np.array_equal(frame[..., 0], np.asarray(ramp))
        assert np.array_equal(frame[..., 0], frame[..., 2])
    frame = decode(encoded(ramp.convert("1"), "PNG"), NAME).frames[0]
    assert set(np.unique(frame)) == {0, 255}


def test_sixteen_bit_grey_is_scaled_not_clipped() -> None:
    ramp = np.linspace(0, 65535, 256).astype(np.uint16)
    image = Image.fromarray(np.tile(ramp, (8, 1)))
    frame = decode(encoded(image, "PNG"), NAME).frames[0]
    assert np.abs(frame[4, :, 1].astype(int) - np.arange(256)).max() <= 1


def test_sixteen_bit_colour() -> None:
    # Pillow writes no 16-bit colour, so the file is put together by hand.
    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    pixel = struct.pack(">HHH", 0xFFFF, 0x8000, 0x0100)
    header = struct.pack(">IIBBBBB", 4, 2, 16, 2, 0, 0, 0)
    rows = (b"\0" + pixel * 4) * 2
    data = (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )
    frame = decode(data, NAME).frames[0]
    assert frame[0, 0].tolist() == [255, 128, 1]


def test_cmyk() -> None:
    frame = decode(encoded(halves().convert("CMYK"), "JPEG", quality=95), NAME).frames[0]
    assert_halves(frame, tolerance=25)


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP"])
def test_animations_give_a_few_frames_spread_over_them(kind: str) -> None:
    shades = [Image.new("RGB", (20, 20), (step * 12, 0, 0)) for step in range(20)]
    data = encoded(shades[0], kind, save_all=True, append_images=shades[1:], duration=40)

    picture = decode(data, NAME, PictureLimits(frames=5))

    assert picture.animated
    reds = [int(frame[10, 10, 0]) for frame in picture.frames]
    assert len(reds) == 5
    assert np.abs(np.array(reds) - np.array([0, 4, 8, 12, 16]) * 12).max() <= 6


def test_a_long_animation_is_looked_at_only_as_far_as_the_limit() -> None:
    shades = [Image.new("L", (10, 10), step * 2) for step in range(100)]
    data = encoded(shades[0], "GIF", save_all=True, append_images=shades[1:])

    picture = decode(data, NAME, PictureLimits(frames=4, max_animation_pixels=1000))

    assert max(int(frame.max()) for frame in picture.frames) < 20


def test_empty() -> None:
    assert error_of(b"").code == "empty"


@pytest.mark.parametrize(
    "data", [b"hello", b"not a picture at all" * 100, b"\0" * 4096, b"%PDF-1.7"]
)
def test_renamed_files_of_another_kind(data: bytes) -> None:
    assert error_of(data).code == "not_a_picture"


def test_kinds_that_are_not_taken_are_not_decoded() -> None:
    assert error_of(encoded(halves(), "TIFF")).code == "not_a_picture"
    assert error_of(b"<svg xmlns='http://www.w3.org/2000/svg'/>").code == "not_a_picture"


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "BMP", "AVIF"])
@pytest.mark.parametrize("share", [0.02, 0.3, 0.9])
def test_truncated(kind: str, share: float) -> None:
    if kind == "AVIF" and not features.check("avif"):
        pytest.skip("this Pillow reads no AVIF")
    rng = np.random.default_rng(1)
    grain = Image.fromarray(rng.integers(0, 256, (96, 96, 3), dtype=np.uint8))
    data = encoded(grain, kind)
    assert error_of(data[: int(len(data) * share)]).code == "truncated"


def test_damaged_in_the_middle() -> None:
    data = bytearray(encoded(halves(400, 400), "PNG"))
    data[60:90] = b"\xff" * 30
    assert error_of(bytes(data)).code == "unreadable"


def test_too_many_bytes() -> None:
    error = error_of(encoded(halves(), "BMP"), PictureLimits(max_bytes=1000))
    assert error.code == "too_large_bytes"


def test_a_bomb_is_refused_before_it_is_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    data = encoded(Image.new("1", (9000, 9000)), "PNG")
    monkeypatch.setattr(Image.Image, "load", lambda _: pytest.fail("decoded"))
    error = error_of(data, PictureLimits(max_pixels=50_000_000))
    assert error.code == "too_many_pixels"
    assert "9000 × 9000" in error.message


def test_a_bomb_beyond_what_pillow_opens() -> None:
    assert error_of(encoded(Image.new("1", (20000, 20000)), "PNG")).code == "too_many_pixels"
