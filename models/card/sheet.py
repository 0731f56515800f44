"""Draws the small annotated picture of an answer: each picture with its faces' boxes and numbers.

Nothing but numbers is written on it; names stand in the answer's text. Its shape is bounded
whatever the pictures' shapes are, so that a phone shows it as wide as the screen: long pictures are
cut into pieces, which lie side by side.
"""

from __future__ import annotations

import math
from bisect import bisect
from collections.abc import Sequence
from dataclasses import dataclass, replace

from PIL import Image, ImageDraw

from models.card.drawing import (
    DARK,
    Card,
    CardFormat,
    centred,
    colour_of,
    encode_within,
)
from models.card.fonts import Fonts, find_fonts
from models.card.shapes import fill_rounded, outline_rounded
from models.images.resizing import halved
from models.types import Box, Pixels

PHONE = (264, 300)
"""Width and height, in CSS pixels, that an answer's picture has on a narrow phone, at least."""
SMALLEST_TEXT = 12
"""Height, in the same pixels, of the numbers' font on a phone."""
LONGEST = 2.2
"""A picture longer than so many of its widths (or wider than so many heights) is cut to pieces."""
SMALLEST_SHEET = 420
"""A smaller sheet is enlarged to this longer side, so that its boxes can be seen."""

_SHAPE = 4 / 3
_GAP = 8


@dataclass(frozen=True, slots=True)
class NumberedBox:
    """A face on a panel; `box` is in the panel's pixels. `named` faces have colours."""

    number: int
    box: Box
    named: bool = True


