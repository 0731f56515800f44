"""What a file is, by what it promises and by its bytes; HEIC and JPEG XL where they are read."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from models.images.decoding import PictureError, PictureLimits, decode
from models.images.formats import NAMES, is_heic, is_jxl, is_video, promises_picture
from models.images.jpeg_xl import jxl_size
from tests.models.drawn import encoded, halves

EXTRA = "needs the extra moedex[formats]"
FTYP = b"\0\0\0\x20ftyp"


@pytest.fixture
def jxl() -> None:
    """Skip where JPEG XL is not read."""
    pytest.importorskip("pillow_jxl", reason=EXTRA)


@pytest.fixture
def heic() -> None:
    """Skip where HEIC is not read."""
    pytest.importorskip("pillow_heif", reason=EXTRA)


@pytest.mark.parametrize(
    ("name", "media_type", "promised"),
    [
        ("a.png", None, True),
        ("b.JPG", None, True),
        ("maki", "image/jpeg; charset=binary", True),
        ("maki", None, False),
        ("maki.jpg_large", None, False),
        ("a.svg", "image/svg+xml", False),
        ("a.tif", "image/tiff", False),
        ("clip.mp4", "video/mp4", False),
        ("a.zip", "application/zip", False),
    ],
)
def test_what_a_file_promises(name: str, media_type: str | None, promised: bool) -> None:
    assert promises_picture(name, media_type) is promised


@pytest.mark.parametrize(
    ("data", "video"),
    [
        (FTYP + b"isom", True),
        (FTYP + b"qt  ", True),
        (FTYP + b"M4A ", False),
        (FTYP + b"avif", False),
        (FTYP + b"heic", False),
        (b"\x1aE\xdf\xa3\x9f\x42\x86", True),
        (b"RIFF\0\0\0\0AVI LIST", True),
        (b"RIFF\0\0\0\0WEBPVP8 ", False),
        (b"\xff\xd8\xff\xe0", False),
        (b"PK\3\4", False),
        (b"", False),
    ],
)
def test_videos_are_told_by_their_bytes(data: bytes, video: bool) -> None:
    assert is_video(data) is video


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (FTYP + b"isom" + bytes(90), "is a video"),
        (b"PK\3\4" + bytes(90), "is not a picture"),
        (b'{"v":"5.5.7","fr":60}', "is not a picture"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "is not a picture"),
        (b"II*\0" + bytes(90), "is not a picture"),
    ],
)
def test_what_is_no_picture_is_refused_by_its_name(data: bytes, what: str) -> None:
    with pytest.raises(PictureError) as caught:
        decode(data, "maki")
    assert caught.value.code == "not_a_picture"
    assert caught.value.message == (
        f"“maki” {what}{' that I can read' * (what != 'is a video')}: I know {NAMES}."
    )


@pytest.mark.parametrize("name", ["maki", "maki.jpg_large", "maki.mp4"])
def test_a_picture_is_one_whatever_it_is_called(name: str) -> None:
    assert decode(encoded(halves(), "JPEG"), name).width == 60


def test_a_stereo_picture_is_its_first_one() -> None:
    both = [halves(), Image.new("RGB", (60, 40))]
    buffer = io.BytesIO()
    both[0].save(buffer, "MPO", save_all=True, append_images=both[1:])
    assert len(decode(buffer.getvalue(), "stereo.mpo").frames) == 1


@pytest.mark.parametrize("kind", ["HEIF", "JXL"])
def test_formats_of_the_extra(kind: str, jxl: None, heic: None) -> None:
    data = encoded(halves(), kind, quality=95)
    assert (is_heic(data), is_jxl(data)) == (kind == "HEIF", kind == "JXL")
    picture = decode(data, "maki")
    assert picture.frames[0].shape == (40, 60, 3)
    assert np.abs(picture.frames[0].astype(int) - np.asarray(halves())).mean() < 6
    with pytest.raises(PictureError) as cut:
        decode(data[: len(data) // 2], "maki")
    assert cut.value.code in ("truncated", "unreadable")
    with pytest.raises(PictureError) as large:
        decode(data, "maki", PictureLimits(max_pixels=1000))
    assert large.value.code == "too_many_pixels"


def test_a_turned_heic_is_upright(heic: None) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    picture = decode(encoded(halves(), "HEIF", exif=exif.tobytes()), "maki")
    assert (picture.width, picture.height) == (40, 60)


@pytest.mark.parametrize("size", [(8, 8), (64, 48), (300, 200), (1, 513), (9000, 3), (160, 90)])
@pytest.mark.parametrize("container", [False, True])
def test_size_of_a_jpeg_xl(size: tuple[int, int], container: bool, jxl: None) -> None:
    buffer = io.BytesIO()
    Image.new("RGB", size).save(buffer, "JXL", lossless=True, use_container=container)
    assert jxl_size(buffer.getvalue()) == size


def test_a_huge_jpeg_xl_is_refused_undecoded(jxl: None) -> None:
    # Height and width less one, 30 bits each, behind the bits that say so.
    bits = 0b110 | (2**29 << 3) | (0 << 33) | (0b11 << 36) | (2**29 << 38)
    with pytest.raises(PictureError) as caught:
        decode(b"\xff\x0a" + bits.to_bytes(14, "little"), "bomb.jxl")
    assert caught.value.code == "too_many_pixels"
    with pytest.raises(PictureError) as unsized:
        decode(b"\xff\x0a", "stub.jxl")
    assert unsized.value.code in ("truncated", "unreadable")
