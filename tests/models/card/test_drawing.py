"""The card keeps its limits whatever comes in, and says who is where."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from models.card.drawing import UNKNOWN, CardFormat, colour_of, draw_card
from models.card.fonts import Fonts
from models.card.layout import MAX_TILES, lay_out
from models.images.resizing import halved
from models.types import Box
from tests.models.drawn import named_face, noise

MEGABYTE = 2**20


def opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


@pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
@pytest.mark.parametrize(
    ("width", "height", "count"),
    [
        (1000, 800, 1),
        (800, 1000, 4),
        (20, 20, 1),
        (1, 1, 1),
        (4000, 90, 3),
        (90, 4000, 3),
        (1700, 1700, 0),
        (700, 700, 9),
        (700, 700, 40),
    ],
)
def test_any_shape_makes_a_card_within_limits(
    kind: CardFormat, width: int, height: int, count: int
) -> None:
    picture = np.full((height, width, 3), 120, np.uint8)
    faces = [named_face(Box(0, 0, width / 2, width / 2)) for _ in range(count)]

    card = draw_card(picture, faces, max_bytes=8 * MEGABYTE, format=kind)

    image = opened(card.data)
    assert image.format == kind
    assert image.size == (card.width, card.height)
    assert max(image.size) <= 1600
    assert len(card.data) <= 8 * MEGABYTE


@pytest.mark.parametrize("limit", [300_000, 40_000, 5_000])
@pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
def test_size_limit_is_kept_even_for_noise(limit: int, kind: CardFormat) -> None:
    faces = [named_face(Box(100, 100, 300, 300))]
    card = draw_card(noise(600, 600), faces, max_bytes=limit, format=kind)
    assert len(card.data) <= limit
    assert max(opened(card.data).size) <= 1600


def test_an_impossible_limit_is_an_error() -> None:
    with pytest.raises(ValueError, match="100 bytes"):
        draw_card(noise(50, 50), [], max_bytes=100)


def test_longest_side_can_be_set() -> None:
    faces = [named_face(Box(0, 0, 300, 300))]
    card = draw_card(noise(900, 900), faces, max_bytes=MEGABYTE, max_side=800)
    assert max(card.width, card.height) <= 800


@pytest.mark.parametrize("count", [1, 2, 3, 5, 8, 13, MAX_TILES])
@pytest.mark.parametrize("shape", [(1000, 600), (600, 1000), (3000, 100), (100, 3000), (30, 30)])
def test_tiles_lie_on_the_card_and_not_over_each_other(count: int, shape: tuple[int, int]) -> None:
    layout = lay_out(*shape, count, 1600)
    assert len(layout.tiles) == count
    taken = np.zeros((layout.height, layout.width), np.uint8)
    x, y = layout.picture_x, layout.picture_y
    taken[y : y + layout.picture_height, x : x + layout.picture_width] += 1
    for tile in layout.tiles:
        assert tile.x >= 0
        assert tile.y >= 0
        assert tile.x + tile.width <= layout.width
        assert tile.y + tile.height <= layout.height
        taken[tile.y : tile.y + tile.height, tile.x : tile.x + tile.width] += 1
    assert taken.max() == 1


def test_a_picture_halved_before_makes_the_same_card() -> None:
    picture, faces = noise(1800, 1300), [named_face(Box(900, 300, 1300, 700))]
    small = halved(picture, 800)
    assert small.shape == (650, 900, 3)
    card = draw_card(small, faces, size=(1800, 1300), max_bytes=4 * MEGABYTE, max_side=800)
    assert card.data == draw_card(picture, faces, max_bytes=4 * MEGABYTE, max_side=800).data


def test_a_box_is_drawn_in_its_colour_where_the_face_is() -> None:
    picture = np.zeros((600, 600, 3), np.uint8)
    card = draw_card(picture, [named_face(Box(200, 200, 400, 400))], max_bytes=MEGABYTE)
    pixels = np.asarray(opened(card.data).convert("RGB"))
    layout = lay_out(600, 600, 1, 1600)
    x = layout.picture_x + round(300 * layout.scale)
    y = layout.picture_y + round(400 * layout.scale) - 2
    assert np.abs(pixels[y, x].astype(int) - colour_of(1)).max() < 40
    assert pixels[y - 40, x].max() < 20


def test_unknown_is_grey_and_numbers_have_colours_of_their_own() -> None:
    assert colour_of(1, unknown=True) == UNKNOWN
    assert len({colour_of(number) for number in range(1, 11)}) == 10
    assert colour_of(11) == colour_of(1)


def test_names_in_scripts_that_the_font_lacks_are_romanised() -> None:
    face = named_face(Box(10, 10, 200, 200), name="星野アイ")
    card = draw_card(noise(300, 300), [face], max_bytes=MEGABYTE, fonts=Fonts(None, None))
    assert card.data
