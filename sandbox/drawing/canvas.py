"""A supersampled canvas: smooth curves, gradient fills and tapered strokes in local coordinates.

Pillow draws without anti-aliasing; the canvas draws at `SCALE` times the size and reduces at the
end. Shapes are (n, 2) arrays of points in the coordinates of the canvas's current placement.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageDraw

Points = NDArray[np.float64]
"""A polyline or polygon: (n, 2), x to the right, y down."""

Point = Sequence[float] | NDArray[np.float64]
"""One point: x and y."""

Color = tuple[int, int, int]
"""Red, green, blue, 0 to 255."""

SCALE = 2
"""Drawn pixels per pixel of the finished picture, each way."""


def mix(a: Color, b: Color, part: float) -> Color:
    """Return the colour `part` (0 to 1) of the way from `a` to `b`."""
    return (
        round(a[0] + (b[0] - a[0]) * part),
        round(a[1] + (b[1] - a[1]) * part),
        round(a[2] + (b[2] - a[2]) * part),
    )


def points(pairs: Iterable[Point]) -> Points:
    """Return pairs of numbers as points."""
    return np.asarray([tuple(pair) for pair in pairs], dtype=np.float64)


def spline(pairs: Iterable[Point], *, closed: bool = False, steps: int = 10) -> Points:
    """Return a Catmull-Rom curve through the given points (its ends are kept when open)."""
    knots = points(pairs)
    before, after = (knots[-1:], knots[:2]) if closed else (knots[:1], knots[-1:])
    padded = np.concatenate([before, knots, after])
    t = np.linspace(0, 1, steps, endpoint=False)[:, None]
    parts = []
    for i in range(len(padded) - 3):
        a, b, c, d = padded[i : i + 4]
        parts.append(
            0.5
            * (
                2 * b
                + (c - a) * t
                + (2 * a - 5 * b + 4 * c - d) * t**2
                + (3 * b - 3 * c + d - a) * t**3
            )
        )
    if not closed:
        parts.append(knots[-1:])
    return np.concatenate(parts)


def arc(start: Point, end: Point, bulge: float, steps: int = 10) -> Points:
    """Return a curve from `start` to `end` that leaves the chord by `bulge` chord lengths.

    A positive bulge bends to the right of the direction of travel as seen on the screen.
    """
    a, b = np.asarray(start, dtype=np.float64), np.asarray(end, dtype=np.float64)
    chord = b - a
    control = (a + b) / 2 + np.array([-chord[1], chord[0]]) * bulge * 2
    t = np.linspace(0, 1, steps)[:, None]
    return (1 - t) ** 2 * a + 2 * (1 - t) * t * control + t**2 * b


def ellipse(x: float, y: float, rx: float, ry: float, steps: int = 40) -> Points:
    """Return an ellipse as a polygon."""
    angle = np.linspace(0, 2 * math.pi, steps, endpoint=False)
    return np.stack([x + rx * np.cos(angle), y + ry * np.sin(angle)], axis=1)


def ribbon(line: Points, start: float, middle: float, end: float) -> Points:
    """Return the outline of a brush stroke along `line` with the given widths along the way."""
    if len(line) < 2:
        return line
    direction = np.gradient(line, axis=0)
    length = np.linalg.norm(direction, axis=1, keepdims=True)
    normal = np.stack([-direction[:, 1], direction[:, 0]], axis=1) / np.maximum(length, 1e-9)
    t = np.linspace(0, 1, len(line))
    half = np.interp(t, [0, 0.5, 1], [start, middle, end])[:, None] / 2
    return np.concatenate([line + normal * half, (line - normal * half)[::-1]])


def _soft_disc() -> Image.Image:
    """Return a disc that fades from 255 in its centre to 0 at its rim."""
    y, x = np.mgrid[-1:1:128j, -1:1:128j]
    t = np.clip(1 - np.hypot(x, y), 0, 1)
    return Image.fromarray((255 * t * t * (3 - 2 * t)).astype(np.uint8))


_SOFT = _soft_disc()


class Canvas:
    """A picture in the making, with a placement (shift, size, rotation) for what is drawn next."""

    def __init__(self, width: int, height: int, background: Color = (255, 255, 255)) -> None:
        self.width, self.height = width, height
        self.image = Image.new("RGB", (width * SCALE, height * SCALE), background)
        self._matrix = np.eye(2) * SCALE
        self._shift = np.zeros(2)

    def placed(
        self, x: float, y: float, size: float, degrees: float = 0, narrow: float = 1
    ) -> Canvas:
        """Return the same picture seen in local coordinates: origin, size of one unit, rotation.

        `narrow` is how wide a unit is in relation to its height.
        """
        other = object.__new__(Canvas)
        other.width, other.height, other.image = self.width, self.height, self.image
        turn = math.radians(degrees)
        rotation = np.array([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]])
        other._matrix = self._matrix @ rotation @ np.diag([narrow, 1.0]) * size
        other._shift = self._shift + self._matrix @ np.array([x, y])
        return other

    def _pixels(self, shape: Points) -> Points:
        return shape @ self._matrix.T + self._shift

    def _mask(
        self, shape: Points, alpha: float, clip: Points | None
    ) -> tuple[Image.Image, tuple[int, int, int, int]] | None:
        """Return the coverage of a polygon and the part of the picture that it lies in."""
        pixels = self._pixels(shape)
        low = np.maximum(np.floor(pixels.min(axis=0)), 0).astype(int)
        high = np.minimum(np.ceil(pixels.max(axis=0)) + 1, self.image.size).astype(int)
        if (high <= low).any():
            return None
        size = (int(high[0] - low[0]), int(high[1] - low[1]))
        level = round(255 * alpha)
        mask = Image.new("L", size)
        ImageDraw.Draw(mask).polygon([tuple(p) for p in pixels - low], fill=level)
        if clip is not None:
            inside = Image.new("L", size)
            edge = self._pixels(clip) - low
            ImageDraw.Draw(inside).polygon([tuple(p) for p in edge], fill=255)
            mask = ImageChops.multiply(mask, inside)
        return mask, (int(low[0]), int(low[1]), int(high[0]), int(high[1]))

    def fill(
        self, shape: Points, *colors: Color, alpha: float = 1, clip: Points | None = None
    ) -> None:
        """Fill a polygon with one colour, or with several from its top to its bottom."""
        found = self._mask(shape, alpha, clip)
        if found is None:
            return
        mask, box = found
        if len(colors) == 1:
            self.image.paste(colors[0], box, mask)
            return
        column = Image.new("RGB", (1, len(colors)))
        column.putdata(list(colors))
        self.image.paste(column.resize(mask.size, Image.Resampling.BILINEAR), box, mask)

    def stroke(
        self,
        line: Points,
        color: Color,
        start: float,
        middle: float | None = None,
        end: float | None = None,
        *,
        alpha: float = 1,
        clip: Points | None = None,
    ) -> None:
        """Draw a brush stroke of the given widths (one width: the same all along)."""
        middle = start if middle is None else middle
        self.fill(
            ribbon(line, start, middle, start if end is None else end),
            color,
            alpha=alpha,
            clip=clip,
        )

    def outline(self, shape: Points, color: Color, width: float, alpha: float = 1) -> None:
        """Draw the border of a polygon."""
        self.stroke(np.concatenate([shape, shape[:2]]), color, width, alpha=alpha)

    def glow(
        self, x: float, y: float, radius: float, color: Color, alpha: float, squash: float = 1
    ) -> None:
        """Lay a soft round patch of colour over the picture, `squash` times as high as wide."""
        center = self._pixels(points([(x, y)]))[0]
        reach = radius * math.sqrt(abs(np.linalg.det(self._matrix)))
        size = (max(2, round(reach * 2)), max(2, round(reach * 2 * squash)))
        soft = _SOFT.point([round(v * alpha) for v in range(256)])
        corner = (round(center[0] - size[0] / 2), round(center[1] - size[1] / 2))
        self.image.paste(
            color,
            (corner[0], corner[1], corner[0] + size[0], corner[1] + size[1]),
            soft.resize(size, Image.Resampling.BILINEAR),
        )

    def finished(self) -> Image.Image:
        """Return the picture at its own size, anti-aliased."""
        return self.image.reduce(SCALE)
