"""The picture with the numbered faces keeps its limits, and its numbers can be read on a phone."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from models.card.drawing import CardFormat, colour_of
from models.card.sheet import (
    PHONE,
    SMALLEST_TEXT,
    NumberedBox,
    Panel,
    arrange,
    cut,
    draw_sheet,
    text_size,
)
from models.types import Box
from tests.models.drawn import noise

MEGABYTE = 2**20


def panel(width: int, height: int, *numbers: int) -> Panel:
    pixels = np.full((height, width, 3), 120, np.uint8)
    side, step = min(width, height) / 3, height // max(1, len(numbers))
    faces = tuple(
        NumberedBox(number, Box(2, step * place, 2 + side, step * place + side))
        for place, number in enumerate(numbers)
    )
    return Panel(pixels, faces)


def opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


@pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
@pytest.mark.parametrize(
    "sizes",
    [
        [(1000, 800)],
        [(800, 5400)],
        [(800, 21_600)],
        [(9000, 300)],
        [(1, 1)],
        [(20, 20), (4000, 90)],
        [(700, 1000), (1000, 700), (500, 500), (300, 1200)],
        [(600, 900)] * 10,
    ],
)
def test_any_shapes_make_a_sheet_whose_numbers_a_phone_shows_large_enough(
    kind: CardFormat, sizes: list[tuple[int, int]]
) -> None:
    panels = [panel(*size, 2 * n + 1, 2 * n + 2) for n, size in enumerate(sizes)]

    sheet = draw_sheet(panels, max_bytes=8 * MEGABYTE, format=kind)

    image = opened(sheet.data)
    assert (image.format, image.size) == (kind, (sheet.width, sheet.height))
    assert max(image.size) <= 800
    shown = min(1.0, PHONE[0] / sheet.width, PHONE[1] / sheet.height)
    assert shown * text_size(sheet.width, sheet.height) >= SMALLEST_TEXT
    assert 1 / 3 <= sheet.width / sheet.height <= 3  # so that a phone has room for a picture


def test_a_limit_of_bytes_is_kept() -> None:
    panels = [Panel(noise(900, 700), (NumberedBox(1, Box(0, 0, 90, 90)),))]
    assert len(draw_sheet(panels, max_bytes=30_000).data) <= 30_000
    with pytest.raises(ValueError, match="100 bytes"):
        draw_sheet(panels, max_bytes=100)


def test_a_long_picture_is_cut_and_every_face_stays_on_one_piece() -> None:
    long = panel(300, 3000, *range(1, 11))
    pieces = cut(long)
    assert len(pieces) == 4
    assert sorted(face.number for piece in pieces for face in piece.faces) == list(range(1, 11))
    for piece in pieces:
        height, width = piece.pixels.shape[:2]
        for face in piece.faces:
            assert 0 <= face.box.center[1] < height
            assert 0 <= face.box.center[0] < width
    wide = Panel(long.pixels.transpose(1, 0, 2), (NumberedBox(1, Box(2700, 0, 2800, 100)),))
    (piece,) = cut(wide)  # those without a face are left out
    assert piece.pixels.shape == (300, 400, 3)
    assert piece.faces[0].box == Box(150, 0, 250, 100)
    whole = panel(500, 1000, 1)
    assert cut(whole)[0] is whole


@pytest.mark.parametrize(
    "sizes", [[(100, 100)] * count for count in range(1, 11)] + [[(100, 300), (400, 100)] * 3]
)
def test_pieces_lie_on_the_sheet_and_not_over_each_other(sizes: list[tuple[int, int]]) -> None:
    width, height, places = arrange(sizes, 800)
    taken = np.zeros((height, width), np.uint8)
    for place in places:
        assert place.x + place.width <= width
        assert place.y + place.height <= height
        taken[place.y : place.y + place.height, place.x : place.x + place.width] += 1
    assert taken.max() == 1
    assert len(places) == len(sizes)


def test_a_face_has_a_box_and_a_number_in_its_colour_and_one_not_known_is_grey() -> None:
    faces = (
        NumberedBox(1, Box(100, 100, 300, 300)),
        NumberedBox(2, Box(400, 400, 600, 600), named=False),
    )
    pixels = np.zeros((800, 800, 3), np.uint8)
    sheet = np.asarray(opened(draw_sheet([Panel(pixels, faces)], max_bytes=MEGABYTE).data))
    for face, colour in zip(faces, (colour_of(1), colour_of(2, unknown=True)), strict=True):
        x, y = round(face.box.center[0]), round(face.box.y1) - 2
        assert np.abs(sheet[y, x].astype(int) - colour).max() < 60
    assert sheet[200, 200].max() < 20