@dataclass(frozen=True, slots=True)
class Panel:
    """A picture, or a frame of one, (height, width, 3) uint8 RGB, and the faces to number on it."""

    pixels: Pixels
    faces: tuple[NumberedBox, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a panel lies on the sheet, in the sheet's pixels."""

    x: int
    y: int
    width: int
    height: int


def draw_sheet(
    panels: Sequence[Panel],
    *,
    max_bytes: int,
    max_side: int = 800,
    format: CardFormat = "JPEG",  # noqa: A002 - Pillow's own name for it
    fonts: Fonts | None = None,
) -> Card:
    """Draw panels, at least one, as one encoded picture of at most `max_side` and `max_bytes`.

    Raises ValueError: not even the smallest fits into `max_bytes`.
    """
    pieces = [piece for panel in panels for piece in cut(panel)]
    width, height, places = arrange(
        [(piece.pixels.shape[1], piece.pixels.shape[0]) for piece in pieces], max_side
    )
    sheet = Image.new("RGB", (width, height), DARK)
    font_size = text_size(width, height)
    marks: list[tuple[Place, NumberedBox, float]] = []
    for piece, place in zip(pieces, places, strict=True):
        size = place.width, place.height
        shown = Image.fromarray(halved(piece.pixels, max(size)))
        if shown.size != size:
            shown = shown.resize(size, Image.Resampling.BICUBIC)
        sheet.paste(shown, (place.x, place.y))
        scale = place.width / piece.pixels.shape[1]
        marks += [(place, face, scale) for face in piece.faces]
    boxes = [_outline(sheet, *mark) for mark in marks]
    _number(sheet, [mark[1] for mark in marks], boxes, font_size, fonts or find_fonts())
    return encode_within(sheet, max_bytes, format)


def text_size(width: int, height: int) -> int:
    """Return the numbers' font size on a sheet so that a phone shows it in `SMALLEST_TEXT`."""
    shown = min(1.0, PHONE[0] / width, PHONE[1] / height)
    return math.ceil(SMALLEST_TEXT / shown)


def cut(panel: Panel) -> list[Panel]:
    """Return the pieces of a long panel, as many as make the lot about square; others stay whole.

    A face goes with the piece that its centre is on. Of a piece only what is around its faces is
    kept; one without a face is left out.
    """
    height, width = panel.pixels.shape[:2]
    length, short, upright = max(height, width), min(height, width), height > width
    if length <= LONGEST * short:
        return [panel]
    count = math.ceil(math.sqrt(length / short))
    edges = [length * place / count for place in range(1, count)]
    parts: list[list[NumberedBox]] = [[] for _ in range(count)]
    for face in panel.faces:
        parts[bisect(edges, face.box.center[upright])].append(face)
    return [_around(panel, part, short, upright=upright) for part in parts if part] or [panel]


def arrange(sizes: Sequence[tuple[int, int]], max_side: int) -> tuple[int, int, list[Place]]:
    """Return width and height of a sheet, and where each piece of (width, height) lies on it.

    Pieces lie in rows in their order, each row as wide as the sheet; of the numbers of rows that
    there can be, that is taken whose sheet is nearest to 4 : 3. Its longer side is `max_side`
    unless the pieces are smaller than that.
    """
    ratios = [width / height for width, height in sizes]
    rows = min(
        (_in_rows(ratios, count) for count in range(1, len(sizes) + 1)),
        key=lambda found: abs(math.log(_shape(ratios, found) / _SHAPE)),
    )
    shape = _shape(ratios, rows)
    natural = (
        max(sum(sizes[place][0] for place in row) for row in rows),
        max(sizes[place][1] for row in rows for place in row) * len(rows),
    )
    longest = min(max_side, max(SMALLEST_SHEET, *natural))
    width = longest if shape >= 1 else max(1, round(longest * shape))
    places: list[Place] = []
    y = 0
    for row in rows:
        free = max(len(row), width - _GAP * (len(row) - 1))
        high = max(1, round(free / sum(ratios[place] for place in row)))
        x = 0
        for place in row:
            wide = max(1, round(high * ratios[place]))
            if place == row[-1]:
                wide = max(1, width - x)
            places.append(Place(x, y, wide, high))
            x += wide + _GAP
        y += high + _GAP
    return width, y - _GAP, places


def _in_rows(ratios: Sequence[float], count: int) -> list[list[int]]:
    """Deal places to at most `count` rows of about the same length, in their order."""
    total, before = sum(ratios), 0.0
    rows: list[list[int]] = [[] for _ in range(count)]
    for place, ratio in enumerate(ratios):
        rows[min(count - 1, int(count * (before + ratio / 2) / total))].append(place)
        before += ratio
    return [row for row in rows if row]


def _shape(ratios: Sequence[float], rows: Sequence[Sequence[int]]) -> float:
    """Return width by height of a sheet with these rows."""
    return 1 / sum(1 / sum(ratios[place] for place in row) for row in rows)


def _around(panel: Panel, faces: Sequence[NumberedBox], short: int, *, upright: bool) -> Panel:
    """Return what of a long panel is around some of its faces, as wide as the panel itself."""
    spans = [(f.box.y0, f.box.y1) if upright else (f.box.x0, f.box.x1) for f in faces]
    start = max(0, round(min(low for low, _ in spans) - short / 2))
    stop = round(max(high for _, high in spans) + short / 2)
    kept = slice(start, max(stop, start + 1))
    x, y = (0, start) if upright else (start, 0)
    return Panel(
        panel.pixels[kept] if upright else panel.pixels[:, kept],
        tuple(replace(f, box=f.box.moved(-x, -y)) for f in faces),
    )


def _outline(
    sheet: Image.Image, place: Place, face: NumberedBox, scale: float
) -> tuple[int, int, int, int]:
    """Draw a box, along its picture's edge where it reaches beyond; return its corners."""
    box, colour = face.box, colour_of(face.number, unknown=not face.named)
    x0 = place.x + min(max(1, round(box.x0 * scale)), max(1, place.width - 5))
    y0 = place.y + min(max(1, round(box.y0 * scale)), max(1, place.height - 5))
    x1 = max(min(place.x + place.width - 1, place.x + round(box.x1 * scale)), x0 + 3)
    y1 = max(min(place.y + place.height - 1, place.y + round(box.y1 * scale)), y0 + 3)
    line = max(2, min(4, (x1 - x0) // 40))
    radius = max(4, min(14, (x1 - x0) // 10))
    around = x1 - x0 + 2, y1 - y0 + 2
    outline_rounded(sheet, (x0 - 1, y0 - 1), around, radius + 1, DARK, line + 2, opacity=0.55)
    outline_rounded(sheet, (x0, y0), (x1 - x0, y1 - y0), radius, colour, line)
    return x0, y0, x1, y1


def _number(
    sheet: Image.Image,
    faces: Sequence[NumberedBox],
    boxes: Sequence[tuple[int, int, int, int]],
    font_size: int,
    fonts: Fonts,
) -> None:
    """Write each face's number at a corner of its box, where it covers the least of others."""
    font = fonts.bold(font_size)
    height = round(font_size * 1.2)
    taken: list[tuple[int, int, int, int]] = []
    draw = ImageDraw.Draw(sheet)
    for face, box in zip(faces, boxes, strict=True):
        text = str(face.number)
        width = max(height, round(font.getlength(text) + font_size * 0.5))
        places = [
            (min(max(0, x), sheet.width - width), min(max(0, y), sheet.height - height))
            for x, y in _corners(box, width, height)
        ]
        x, y = min(
            places,
            key=lambda at: _covered((*at, at[0] + width, at[1] + height), box, boxes, taken),
        )
        taken.append((x, y, x + width, y + height))
        colour = colour_of(face.number, unknown=not face.named)
        fill_rounded(sheet, (x - 2, y - 2), (width + 4, height + 4), height // 3, DARK)
        fill_rounded(sheet, (x, y), (width, height), height // 3, colour)
        centred(draw, (x + width / 2, y + height / 2), text, font, DARK)


def _corners(box: tuple[int, int, int, int], width: int, height: int) -> list[tuple[int, int]]:
    """Return where a number may stand: on a corner of its box, the upper left one first."""
    x0, y0, x1, y1 = box
    third = height // 3
    return [
        (x0 - third, y0 - 2 * third),
        (x1 - width + third, y0 - 2 * third),
        (x0 - third, y1 - third),
        (x1 - width + third, y1 - third),
    ]


def _covered(
    at: tuple[int, int, int, int],
    own: tuple[int, int, int, int],
    boxes: Sequence[tuple[int, int, int, int]],
    taken: Sequence[tuple[int, int, int, int]],
) -> float:
    """Return how much a number at a place hides: other numbers first, then other faces."""
    numbers = sum(_overlap(at, other) for other in taken)
    others = sum(_overlap(at, other) for other in boxes if other != own)
    return 100.0 * numbers + 2.0 * others + _overlap(at, own)


def _overlap(a: tuple[int, int, int, int], b: tuple[int, int, int, int]) -> float:
    wide = min(a[2], b[2]) - max(a[0], b[0])
    high = min(a[3], b[3]) - max(a[1], b[1])
    return float(max(0, wide) * max(0, high))
