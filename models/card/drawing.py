"""Draws the card: the picture with numbered boxes, and each face's crop beside its name."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from PIL import Image, ImageDraw

from models.card.fonts import Font, Fonts, find_fonts
from models.card.layout import EDGE, MAX_TILES, Layout, Tile, lay_out
from models.card.shapes import Colour, fill_rounded, outline_rounded, paste_rounded
from models.images.resizing import halved
from models.roster.roster import unlisted
from models.types import NamedFace, Pixels, Tier, percent

CardFormat = Literal["JPEG", "WEBP"]

BACKGROUND: Colour = (24, 25, 31)
TILE: Colour = (37, 39, 48)
TRACK: Colour = (58, 61, 74)
TEXT: Colour = (245, 246, 250)
QUIET: Colour = (168, 173, 189)
UNKNOWN: Colour = (138, 143, 160)
DARK: Colour = (20, 21, 26)

COLOURS: tuple[Colour, ...] = (
    (255, 111, 145),
    (88, 196, 255),
    (255, 200, 87),
    (126, 226, 146),
    (190, 146, 255),
    (255, 154, 92),
    (77, 222, 208),
    (255, 140, 222),
    (190, 220, 90),
    (140, 165, 255),
)
"""One colour a face number, over again from the eleventh; all light enough for dark digits."""

QUALITIES = (90, 82, 74, 64, 52, 40)


@dataclass(frozen=True, slots=True)
class Card:
    """An encoded card; `extension` is without the dot."""

    data: bytes
    extension: str
    width: int
    height: int


def draw_card(
    picture: Pixels,
    faces: Sequence[NamedFace],
    *,
    max_bytes: int,
    size: tuple[int, int] | None = None,
    max_side: int = 1600,
    format: CardFormat = "JPEG",  # noqa: A002 - Pillow's own name for it
    fonts: Fonts | None = None,
) -> Card:
    """Draw a picture (height, width, 3) uint8 RGB and its faces as one encoded card.

    `size`, (width, height), is that of the picture that the faces' boxes are in, where `picture` is
    it made smaller, to `max_side` or more.
    The longest side is at most `max_side` and the file at most `max_bytes`: quality goes down
    first, then size. Faces are numbered from 1 in the order given; the first 24 get a tile.

    Raises ValueError: not even the smallest card fits into `max_bytes`.
    """
    fonts = fonts or find_fonts()
    width, height = size or (picture.shape[1], picture.shape[0])
    layout = lay_out(width, height, len(faces), max_side)
    canvas = Image.new("RGB", (layout.width, layout.height), BACKGROUND)
    shown_size = layout.picture_width, layout.picture_height
    shown = Image.fromarray(halved(picture, max(shown_size)))
    if shown.size != shown_size:
        shown = shown.resize(shown_size, Image.Resampling.LANCZOS)
    for number, named in enumerate(faces, 1):
        _outline_face(shown, named, number, layout.scale, fonts)
    paste_rounded(canvas, shown, (layout.picture_x, layout.picture_y), 14)
    for number, (named, tile) in enumerate(zip(faces, layout.tiles, strict=False), 1):
        _Tile(canvas, tile, fonts).draw(named, number)
    _note_further_faces(canvas, layout, len(faces), fonts)
    return encode_within(canvas, max_bytes, format)


def colour_of(number: int, *, unknown: bool = False) -> Colour:
    """Return the colour of a face number (from 1) on the card."""
    return UNKNOWN if unknown else COLOURS[(number - 1) % len(COLOURS)]


def encode_within(canvas: Image.Image, max_bytes: int, image_format: CardFormat) -> Card:
    """Encode a picture in at most `max_bytes`: at lower quality first, then smaller.

    Raises ValueError: it does not fit even at 32 pixels.
    """
    extension = "jpg" if image_format == "JPEG" else "webp"
    while True:
        for quality in QUALITIES:
            buffer = io.BytesIO()
            if image_format == "JPEG":
                # Full colour resolution keeps coloured digits and names crisp.
                subsampling = 0 if quality >= 82 else 2
                canvas.save(buffer, "JPEG", quality=quality, subsampling=subsampling)
            else:
                canvas.save(buffer, "WEBP", quality=quality, method=2)
            data = buffer.getvalue()
            if len(data) <= max_bytes:
                return Card(data, extension, canvas.width, canvas.height)
            if len(data) > 4 * max_bytes and quality == QUALITIES[0]:
                break  # lower quality alone can't save that much
        if max(canvas.size) <= 32:
            raise ValueError(f"no card fits into {max_bytes} bytes")
        smaller = max(1, round(canvas.width * 0.75)), max(1, round(canvas.height * 0.75))
        canvas = canvas.resize(smaller, Image.Resampling.LANCZOS)


def _outline_face(
    shown: Image.Image, named: NamedFace, number: int, scale: float, fonts: Fonts
) -> None:
    """Draw a numbered box; what reaches beyond the picture is drawn along its edge."""
    box, colour = named.face.box, colour_of(number, unknown=named.unknown)
    x0 = min(max(1, round(box.x0 * scale)), shown.width - 4)
    y0 = min(max(1, round(box.y0 * scale)), shown.height - 4)
    x1 = max(min(shown.width - 1, round(box.x1 * scale)), x0 + 3)
    y1 = max(min(shown.height - 1, round(box.y1 * scale)), y0 + 3)
    side = max(x1 - x0, y1 - y0)
    line = max(2, min(5, side // 45))
    radius = max(4, min(22, side // 10))
    size = x1 - x0, y1 - y0
    around = size[0] + 2, size[1] + 2
    outline_rounded(shown, (x0 - 1, y0 - 1), around, radius + 1, DARK, line + 2, opacity=0.55)
    outline_rounded(shown, (x0, y0), size, radius, colour, line)
    chip = max(18, min(44, side // 4))
    _number_chip(shown, (x0, y0), chip, number, colour, fonts)


def _number_chip(
    canvas: Image.Image,
    corner: tuple[int, int],
    height: int,
    number: int,
    colour: Colour,
    fonts: Fonts,
) -> None:
    font = fonts.bold(round(height * 0.62))
    text = str(number)
    width = max(height, round(font.getlength(text) + height * 0.6))
    fill_rounded(canvas, corner, (width, height), round(height * 0.36), colour)
    middle = corner[0] + width / 2, corner[1] + height / 2
    centred(ImageDraw.Draw(canvas), middle, text, font, DARK)


def centred(
    draw: ImageDraw.ImageDraw,
    middle: tuple[float, float],
    text: str,
    font: Font,
    colour: Colour,
) -> None:
    """Write text with the middle of its ink at a point: fonts differ in the room above letters."""
    x0, y0, x1, y1 = draw.textbbox((0, 0), text, font=font)
    draw.text((middle[0] - (x0 + x1) / 2, middle[1] - (y0 + y1) / 2), text, font=font, fill=colour)


class _Tile:
    """One face's tile: crop, number, name, series, and its probability as a bar."""

    def __init__(self, canvas: Image.Image, tile: Tile, fonts: Fonts) -> None:
        self._canvas = canvas
        self._tile = tile
        self._fonts = fonts
        self._pad = round(tile.height * 0.1)
        self._crop_side = tile.height - 2 * self._pad
        self._left = tile.x + self._crop_side + 2 * self._pad + round(tile.height * 0.03)
        self._right = tile.x + tile.width - round(1.5 * self._pad)

    def draw(self, named: NamedFace, number: int) -> None:
        tile, colour = self._tile, colour_of(number, unknown=named.unknown)
        fill_rounded(self._canvas, (tile.x, tile.y), (tile.width, tile.height), 18, TILE)
        side = self._crop_side
        crop = Image.fromarray(named.crop).resize((side, side), Image.Resampling.LANCZOS)
        corner = tile.x + self._pad, tile.y + self._pad
        paste_rounded(self._canvas, crop, corner, 12)
        outline_rounded(self._canvas, corner, (side, side), 12, colour, 2)
        chip = round(tile.height * 0.24)
        _number_chip(self._canvas, corner, chip, number, colour, self._fonts)
        if named.guesses and named.tier is not Tier.NOT_KNOWN:
            perhaps = "Probably " if named.tier is Tier.PROBABLY else ""
            self._write(f"{perhaps}{self._name(named)}", self._origin(named), TEXT)
        else:
            closest = f"closest: {self._name(named)}" if named.guesses else "no guess"
            self._write("Not known", closest, QUIET)
        self._bar(named.best.probability if named.guesses else 0.0, colour)

    def _name(self, named: NamedFace) -> str:
        character = named.best.character
        if self._fonts.can_write(character.name):
            return character.name
        return unlisted(character.id).name

    def _origin(self, named: NamedFace) -> str:
        """Return the series and the name in its own script, as far as the font has them."""
        character = named.best.character
        parts = (character.series, character.native_name)
        return "  ·  ".join(part for part in parts if part and self._fonts.can_write(part))

    def _write(self, title: str, subtitle: str, colour: Colour) -> None:
        tile, draw = self._tile, ImageDraw.Draw(self._canvas)
        room = self._right - self._left
        title, font = _fitted(title, self._fonts.bold, round(tile.height * 0.215), room)
        draw.text((self._left, tile.y + tile.height * 0.33), title, colour, font, anchor="ls")
        small = round(tile.height * 0.145)
        subtitle, font = _fitted(subtitle, self._fonts.regular, small, room)
        draw.text((self._left, tile.y + tile.height * 0.55), subtitle, QUIET, font, anchor="ls")

    def _bar(self, probability: float, colour: Colour) -> None:
        tile, draw = self._tile, ImageDraw.Draw(self._canvas)
        font = self._fonts.bold(round(tile.height * 0.165))
        middle = tile.y + round(tile.height * 0.78)
        draw.text((self._right, middle), percent(probability), colour, font, anchor="rm")
        number_width = round(font.getlength("under 1 %")) + self._pad
        thick = max(6, round(tile.height * 0.08))
        length = max(thick, self._right - self._left - number_width)
        corner = self._left, middle - thick // 2
        fill_rounded(self._canvas, corner, (length, thick), thick // 2, TRACK)
        filled = max(thick, round(length * min(1.0, probability)))
        fill_rounded(self._canvas, corner, (filled, thick), thick // 2, colour)


def _fitted(text: str, weight: Callable[[int], Font], size: int, room: int) -> tuple[str, Font]:
    """Make a text fit into `room` pixels: a little smaller first, then cut with an ellipsis."""
    smallest = round(size * 0.8)
    while size > smallest and weight(size).getlength(text) > room:
        size -= 1
    font = weight(size)
    if font.getlength(text) <= room:
        return text, font
    while text and font.getlength(text + "…") > room:
        text = text[:-1]
    return text.rstrip() + "…", font


def _note_further_faces(canvas: Image.Image, layout: Layout, faces: int, fonts: Fonts) -> None:
    if faces > MAX_TILES:
        text = f"and {faces - MAX_TILES} more"
        middle = layout.width / 2, layout.height - EDGE / 2
        centred(ImageDraw.Draw(canvas), middle, text, fonts.regular(16), QUIET)
