"""Neck, shoulders, clothes and what a character wears on her head."""

from __future__ import annotations

import math

import numpy as np

from .canvas import Canvas, Color, Points, arc, ellipse, mix, points, spline
from .face import warp
from .looks import Look, Palette

WHITE = (255, 255, 255)
DARK = (40, 30, 46)


def _both(half: list[tuple[float, float]]) -> Points:
    """Return a closed smooth shape from its right half, given from top to bottom."""
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


def _edge(
    canvas: Canvas, colors: Palette, shape: Points, line: Color, width: float = 0.022
) -> None:
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
        _edge(canvas, colors, collar * flip, trim_line)
        bow = spline([(0.0, 2.38), (0.5, 2.12), (0.62, 2.4), (0.5, 2.66)], closed=True)
        tail = points([(0.02, 2.42), (0.34, 3.05), (0.12, 3.1), (-0.04, 2.5)])
        for piece in (tail, bow):
            canvas.fill(
                piece * flip, look.accent, mix(look.accent, DARK, 0.0 if colors.flat else 0.25)
            )
            _edge(canvas, colors, piece * flip, mix(look.accent, DARK, 0.6))
    knot = ellipse(0, 2.4, 0.11, 0.12)
    canvas.fill(knot, mix(look.accent, WHITE, 0.15))
    _edge(canvas, colors, knot, mix(look.accent, DARK, 0.6))


def _hoodie(canvas: Canvas, look: Look, colors: Palette, line: Color) -> None:
    shirt = points([(-0.34, 1.44), (0.34, 1.44), (0.2, 2.3), (-0.2, 2.3)])
    canvas.fill(shirt, look.trim)
    hood = _both([(0.36, 1.26), (0.78, 1.4), (0.98, 1.66), (0.7, 1.98), (0.0, 2.42)])
    hole = _both([(0.3, 1.36), (0.42, 1.56), (0.3, 1.86), (0.0, 2.12)])
    dark = mix(look.cloth, (60, 40, 90), 0.42)
    canvas.fill(hood, mix(look.cloth, WHITE, 0.1), look.cloth)
    _edge(canvas, colors, hood, line)
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
        _edge(canvas, colors, flap, line, 0.018)
    sash = points([(-1.5, 3.2), (1.5, 3.2), (1.6, 4.8), (-1.6, 4.8)])
    canvas.fill(sash, look.accent, mix(look.accent, DARK, 0.25))
    canvas.stroke(points([(-1.5, 3.7), (1.5, 3.7)]), look.trim, 0.1)


def _shirt(canvas: Canvas, look: Look, colors: Palette, line: Color) -> None:
    _throat(canvas, colors, 1.95)
    tie = points([(-0.1, 1.86), (0.1, 1.86), (0.2, 3.0), (0.0, 3.24), (-0.2, 3.0)])
    canvas.fill(tie, look.accent, mix(look.accent, DARK, 0.3))
    _edge(canvas, colors, tie, mix(look.accent, DARK, 0.6))
    for side in (-1, 1):
        flip = np.array([side, 1.0])
        vest = points([(0.5, 1.52), (1.0, 1.68), (1.12, 4.8), (0.0, 4.8), (0.0, 3.3)]) * flip
        canvas.fill(vest, look.trim, mix(look.trim, DARK, 0.2))
        _edge(canvas, colors, vest, mix(look.trim, DARK, 0.6))
        flap = points([(0.3, 1.34), (0.58, 1.52), (0.42, 2.02), (0.0, 1.88)]) * flip
        canvas.fill(flap, mix(look.cloth, WHITE, 0.5))
        _edge(canvas, colors, flap, line)


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
        _edge(canvas, colors, cape, mix(look.trim, DARK, 0.7))
        canvas.stroke(spline([(0.56, 4.8), (0.4, 3.2), (0.16, 2.3)]) * flip, look.accent, 0.06)
    star = _star(0.0, 2.2, 0.2)
    canvas.fill(star, look.accent)
    _edge(canvas, colors, star, mix(look.accent, DARK, 0.6))


_OUTFITS = {
    "sailor": _sailor,
    "hoodie": _hoodie,
    "kimono": _kimono,
    "shirt": _shirt,
    "cloak": _cloak,
}


def _star(x: float, y: float, radius: float) -> Points:
    angle = np.linspace(-math.pi / 2, 1.5 * math.pi, 10, endpoint=False)
    reach = np.where(np.arange(10) % 2 == 0, radius, radius * 0.48)
    return np.stack([x + reach * np.cos(angle), y + reach * np.sin(angle)], axis=1)


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
            _edge(canvas, colors, outer, colors.hair_line, 0.03)
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
                _edge(bow, colors, piece, mix(look.accent, DARK, 0.65), 0.06)
            if not colors.flat:
                bow.stroke(
                    spline([(0.15, 0.0), (0.5, -0.1), (0.75, -0.05)]) * flip,
                    mix(look.accent, DARK, 0.5),
                    0,
                    0.07,
                    0,
                )
        bow.fill(ellipse(0, 0, 0.2, 0.24), look.accent)
        _edge(bow, colors, ellipse(0, 0, 0.2, 0.24), mix(look.accent, DARK, 0.65), 0.06)


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
        _edge(canvas, colors, cup, mix(look.accent, DARK, 0.7), 0.03)
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
            _edge(leaf, colors, shape, mix(look.accent, DARK, 0.5), 0.07)
        petal.fill(ellipse(0, 0, 0.24, 0.24), (255, 214, 92))


def _star_pin(canvas: Canvas, look: Look, colors: Palette, turn: float) -> None:
    center = warp(points([(0.66, -0.5)]), turn)[0]
    for radius, color in (
        (0.26, mix(look.accent, DARK, 0.6)),
        (0.205, look.accent),
        (0.1, mix(look.accent, WHITE, 0.65)),
    ):
        canvas.fill(_star(center[0], center[1], radius), color)


_WORN = {
    "ribbon": _ribbon,
    "clips": _clips,
    "headphones": _headphones,
    "glasses": _glasses,
    "flower": _flower,
    "star": _star_pin,
}
