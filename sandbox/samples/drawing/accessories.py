"""What a character wears on her head: in front of her hair, or behind it."""

from __future__ import annotations

import numpy as np

from .canvas import Canvas, arc, ellipse, mix, points, spline
from .clothes import DARK, WHITE, edge, star
from .face import warp
from .looks import Look, Palette


def draw_behind(canvas: Canvas, look: Look, colors: Palette) -> None:
    """Draw what is worn behind the bangs: animal ears and the band of the headphones."""
    if "ears" in look.accessories:
        for side in (-1, 1):
            flip = np.array([side, 1.0])
            outer = (
                spline([(0.3, -1.15), (0.62, -1.62), (0.92, -1.86), (1.06, -1.4), (1.06, -0.7)])
                * flip
            )
            inner = (
                spline([(0.5, -1.12), (0.68, -1.45), (0.87, -1.62), (0.95, -1.3), (0.94, -0.9)])
                * flip
            )
            canvas.fill(outer, colors.hair, colors.hair_dark)
            canvas.fill(inner, (255, 190, 196))
            edge(canvas, colors, outer, colors.hair_line, 0.03)
    if "headphones" in look.accessories:
        band = spline(
            [
                (-1.12, 0.1),
                (-1.16, -0.7),
                (-0.7, -1.36),
                (0, -1.52),
                (0.7, -1.36),
                (1.16, -0.7),
                (1.12, 0.1),
            ]
        )
        canvas.stroke(band, mix(look.accent, DARK, 0.72), 0.17)
        canvas.stroke(band, look.accent, 0.11)


def draw_worn(canvas: Canvas, look: Look, colors: Palette, turn: float) -> None:
    """Draw what is worn over the hair."""
    for accessory in look.accessories:
        draw = _WORN.get(accessory)
        if draw:
            draw(canvas, look, colors, turn)


def _ribbon(canvas: Canvas, look: Look, colors: Palette, turn: float) -> None:
    for side in (-1, 1) if look.back == "twintails" else (1,):
        bow = canvas.placed(
            side * 0.94, -0.74 if look.back == "twintails" else -0.98, 0.42, side * 28
        )
        for flip in (np.array([1.0, 1.0]), np.array([-1.0, 1.0])):
            tail = points([(0.0, 0.1), (0.5, 1.1), (0.2, 1.05), (-0.1, 0.3)]) * flip
            loop = (
                spline(
                    [(0.0, 0.0), (0.6, -0.62), (1.02, -0.3), (0.9, 0.42), (0.4, 0.38)], closed=True
                )
                * flip
            )
            for piece in (tail, loop):
                bow.fill(
                    piece, mix(look.accent, WHITE, 0.2), look.accent, mix(look.accent, DARK, 0.2)
                )
                edge(bow, colors, piece, mix(look.accent, DARK, 0.65), 0.06)
            if not colors.flat:
                bow.stroke(
                    spline([(0.15, 0.0), (0.5, -0.1), (0.75, -0.05)]) * flip,
                    mix(look.accent, DARK, 0.5),
                    0,
                    0.07,
                    0,
                )
        bow.fill(ellipse(0, 0, 0.2, 0.24), look.accent)
        edge(bow, colors, ellipse(0, 0, 0.2, 0.24), mix(look.accent, DARK, 0.65), 0.06)


def _clips(canvas: Canvas, look: Look, colors: Palette, turn: float) -> None:
    for start, end in (((0.58, -0.56), (0.86, -0.34)), ((0.86, -0.56), (0.58, -0.34))):
        clip = warp(points([start, end]), turn)
        canvas.stroke(clip, mix(look.accent, DARK, 0.55), 0.12)
        canvas.stroke(clip * 0.98 + clip.mean(axis=0) * 0.02, look.accent, 0.08)
        canvas.stroke(clip, mix(look.accent, WHITE, 0.75), 0.0, 0.03, 0.0)


def _headphones(canvas: Canvas, look: Look, colors: Palette, turn: float) -> None:
    for side in (-1, 1):
        cup = ellipse(side * 1.08, 0.2, 0.2, 0.34)
        canvas.fill(cup, mix(look.accent, WHITE, 0.3), look.accent, mix(look.accent, DARK, 0.35))
        edge(canvas, colors, cup, mix(look.accent, DARK, 0.7), 0.03)
        canvas.fill(ellipse(side * 1.12, 0.2, 0.09, 0.2), mix(look.accent, WHITE, 0.65))


def _glasses(canvas: Canvas, look: Look, colors: Palette, turn: float) -> None:
    for side in (-1, 1):
        center = warp(points([(side * 0.42, 0.3)]), turn)[0]
        rim = ellipse(center[0], center[1], 0.35, 0.33)
        canvas.fill(rim, WHITE, alpha=0.1)
        canvas.outline(rim, mix(look.accent, DARK, 0.3), 0.024)
        glint = points([(-0.2, 0.12), (-0.08, -0.22), (-0.02, -0.22), (-0.14, 0.16)]) + center
        canvas.fill(glint, WHITE, alpha=0.28)
        canvas.stroke(
            warp(points([(side * 0.74, 0.24), (side * 0.92, 0.16)]), turn),
            mix(look.accent, DARK, 0.3),
            0.024,
        )
    bridge = warp(arc((-0.08, 0.27), (0.08, 0.27), 0.2), turn)
    canvas.stroke(bridge, mix(look.accent, DARK, 0.3), 0.024)


def _flower(canvas: Canvas, look: Look, colors: Palette, turn: float) -> None:
    for x, y, size in ((-0.8, -0.66, 0.3), (-1.0, -0.3, 0.19)):
        petal = canvas.placed(x + turn * 0.08, y, size)
        for k in range(5):
            leaf = petal.placed(0, 0, 1, k * 72 + 12)
            shape = spline(
                [(0, 0), (0.42, -0.5), (0.2, -1.02), (0, -0.9), (-0.2, -1.02), (-0.42, -0.5)],
                closed=True,
            )
            leaf.fill(shape, mix(look.accent, WHITE, 0.5), look.accent)
            edge(leaf, colors, shape, mix(look.accent, DARK, 0.5), 0.07)
        petal.fill(ellipse(0, 0, 0.24, 0.24), (255, 214, 92))


def _star_pin(canvas: Canvas, look: Look, colors: Palette, turn: float) -> None:
    center = warp(points([(0.66, -0.5)]), turn)[0]
    for radius, color in (
        (0.26, mix(look.accent, DARK, 0.6)),
        (0.205, look.accent),
        (0.1, mix(look.accent, WHITE, 0.65)),
    ):
        canvas.fill(star(center[0], center[1], radius), color)


_WORN = {
    "ribbon": _ribbon,
    "clips": _clips,
    "headphones": _headphones,
    "glasses": _glasses,
    "flower": _flower,
    "star": _star_pin,
}
