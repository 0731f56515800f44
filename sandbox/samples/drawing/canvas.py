"""A canvas: smooth curves, gradient fills and tapered strokes in local coordinates.

OpenCV draws the polygons, anti-aliased. Shapes are (n, 2) arrays of points in the coordinates of
the canvas's current placement.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

Points = NDArray[np.float64]
"""A polyline or polygon: (n, 2), x to the right, y down."""

Point = Sequence[float] | NDArray[np.float64]
"""One point: x and y."""

Color = tuple[int, int, int]
"""Red, green, blue, 0 to 255."""


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
    """Return a Catmull-Rom curve through points (it keeps its ends when open)."""
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
    """Return the outline of a brush stroke along `line` with its widths along the way."""
    if len(line) < 2:
        return line
    direction = np.gradient(line, axis=0)
    length = np.linalg.norm(direction, axis=1, keepdims=True)
    normal = np.stack([-direction[:, 1], direction[:, 0]], axis=1) / np.maximum(length, 1e-9)
    t = np.linspace(0, 1, len(line))
    half = np.interp(t, [0, 0.5, 1], [start, middle, end])[:, None] / 2
    return np.concatenate([line + normal * half, (line - normal * half)[::-1]])


_FRACTION_BITS = 4
"""Binary digits behind the point of the coordinates that OpenCV takes."""


def _soft_disc() -> NDArray[np.uint8]:
    """Return a disc that fades from 255 in its centre to 0 at its rim."""
    y, x = np.mgrid[-1:1:128j, -1:1:128j]
    t = np.clip(1 - np.hypot(x, y), 0, 1)
    return (255 * t * t * (3 - 2 * t)).astype(np.uint8)


_SOFT = _soft_disc()


class Canvas:
    """A picture in the making, with a placement (shift, size, rotation) for what is drawn next."""

    def __init__(self, width: int, height: int, background: Color = (255, 255, 255)) -> None:
        self.width, self.height = width, height
        self.pixels = np.full((height, width, 3), background, dtype=np.uint8)
        self._matrix = np.eye(2)
        self._shift = np.zeros(2)

    def placed(
        self, x: float, y: float, size: float, degrees: float = 0, narrow: float = 1
    ) -> Canvas:
        """Return the same picture seen in local coordinates: origin, size of one unit, rotation.

        `narrow` is how wide a unit is in relation to its height.
        """
        other = object.__new__(Canvas)
        other.width, other.height, other.pixels = self.width, self.height, self.pixels
        turn = math.radians(degrees)
        rotation = np.array([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]])
        other._matrix = self._matrix @ rotation @ np.diag([narrow, 1.0]) * size
        other._shift = self._shift + self._matrix @ np.array([x, y])
        return other

    def _in_pixels(self, shape: Points) -> Points:
        return shape @ self._matrix.T + self._shift

    def fill(
        self, shape: Points, *colors: Color, alpha: float = 1, clip: Points | None = None
    ) -> None:
        """Fill a polygon with one colour, or with several from its top to its bottom."""
        corners = self._in_pixels(shape)
        if len(colors) == 1 and alpha == 1 and clip is None:
            _polygon(self.pixels, corners, colors[0])
            return
        height, width = self.pixels.shape[:2]
        left, top = np.maximum(np.floor(corners.min(axis=0)) - 1, 0).astype(int)
        right, bottom = np.minimum(np.ceil(corners.max(axis=0)) + 2, (width, height)).astype(int)
        if right <= left or bottom <= top:
            return
        corner = np.array([left, top])
        mask = np.zeros((bottom - top, right - left), dtype=np.uint8)
        _polygon(mask, corners - corner, round(255 * alpha))
        if clip is not None:
            inside = np.zeros_like(mask)
            _polygon(inside, self._in_pixels(clip) - corner, 255)
            mask = (mask.astype(np.uint16) * inside // 255).astype(np.uint8)
        column = np.array(colors, dtype=np.uint8)[:, None]
        paint = _resized(column, (1, int(bottom - top))) if len(colors) > 1 else column
        _blend(self.pixels[top:bottom, left:right], paint, mask)

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
        """Draw a brush stroke of some widths along the way (one width: the same all along)."""
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
        """Blend a soft round patch of colour over the picture, `squash` times as high as wide."""
        center = self._in_pixels(points([(x, y)]))[0]
        reach = radius * math.sqrt(abs(np.linalg.det(self._matrix)))
        size = (max(2, round(reach * 2)), max(2, round(reach * 2 * squash)))
        mask = _resized((_SOFT * alpha).astype(np.uint8), size)
        left, top = round(center[0] - size[0] / 2), round(center[1] - size[1] / 2)
        part = self.pixels[
            max(top, 0) : max(top + size[1], 0), max(left, 0) : max(left + size[0], 0)
        ]
        from_y, from_x = max(-top, 0), max(-left, 0)
        mask = mask[from_y : from_y + part.shape[0], from_x : from_x + part.shape[1]]
        _blend(part, np.array([[color]], dtype=np.uint8), mask)

    def blur(self, radius: float) -> None:
        """Blur all that is there, by so many pixels of the finished picture."""
        side = round(radius) * 2 + 1
        cv2.blur(self.pixels, (side, side), dst=self.pixels)

    def finished(self) -> Image.Image:
        """Return the picture at its own size."""
        return Image.fromarray(self.pixels)


def _resized(picture: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    return np.asarray(cv2.resize(picture, size), dtype=np.uint8)


def _polygon(target: NDArray[np.uint8], corners: Points, color: Color | int) -> None:
    fixed = np.rint((corners - 0.5) * 2**_FRACTION_BITS).astype(np.int32)
    cv2.fillPoly(target, [fixed], color, cv2.LINE_AA, _FRACTION_BITS)  # pyright: ignore[reportCallIssue, reportArgumentType]


def _blend(part: NDArray[np.uint8], paint: NDArray[np.uint8], mask: NDArray[np.uint8]) -> None:
    """Mix paint into part of a picture where the mask says how much (255: only paint)."""
    cover = mask[..., None].astype(np.uint16)
    part[:] = (part * (255 - cover) + paint * cover + 127) // 255
