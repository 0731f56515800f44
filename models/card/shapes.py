"""Smooth rounded shapes for the card; Pillow's own drawing leaves their edges jagged."""

from __future__ import annotations

from functools import lru_cache

from PIL import Image, ImageChops, ImageDraw

Colour = tuple[int, int, int]

_OVERSAMPLING = 4


@lru_cache(maxsize=64)
def _corner(radius: int) -> Image.Image:
    """Return the upper left quarter of a disc, as a mask of (radius, radius) pixels."""
    big = radius * _OVERSAMPLING
    quarter = Image.new("L", (big, big), 0)
    ImageDraw.Draw(quarter).ellipse((0, 0, 2 * big - 1, 2 * big - 1), fill=255)
    return quarter.reduce(_OVERSAMPLING)


def _faded(mask: Image.Image, opacity: float) -> Image.Image:
    return mask.point([round(value * opacity) for value in range(256)])


def rounded_mask(width: int, height: int, radius: int) -> Image.Image:
    """Return a mask (mode L) of a rounded rectangle; the radius is bounded by the shorter side."""
    mask = Image.new("L", (width, height), 255)
    radius = min(radius, width // 2, height // 2)
    if radius > 0:
        corner = _corner(radius)
        right, bottom = width - radius, height - radius
        mask.paste(corner, (0, 0))
        mask.paste(corner.transpose(Image.Transpose.FLIP_LEFT_RIGHT), (right, 0))
        mask.paste(corner.transpose(Image.Transpose.FLIP_TOP_BOTTOM), (0, bottom))
        mask.paste(corner.transpose(Image.Transpose.ROTATE_180), (right, bottom))
    return mask


def fill_rounded(
    canvas: Image.Image,
    corner: tuple[int, int],
    size: tuple[int, int],
    radius: int,
    colour: Colour,
    opacity: float = 1.0,
) -> None:
    """Fill a rounded rectangle on the canvas."""
    mask = rounded_mask(*size, radius)
    if opacity < 1.0:
        mask = _faded(mask, opacity)
    canvas.paste(colour, corner, mask)


def outline_rounded(
    canvas: Image.Image,
    corner: tuple[int, int],
    size: tuple[int, int],
    radius: int,
    colour: Colour,
    line: int,
    opacity: float = 1.0,
) -> None:
    """Draw the outline of a rounded rectangle, `line` pixels wide, inside its size."""
    mask = rounded_mask(*size, radius)
    inner = size[0] - 2 * line, size[1] - 2 * line
    if inner[0] > 0 and inner[1] > 0:
        hole = Image.new("L", size, 0)
        hole.paste(rounded_mask(*inner, max(0, radius - line)), (line, line))
        mask = ImageChops.subtract(mask, hole)
    if opacity < 1.0:
        mask = _faded(mask, opacity)
    canvas.paste(colour, corner, mask)


def paste_rounded(
    canvas: Image.Image, picture: Image.Image, corner: tuple[int, int], radius: int
) -> None:
    """Paste a picture with rounded corners."""
    canvas.paste(picture, corner, rounded_mask(*picture.size, radius))
