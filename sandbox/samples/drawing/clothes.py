"""Neck, shoulders and clothes of a character."""

from __future__ import annotations

import math

import numpy as np

from .canvas import Canvas, Color, Points, arc, ellipse, mix, points, spline
from .looks import Look, Palette

WHITE = (255, 255, 255)
DARK = (40, 30, 46)


def _both(half: list[tuple[float, float]]) -> Points:
    """Return a closed smooth shape from its right half, from top to bottom."""
    side = spline(half)
    return np.concatenate([side, (side * np.array([-1.0, 1.0]))[::-1]])


def draw_body(canvas: Canvas, look: Look, colors: Palette) -> None:
    """Draw neck, shoulders and clothes, in the head's coordinates but upright."""
    neck = points(
        [(-0.26, 0.7), (0.26, 0.7), (0.27, 1.32), (0.5, 1.75), (-0.5, 1.75), (-0.27, 1.32)]
    )
    canvas.fill(neck, colors.skin)
    canvas.fill(
        spline([(-0.32, 0.7), (0.32, 0.7), (0.31, 1.2), (0.08, 1.36), (-0.31, 1.22)], closed=True),
        colors.skin_dark,
        clip=neck,
    )
    torso = _both([(0.34, 1.44), (0.75, 1.56), (1.26, 1.78), (1.5, 2.3), (1.62, 3.2), (1.7, 4.8)])
    line = mix(look.cloth, DARK, 0.62)
    dark = mix(look.cloth, (60, 40, 90), 0.3)
    if colors.flat:
        canvas.fill(torso, look.cloth)
    else:
        canvas.fill(torso, look.cloth, look.cloth, dark)
        for side in (-1, 1):
            flip = np.array([side, 1.0])
            sleeve = spline([(1.06, 2.2), (1.12, 2.9), (1.0, 3.6), (1.08, 4.8)])
            canvas.stroke(sleeve * flip, line, 0.0, 0.03, 0.02)
            fold = spline([(1.1, 2.05), (0.86, 2.4), (0.8, 2.7)])
            canvas.stroke(fold * flip, dark, 0.0, 0.07, 0.0)
            canvas.stroke(
                spline([(1.2, 1.86), (1.42, 2.3), (1.5, 3.1)]) * flip,
                mix(look.cloth, WHITE, 0.5),
                0.0,
                0.05,
                0.0,
                alpha=0.6,
            )
        canvas.outline(torso, line, 0.026)
    _OUTFITS[look.outfit](canvas, look, colors, line)


def _throat(canvas: Canvas, colors: Palette, depth: float) -> None:
    """Draw the skin that an open collar shows, down to y = `depth`."""
    skin = points([(-0.26, 1.2), (0.26, 1.2), (0.44, 1.48), (0.0, depth), (-0.44, 1.48)])
    canvas.fill(skin, colors.skin)
    shadow = spline([(-0.5, 1.0), (0.5, 1.0), (0.4, 1.36), (0.08, 1.46), (-0.36, 1.3)], closed=True)
    canvas.fill(shadow, colors.skin_dark, clip=skin)


def edge(canvas: Canvas, colors: Palette, shape: Points, line: Color, width: float = 0.022) -> None:
    """Draw the outline of a shape, where the style has outlines."""
    if not colors.flat:
        canvas.outline(shape, line, width)


def _sailor(canvas: Canvas, look: Look, colors: Palette, line: Color) -> None:
    _throat(canvas, colors, 2.32)
    trim_line = mix(look.trim, DARK, 0.6)
    for side in (-1, 1):
        flip = np.array([side, 1.0])
        collar = np.concatenate(
            [
                points([(0.32, 1.4)]),
                arc((0.5, 1.45), (1.16, 1.86), -0.05),
                arc((1.1, 2.2), (0.0, 2.42), -0.03),
            ]
        )
        canvas.fill(collar * flip, look.trim)
        band = np.concatenate([arc((1.0, 2.12), (0.08, 2.32), -0.03)])
        canvas.stroke(band * flip, mix(look.trim, WHITE, 0.85), 0.035)
        edge(canvas, colors, collar * flip, trim_line)
        bow = spline([(0.0, 2.38), (0.5, 2.12), (0.62, 2.4), (0.5, 2.66)], closed=True)
        tail = points([(0.02, 2.42), (0.34, 3.05), (0.12, 3.1), (-0.04, 2.5)])
        for piece in (tail, bow):
            canvas.fill(
                piece * flip, look.accent, mix(look.accent, DARK, 0.0 if colors.flat else 0.25)
            )
            edge(canvas, colors, piece * flip, mix(look.accent, DARK, 0.6))
    knot = ellipse(0, 2.4, 0.11, 0.12)
    canvas.fill(knot, mix(look.accent, WHITE, 0.15))
    edge(canvas, colors, knot, mix(look.accent, DARK, 0.6))


