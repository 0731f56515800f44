"""Hair: the mass behind the head, tails and side locks, with their strands.

Coordinates are the head's: its centre is the origin, the cheeks are at x = ±0.85, the chin at
y = 1.08, the crown of the skull at y = -1.1.
"""

from __future__ import annotations

import numpy as np

from .canvas import Canvas, Points, spline
from .looks import BackHair, Palette

CROWN = (0.0, -1.41)


def shift(shape: Points, turn: float) -> Points:
    """Move what is in front of the head sideways as the head turns."""
    depth = np.sqrt(np.clip(1.2 - shape[:, 0] ** 2, 0, None)) * 0.16
    moved = shape.copy()
    moved[:, 0] += turn * depth
    return moved


def _lock(canvas: Canvas, colors: Palette, left: Points, right: Points) -> None:
    """Draw one lock between its left and right edge, both from root to tip."""
    shape = np.concatenate([left, right[::-1]])
    if colors.flat:
        canvas.fill(shape, colors.hair)
        return
    canvas.fill(shape, colors.hair, colors.hair, colors.hair_dark)
    inner = left * 0.42 + right * 0.58
    canvas.fill(np.concatenate([inner[2:], right[2:][::-1]]), colors.hair_dark, alpha=0.45)
    canvas.stroke(inner[: len(inner) * 2 // 3], colors.hair_light, 0.0, 0.022, 0.0, alpha=0.55)
    canvas.stroke(left, colors.hair_line, 0.012, 0.022, 0.008)
    canvas.stroke(right, colors.hair_line, 0.012, 0.022, 0.008)


def _mass(canvas: Canvas, colors: Palette, half: Points, strands: int) -> None:
    """Draw a symmetrical mass of back hair from the outline of its left half (top to bottom)."""
    mirrored = half * np.array([-1.0, 1.0])
    shape = np.concatenate([half, mirrored[::-1]])
    if colors.flat:
        canvas.fill(shape, colors.hair_dark)
        return
    canvas.fill(shape, colors.hair_dark, colors.hair_dark, colors.hair)
    for i in range(strands):
        part = -0.92 + 1.84 * (i + 0.5) / strands
        line = half * np.array([-part, 1.0]) + np.array([0.0, 0.05])
        canvas.stroke(line[4:], colors.hair_line, 0.0, 0.02, 0.0, alpha=0.5, clip=shape)
        shine = line + np.array([0.05, 0.0])
        canvas.stroke(shine[4:], colors.hair_light, 0.0, 0.03, 0.0, alpha=0.22, clip=shape)
    canvas.outline(shape, colors.hair_line, 0.024)


def _tail(canvas: Canvas, colors: Palette, side: float, root: tuple[float, float]) -> None:
    """Draw one long tail of hair that falls from `root` on one side."""
    x, y = root
    outer = spline(
        [
            (x, y - 0.16),
            (x + 0.48, y - 0.1),
            (x + 0.78, y + 0.7),
            (x + 0.62, y + 1.9),
            (x + 0.72, y + 2.8),
        ]
    )
    inner = spline(
        [
            (x, y + 0.12),
            (x + 0.12, y + 0.3),
            (x + 0.2, y + 0.95),
            (x + 0.12, y + 1.8),
            (x + 0.72, y + 2.8),
        ]
    )
    flip = np.array([side, 1.0])
    _lock(canvas, colors, outer * flip, inner * flip)
    if colors.flat:
        return
    for part in (0.25, 0.5, 0.78):
        line = (outer * part + inner * (1 - part)) * flip
        canvas.stroke(line[3:], colors.hair_line, 0.0, 0.02, 0.0, alpha=0.5)
        canvas.stroke(line[8:24] + 0.03, colors.hair_light, 0.0, 0.05, 0.0, alpha=0.4)


def draw_back(canvas: Canvas, colors: Palette, back: BackHair, turn: float) -> None:
    """Draw the hair behind head and shoulders."""
    top = [(0.0, -1.34), (-0.5, -1.24), (-0.98, -0.8), (-1.16, -0.1)]
    if back == "long":
        _mass(
            canvas,
            colors,
            spline([*top, (-1.24, 0.8), (-1.22, 1.8), (-1.3, 2.9), (-1.1, 3.3), (0, 3.2)]),
            9,
        )
    elif back == "wavy":
        _mass(
            canvas,
            colors,
            spline(
                [
                    *top,
                    (-1.34, 0.5),
                    (-1.2, 1.0),
                    (-1.5, 1.5),
                    (-1.3, 2.0),
                    (-1.52, 2.5),
                    (-1.2, 2.9),
                    (0, 2.7),
                ]
            ),
            8,
        )
    elif back == "bob":
        _mass(
            canvas,
            colors,
            spline([*top, (-1.24, 0.5), (-1.16, 1.0), (-0.84, 1.22), (-0.4, 1.12), (0, 1.1)]),
            7,
        )
    elif back == "short":
        _mass(
            canvas,
            colors,
            spline([*top, (-1.1, 0.34), (-1.2, 0.66), (-0.86, 0.72), (-0.7, 0.98), (0, 0.9)]),
            6,
        )
    elif back == "twintails":
        _tail(canvas, colors, 1, (0.92, -0.62))
        _tail(canvas, colors, -1, (0.92, -0.62))
        _mass(canvas, colors, spline([*top, (-1.16, 0.5), (-1.1, 1.1), (-0.95, 1.55), (0, 1.5)]), 7)
    elif back == "ponytail":
        side = -1.0 if turn > 0 else 1.0
        _tail(canvas, colors, side, (0.7, -1.0))
        _mass(canvas, colors, spline([*top, (-1.16, 0.5), (-1.1, 1.1), (-0.95, 1.55), (0, 1.5)]), 7)
    else:
        for side in (-1, 1):
            bun = canvas.placed(side * 0.82, -1.12, 0.4)
            ring = spline(
                [
                    (-0.95, 0),
                    (-0.6, -0.8),
                    (0.1, -1),
                    (0.85, -0.5),
                    (0.95, 0.3),
                    (0.3, 0.95),
                    (-0.6, 0.75),
                ],
                closed=True,
            )
            bun.fill(ring, colors.hair, colors.hair_dark)
            if not colors.flat:
                bun.outline(ring, colors.hair_line, 0.06)
                for r in (0.3, 0.62):
                    bun.stroke(
                        spline(
                            [(-r, 0.1), (-r * 0.4, -r), (r * 0.7, -r * 0.5), (r * 0.6, r * 0.6)]
                        ),
                        colors.hair_line,
                        0,
                        0.06,
                        0,
                        alpha=0.6,
                    )
        _mass(
            canvas,
            colors,
            spline([*top, (-1.2, 0.5), (-1.14, 1.05), (-0.9, 1.36), (-0.4, 1.3), (0, 1.3)]),
            7,
        )


def draw_side_locks(canvas: Canvas, colors: Palette, back: BackHair, turn: float) -> None:
    """Draw the locks that frame the face."""
    reach = {"long": 1.75, "wavy": 1.5, "bob": 1.12, "short": 0.72, "buns": 0.95}.get(back, 1.25)
    for side in (-1, 1):
        flip = np.array([side, 1.0])
        outer = spline([(1.02, -0.62), (1.13, 0.0), (1.07, reach * 0.55), (0.93, reach)]) * flip
        inner = spline([(0.70, -0.62), (0.88, -0.05), (0.86, reach * 0.5), (0.93, reach)]) * flip
        if side < 0:
            outer, inner = inner, outer
        _lock(canvas, colors, shift(inner, turn * 0.5), shift(outer, turn * 0.5))
