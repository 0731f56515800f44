"""Files that are made to take minutes or gigabytes are refused before they do."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PIL import GifImagePlugin, Image

from models.images.decoding import PictureError, PictureLimits, decode
from models.images.gif import gif_frames
from tests.models.drawn import encoded
from tests.models.images import hostile


@pytest.mark.parametrize("make", hostile.ENDLESS.values(), ids=hostile.ENDLESS)
def test_what_would_take_minutes_is_not_decoded(
    make: Callable[[], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    data = make()
    monkeypatch.setattr(Image.Image, "load", lambda _: pytest.fail("decoded"))
    with pytest.raises(PictureError, match="would take minutes to read") as caught:
        decode(data, "busy.dat")
    assert caught.value.code == "unreadable"


@pytest.mark.parametrize("frames", [[(13_000, 13_000)], [(1, 1), (13_000, 13_000), (1, 1)]])
def test_a_gif_that_grows_behind_its_header_is_measured_before(
    frames: list[tuple[int, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Image.Image, "load", lambda _: pytest.fail("decoded"))
    with pytest.raises(PictureError) as caught:
        decode(hostile.gif(*frames), "grows.gif")
    assert caught.value.code == "too_many_pixels"
    assert "13000 × 13000" in caught.value.message


def test_a_frame_that_reaches_beyond_its_canvas_is_cut_off() -> None:
    small = encoded(Image.new("RGB", (8, 8), (9, 99, 199)), "GIF")
    large = encoded(Image.new("RGB", (20, 12), (199, 99, 9)), "GIF")
    at = small.index(b"\x2c", 13)
    assert large.index(b"\x2c", 13) == at  # palettes of one size
    picture = decode(small[:-1] + large[at:], "grows.gif")
    assert [frame.shape for frame in picture.frames] == [(8, 8, 3)] * 2
    assert (picture.width, picture.height) == (8, 8)


def test_of_a_gif_without_end_the_beginning_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    furthest = 0
    seek = GifImagePlugin.GifImageFile.seek

    def counted(image: GifImagePlugin.GifImageFile, frame: int) -> None:
        nonlocal furthest
        furthest = max(furthest, frame)
        seek(image, frame)

    monkeypatch.setattr(GifImagePlugin.GifImageFile, "seek", counted)
    picture = decode(
        hostile.gif(*[(1, 1)] * 100_000), "long.gif", PictureLimits(max_animation_frames=50)
    )
    assert len(picture.frames) == PictureLimits().frames
    assert 0 < furthest < 50


def test_of_an_apng_with_many_frames_the_beginning_is_looked_at() -> None:
    data = hostile.many_png_frames(5_000)
    picture = decode(data, "long.png", PictureLimits(frames=3, max_animation_frames=9))
    assert len(picture.frames) == 3


@pytest.mark.parametrize("count", [1, 2, 17])
def test_the_frames_of_a_gif_are_those_that_pillow_counts(count: int) -> None:
    shades = [Image.new("RGB", (30, 20), (step * 12, 99, 0)) for step in range(count)]
    for options in ({}, {"interlace": 1}, {"comment": b"a comment " * 90, "loop": 0}):
        data = encoded(shades[0], "GIF", save_all=True, append_images=shades[1:], **options)
        found = gif_frames(data, 100)
        assert (found.count, found.width, found.height) == (count, 30, 20)
        assert gif_frames(data, 5).count == min(count, 5)


def test_a_gif_that_is_cut_anywhere_has_a_frame_at_least() -> None:
    data = encoded(Image.new("RGB", (30, 20)), "GIF")
    for end in range(6, len(data)):
        assert gif_frames(data[:end], 100).count == 1


def test_a_usual_progressive_jpeg_of_the_largest_size_is_read() -> None:
    data = encoded(Image.new("RGB", (7000, 7000), (9, 99, 199)), "JPEG", progressive=True)
    assert decode(data, "large.jpg").width == 7000