def _hoodie(canvas: Canvas, look: Look, colors: Palette, line: Color) -> None:
    shirt = points([(-0.34, 1.44), (0.34, 1.44), (0.2, 2.3), (-0.2, 2.3)])
    canvas.fill(shirt, look.trim)
    hood = _both([(0.36, 1.26), (0.78, 1.4), (0.98, 1.66), (0.7, 1.98), (0.0, 2.42)])
    hole = _both([(0.3, 1.36), (0.42, 1.56), (0.3, 1.86), (0.0, 2.12)])
    dark = mix(look.cloth, (60, 40, 90), 0.42)
    canvas.fill(hood, mix(look.cloth, WHITE, 0.1), look.cloth)
    edge(canvas, colors, hood, line)
    canvas.fill(hole, dark)
    _throat(canvas, colors, 1.9)
    for side in (-1, 1):
        cord = spline([(side * 0.26, 2.12), (side * 0.3, 2.5), (side * 0.25, 2.86)])
        canvas.stroke(cord, look.trim, 0.045)
        canvas.fill(ellipse(side * 0.25, 2.9, 0.045, 0.08), look.accent)


def _kimono(canvas: Canvas, look: Look, colors: Palette, line: Color) -> None:
    rng = np.random.default_rng(len(look.name))
    for x, y in rng.uniform((-1.3, 1.9), (1.3, 4.2), (16, 2)):
        for k in range(5):
            turn = k * math.tau / 5
            canvas.fill(
                ellipse(x + 0.08 * math.cos(turn), y + 0.08 * math.sin(turn), 0.06, 0.06, 14),
                look.trim,
                alpha=0.85,
            )
        canvas.fill(ellipse(x, y, 0.04, 0.04, 12), look.accent)
    _throat(canvas, colors, 2.2)
    for side, color in ((1, look.trim), (1, WHITE), (-1, WHITE), (-1, look.trim)):
        inset = 0.12 if color == WHITE else 0.0
        flap = points(
            [(0.3 - inset, 1.36), (0.52 - inset, 1.5), (-0.3, 3.2), (-0.62, 3.2)]
        ) * np.array([side, 1.0])
        canvas.fill(flap, color)
        edge(canvas, colors, flap, line, 0.018)
    sash = points([(-1.5, 3.2), (1.5, 3.2), (1.6, 4.8), (-1.6, 4.8)])
    canvas.fill(sash, look.accent, mix(look.accent, DARK, 0.25))
    canvas.stroke(points([(-1.5, 3.7), (1.5, 3.7)]), look.trim, 0.1)


def _shirt(canvas: Canvas, look: Look, colors: Palette, line: Color) -> None:
    _throat(canvas, colors, 1.95)
    tie = points([(-0.1, 1.86), (0.1, 1.86), (0.2, 3.0), (0.0, 3.24), (-0.2, 3.0)])
    canvas.fill(tie, look.accent, mix(look.accent, DARK, 0.3))
    edge(canvas, colors, tie, mix(look.accent, DARK, 0.6))
    for side in (-1, 1):
        flip = np.array([side, 1.0])
        vest = points([(0.5, 1.52), (1.0, 1.68), (1.12, 4.8), (0.0, 4.8), (0.0, 3.3)]) * flip
        canvas.fill(vest, look.trim, mix(look.trim, DARK, 0.2))
        edge(canvas, colors, vest, mix(look.trim, DARK, 0.6))
        flap = points([(0.3, 1.34), (0.58, 1.52), (0.42, 2.02), (0.0, 1.88)]) * flip
        canvas.fill(flap, mix(look.cloth, WHITE, 0.5))
        edge(canvas, colors, flap, line)


def _cloak(canvas: Canvas, look: Look, colors: Palette, line: Color) -> None:
    _throat(canvas, colors, 2.25)
    for side in (-1, 1):
        flip = np.array([side, 1.0])
        cape = (
            np.concatenate(
                [
                    spline([(0.3, 1.3), (0.9, 1.44), (1.5, 1.86), (1.8, 3.0), (1.9, 4.8)]),
                    spline([(0.6, 4.8), (0.42, 3.2), (0.14, 2.2), (0.3, 1.3)]),
                ]
            )
            * flip
        )
        canvas.fill(cape, look.trim, mix(look.trim, DARK, 0.3))
        edge(canvas, colors, cape, mix(look.trim, DARK, 0.7))
        canvas.stroke(spline([(0.56, 4.8), (0.4, 3.2), (0.16, 2.3)]) * flip, look.accent, 0.06)
    brooch = star(0.0, 2.2, 0.2)
    canvas.fill(brooch, look.accent)
    edge(canvas, colors, brooch, mix(look.accent, DARK, 0.6))


_OUTFITS = {
    "sailor": _sailor,
    "hoodie": _hoodie,
    "kimono": _kimono,
    "shirt": _shirt,
    "cloak": _cloak,
}


def star(x: float, y: float, radius: float) -> Points:
    """Return the outline of a star with five points."""
    angle = np.linspace(-math.pi / 2, 1.5 * math.pi, 10, endpoint=False)
    reach = np.where(np.arange(10) % 2 == 0, radius, radius * 0.48)
    return np.stack([x + reach * np.cos(angle), y + reach * np.sin(angle)], axis=1)
