"""Bangs: the hair over the forehead, with its strands and shine.

Coordinates are the head's, as in `hair`.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from .canvas import Canvas, Points, arc, mix, spline
from .hair import CROWN, shift
from .looks import Bangs, Palette

_TIPS: dict[Bangs, list[tuple[float, float]]] = {
    "straight": [
        (-0.74, 0.02),
        (-0.48, -0.02),
        (-0.2, 0.0),
        (0.1, 0.01),
        (0.4, -0.02),
        (0.7, 0.02),
    ],
    "swept": [(-0.82, 0.26), (-0.6, 0.1), (-0.34, 0.0), (-0.04, -0.1), (0.3, -0.18), (0.66, -0.02)],
    "parted": [(-0.8, 0.3), (-0.58, 0.08), (-0.32, -0.12), (0.3, -0.14), (0.56, 0.06), (0.8, 0.3)],
    "messy": [
        (-0.8, 0.16),
        (-0.5, 0.06),
        (-0.3, 0.12),
        (0.02, 0.2),
        (0.3, 0.04),
        (0.56, 0.12),
        (0.8, 0.1),
    ],
    "curtain": [
        (-0.84, 0.42),
        (-0.64, 0.14),
        (-0.44, -0.1),
        (-0.06, 0.16),
        (0.2, -0.02),
        (0.52, 0.04),
        (0.8, 0.36),
    ],
}


def _edge(tips: list[tuple[float, float]], part: float) -> tuple[Points, list[Points]]:
    """Return the lower edge of locks that end in `tips`, and the shaded side of each lock.

    The locks fall away from the parting at x = `part` and are bent like blades.
    """
    lines: list[Points] = []
    shades: list[Points] = []
    for (ax, ay), (bx, by) in pairwise(tips):
        right = (ax + bx) / 2 > part
        rise = 0.2 + 0.42 * abs(bx - ax)
        valley = (ax + (0.42 if right else 0.58) * (bx - ax), min(ay, by) - rise)
        down_to_valley = arc((ax, ay), valley, 0.13 if right else -0.05)
        up_from_valley = arc(valley, (bx, by), -0.05 if right else 0.13)
        lines += [down_to_valley, up_from_valley]
        back = (valley[0] - 0.3 * (bx - ax), valley[1] - 0.1)
        shades.append(np.concatenate([down_to_valley, arc(back, (ax, ay), 0.02)]))
    return np.concatenate(lines), shades


def draw_bangs(canvas: Canvas, colors: Palette, bangs: Bangs, turn: float) -> None:
    """Draw the front hair with its strands and the ring of shine."""
    tips = _TIPS[bangs]
    part = {"swept": 0.5, "parted": 0.0, "curtain": -0.3}.get(bangs, 0.06)
    edge, shades = _edge(tips, part)
    dome = spline(
        [
            (-1.13, -0.3),
            (-1.07, -0.72),
            (-0.8, -1.13),
            (-0.36, -1.35),
            CROWN,
            (0.36, -1.35),
            (0.8, -1.13),
            (1.07, -0.72),
            (1.13, -0.3),
        ]
    )
    lower_left = np.concatenate(
        [arc((-1.13, -0.3), (-0.95, -0.26), -0.1), arc((-0.95, -0.26), tips[0], -0.08)]
    )
    lower_right = np.concatenate(
        [arc(tips[-1], (0.95, -0.26), -0.08), arc((0.95, -0.26), (1.13, -0.3), -0.1)]
    )
    front = shift(np.concatenate([lower_left, edge, lower_right]), turn)
    shape = np.concatenate([dome, front[::-1]])
    if colors.flat:
        canvas.fill(shape, colors.hair)
        _shine(canvas, colors, shape, turn)
        return
    canvas.fill(
        shape,
        mix(colors.hair, colors.hair_light, 0.35),
        colors.hair,
        colors.hair,
        mix(colors.hair, colors.hair_dark, 0.6),
    )
    for shade in shades:
        canvas.fill(shift(shade, turn), colors.hair_dark, alpha=0.55, clip=shape)
    root = np.array([part * 0.5 + turn * 0.2, -1.22])
    for shade in shades:
        valley = shift(shade[9:10], turn)[0]
        bend = 0.16 if valley[0] > root[0] else -0.16
        strand = arc(root + np.array([(valley[0] - root[0]) * 0.35, 0.1]), valley, bend)
        canvas.stroke(strand[1:], colors.hair_line, 0.0, 0.014, 0.028, alpha=0.8)
        for offset in (-0.09, 0.1):
            line = strand[1:8] + np.array([offset, 0.02])
            canvas.stroke(line, colors.hair_line, 0.0, 0.012, 0.0, alpha=0.35, clip=shape)
    _shine(canvas, colors, shape, turn)
    canvas.stroke(front, colors.hair_line, 0.024)
    canvas.stroke(dome, colors.hair_line, 0.028)


def _shine(canvas: Canvas, colors: Palette, clip: Points, turn: float) -> None:
    """Draw the ring of light around the crown: a band with a jagged lower edge."""
    x = np.linspace(-0.92, 0.92, 47)
    sag = -0.86 + 0.34 * x**2
    jag = 0.05 + 0.07 * (np.arange(47) % 4 == 0) + 0.04 * (np.arange(47) % 6 == 3)
    fade = np.clip(1.15 - np.abs(x), 0.1, 1)
    upper = np.stack([x, sag - jag[::-1] * fade], axis=1)
    lower = np.stack([x, sag + jag * fade], axis=1)
    band = np.concatenate([upper, lower[::-1]]) + np.array([turn * 0.1, 0.0])
    for start, stop in ((2, 16), (19, 33), (36, 45)):
        piece = np.concatenate([band[start:stop], band[94 - stop : 94 - start]])
        canvas.fill(piece, colors.hair_light, alpha=0.5 if colors.flat else 0.75, clip=clip)
    if not colors.flat:
        top = spline([(-0.5, -1.16), (-0.2, -1.24), (0.1, -1.25)])
        canvas.stroke(top, colors.hair_light, 0.0, 0.05, 0.0, alpha=0.6)
