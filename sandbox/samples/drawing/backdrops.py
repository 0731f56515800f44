"""What is behind the figures: skies, rooms, patterns, and a landscape."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from .canvas import Canvas, Color, Points, ellipse, mix, points, spline
from .looks import Backdrop

WHITE = (255, 255, 255)


def _wash(canvas: Canvas, *colors: Color) -> None:
    w, h = canvas.width, canvas.height
    canvas.fill(points([(0, 0), (w, 0), (w, h), (0, h)]), *colors)


def _cloud(
    canvas: Canvas, x: float, y: float, size: float, rng: np.random.Generator, tint: Color
) -> None:
    for layer, color in ((0.12, mix(tint, (110, 130, 190), 0.25)), (0.0, tint)):
        for k in range(9):
            along = (k - 4) / 4
            radius = size * (0.42 * (1 - along**2) + 0.14) * (0.9 + 0.2 * math.sin(k * 2.4 + size))
            canvas.fill(
                ellipse(x + along * size, y - radius * 0.6 + layer * size, radius, radius),
                color,
                alpha=0.94,
            )


def _sky(canvas: Canvas, rng: np.random.Generator) -> None:
    _wash(canvas, (66, 146, 232), (122, 192, 246), (206, 236, 252), (236, 248, 250))
    w, h = canvas.width, canvas.height
    canvas.glow(w * 0.86, h * 0.1, w * 0.4, (255, 255, 236), 0.8)
    for _ in range(5):
        _cloud(
            canvas,
            rng.uniform(0, w),
            rng.uniform(0.12, 0.6) * h,
            rng.uniform(0.1, 0.24) * w,
            rng,
            WHITE,
        )


def _blossoms(canvas: Canvas, rng: np.random.Generator) -> None:
    _wash(canvas, (255, 214, 226), (255, 234, 238), (246, 246, 255))
    w, h = canvas.width, canvas.height
    for _ in range(26):
        canvas.glow(rng.uniform(0, w), rng.uniform(0, h), rng.uniform(0.04, 0.15) * w, WHITE, 0.5)
    branch = spline(
        [(-0.05 * w, 0.2 * h), (0.2 * w, 0.12 * h), (0.45 * w, 0.1 * h), (0.8 * w, 0.02 * h)]
    )
    canvas.stroke(branch, (122, 84, 88), w * 0.025, w * 0.014, w * 0.004)
    for _ in range(60):
        at = branch[rng.integers(len(branch))] + rng.normal(0, 0.035 * w, 2)
        _blossom(canvas, float(at[0]), float(at[1]), rng.uniform(0.014, 0.028) * w, rng)
    for _ in range(34):
        petal = canvas.placed(
            rng.uniform(0, w), rng.uniform(0, h), rng.uniform(0.008, 0.02) * w, rng.uniform(0, 360)
        )
        petal.fill(
            spline([(0, 1), (0.6, 0), (0, -1), (-0.6, 0)], closed=True), (255, 176, 200), alpha=0.85
        )


def _blossom(canvas: Canvas, x: float, y: float, size: float, rng: np.random.Generator) -> None:
    start = rng.uniform(0, math.tau)
    color = mix((255, 168, 196), WHITE, float(rng.uniform(0, 0.6)))
    for k in range(5):
        angle = start + k * math.tau / 5
        canvas.fill(
            ellipse(
                x + size * 0.6 * math.cos(angle),
                y + size * 0.6 * math.sin(angle),
                size * 0.5,
                size * 0.5,
                14,
            ),
            color,
        )
    canvas.fill(ellipse(x, y, size * 0.25, size * 0.25, 12), (232, 92, 132))


def _dusk(canvas: Canvas, rng: np.random.Generator) -> None:
    _wash(canvas, (74, 58, 128), (182, 84, 136), (250, 138, 108), (255, 204, 128))
    w, h = canvas.width, canvas.height
    canvas.glow(w * 0.25, h * 0.72, w * 0.55, (255, 244, 190), 0.9)
    for _ in range(4):
        _cloud(
            canvas,
            rng.uniform(0, w),
            rng.uniform(0.1, 0.5) * h,
            rng.uniform(0.12, 0.25) * w,
            rng,
            (255, 178, 160),
        )
    x = -0.02 * w
    while x < w:
        wide, tall = rng.uniform(0.05, 0.12) * w, rng.uniform(0.06, 0.22) * h
        canvas.fill(
            points([(x, h), (x, h - tall), (x + wide, h - tall), (x + wide, h)]), (70, 48, 98)
        )
        for _ in range(4):
            u, v = x + rng.uniform(0.1, 0.8) * wide, h - rng.uniform(0.1, 0.9) * tall
            canvas.fill(
                points(
                    [(u, v), (u + 0.012 * w, v), (u + 0.012 * w, v + 0.012 * w), (u, v + 0.012 * w)]
                ),
                (255, 220, 140),
            )
        x += wide


def _room(canvas: Canvas, rng: np.random.Generator) -> None:
    _wash(canvas, (250, 236, 214), (240, 214, 186))
    w, h = canvas.width, canvas.height
    left, top, right, bottom = 0.08 * w, 0.06 * h, 0.62 * w, 0.56 * h
    canvas.fill(
        points([(left, top), (right, top), (right, bottom), (left, bottom)]),
        (150, 208, 244),
        (226, 244, 250),
    )
    canvas.glow(left + 0.2 * w, top + 0.14 * h, 0.22 * w, WHITE, 0.9)
    for x in (left, (left + right) / 2, right):
        canvas.stroke(points([(x, top), (x, bottom)]), (255, 252, 244), 0.022 * w)
    for y in (top, bottom):
        canvas.stroke(
            points([(left - 0.011 * w, y), (right + 0.011 * w, y)]), (255, 252, 244), 0.022 * w
        )
    for row in range(3):
        y = (0.24 + row * 0.17) * h
        canvas.stroke(points([(0.7 * w, y), (w, y)]), (176, 122, 84), 0.018 * w)
        x = 0.71 * w
        while x < w:
            wide, tall = rng.uniform(0.018, 0.04) * w, rng.uniform(0.08, 0.13) * h
            color = [
                (196, 88, 88),
                (92, 132, 176),
                (232, 186, 96),
                (112, 160, 124),
                (150, 110, 168),
            ][rng.integers(5)]
            canvas.fill(points([(x, y - tall), (x + wide, y - tall), (x + wide, y), (x, y)]), color)
            x += wide + 2
    canvas.fill(
        points([(left, bottom), (right, bottom), (right + 0.3 * w, h), (left + 0.2 * w, h)]),
        (255, 244, 210),
        alpha=0.5,
    )


def _dots(canvas: Canvas, rng: np.random.Generator) -> None:
    hue = [(255, 226, 138), (168, 226, 214), (255, 190, 196), (190, 204, 250)][rng.integers(4)]
    _wash(canvas, mix(hue, WHITE, 0.25), hue)
    step = canvas.width / 11
    for row in range(int(canvas.height / step) + 2):
        for column in range(13):
            x = (column + 0.5 * (row % 2) - 0.5) * step
            canvas.fill(ellipse(x, row * step, step * 0.24, step * 0.24, 20), WHITE, alpha=0.6)


def _rays(canvas: Canvas, rng: np.random.Generator) -> None:
    hue = [(255, 150, 120), (120, 190, 255), (180, 150, 255)][rng.integers(3)]
    w, h = canvas.width, canvas.height
    _wash(canvas, mix(hue, WHITE, 0.65))
    reach = math.hypot(w, h)
    for k in range(18):
        a, b = k * math.tau / 18, (k + 0.5) * math.tau / 18
        canvas.fill(
            points(
                [
                    (w / 2, h * 0.5),
                    (w / 2 + reach * math.cos(a), h / 2 + reach * math.sin(a)),
                    (w / 2 + reach * math.cos(b), h / 2 + reach * math.sin(b)),
                ]
            ),
            hue,
            alpha=0.6,
        )
    canvas.glow(w / 2, h / 2, w * 0.7, WHITE, 0.85)


def _night(canvas: Canvas, rng: np.random.Generator) -> None:
    _wash(canvas, (14, 18, 58), (36, 44, 108), (86, 84, 160))
    w, h = canvas.width, canvas.height
    for _ in range(110):
        x, y, r = rng.uniform(0, w), rng.uniform(0, h * 0.9), rng.uniform(0.0015, 0.005) * w
        canvas.fill(ellipse(x, y, r, r, 10), (255, 252, 224), alpha=float(rng.uniform(0.4, 1)))
    canvas.glow(w * 0.8, h * 0.16, w * 0.3, (255, 246, 200), 0.6)
    canvas.fill(ellipse(w * 0.8, h * 0.16, w * 0.085, w * 0.085), (255, 248, 214))


def _plain(canvas: Canvas, rng: np.random.Generator) -> None:
    hue = [(232, 240, 248), (248, 238, 232), (236, 232, 246)][rng.integers(3)]
    _wash(canvas, WHITE, hue)
    canvas.glow(canvas.width * 0.5, canvas.height * 0.5, canvas.width * 0.55, WHITE, 0.9)


def _rain(canvas: Canvas, rng: np.random.Generator) -> None:
    _wash(canvas, (92, 112, 140), (134, 154, 176), (176, 190, 202))
    w, h = canvas.width, canvas.height
    for _ in range(14):
        color = [(255, 216, 150), (180, 220, 255), (255, 170, 170)][rng.integers(3)]
        canvas.glow(
            rng.uniform(0, w), rng.uniform(0.2, 1) * h, rng.uniform(0.05, 0.14) * w, color, 0.6
        )
    for _ in range(120):
        x, y, length = rng.uniform(0, w), rng.uniform(-0.1, 1) * h, rng.uniform(0.04, 0.1) * h
        canvas.stroke(
            points([(x, y), (x - length * 0.16, y + length)]), WHITE, w * 0.003, alpha=0.4
        )


_DRAWN: dict[Backdrop, Callable[[Canvas, np.random.Generator], None]] = {
    "sky": _sky,
    "blossoms": _blossoms,
    "dusk": _dusk,
    "room": _room,
    "dots": _dots,
    "rays": _rays,
    "night": _night,
    "plain": _plain,
    "rain": _rain,
}


def draw_backdrop(canvas: Canvas, kind: Backdrop, seed: int) -> None:
    """Fill the whole picture with a backdrop; `seed` places what is strewn about."""
    _DRAWN[kind](canvas, np.random.default_rng(seed))


def draw_landscape(canvas: Canvas, seed: int) -> None:
    """Draw hills, a lake and a mountain, with nobody in it."""
    rng = np.random.default_rng(seed)
    _sky(canvas, rng)
    w, h = canvas.width, canvas.height
    peak = points(
        [
            (0.16 * w, 0.62 * h),
            (0.46 * w, 0.2 * h),
            (0.52 * w, 0.23 * h),
            (0.58 * w, 0.2 * h),
            (0.9 * w, 0.62 * h),
        ]
    )
    canvas.fill(peak, (104, 128, 184), (148, 176, 214))
    snow = points(
        [
            (0.38 * w, 0.32 * h),
            (0.46 * w, 0.2 * h),
            (0.52 * w, 0.23 * h),
            (0.58 * w, 0.2 * h),
            (0.67 * w, 0.32 * h),
            (0.61 * w, 0.3 * h),
            (0.56 * w, 0.35 * h),
            (0.5 * w, 0.29 * h),
            (0.44 * w, 0.36 * h),
        ]
    )
    canvas.fill(snow, (250, 252, 255))
    for base, rise, near, far in (
        (0.6, 0.05, (120, 176, 150), (150, 200, 170)),
        (0.68, 0.06, (86, 156, 110), (120, 186, 128)),
    ):
        canvas.fill(_ridge(w, h, base, rise, rng), far, near)
    canvas.fill(
        points([(0, 0.74 * h), (w, 0.74 * h), (w, h), (0, h)]), (128, 198, 232), (70, 140, 200)
    )
    for _ in range(40):
        x, y, length = rng.uniform(0, w), rng.uniform(0.76, 1) * h, rng.uniform(0.03, 0.12) * w
        canvas.stroke(points([(x, y), (x + length, y)]), WHITE, 0.0, h * 0.004, 0.0, alpha=0.5)
    canvas.fill(_ridge(w, h, 0.93, 0.05, rng), (96, 168, 84), (60, 128, 66))
    for _ in range(90):
        x, y, r = rng.uniform(0, w), rng.uniform(0.92, 1) * h, rng.uniform(0.003, 0.008) * w
        color = [(255, 240, 130), (255, 170, 190), WHITE][rng.integers(3)]
        canvas.fill(ellipse(x, y, r, r, 10), color)


def _ridge(w: float, h: float, base: float, rise: float, rng: np.random.Generator) -> Points:
    x = np.linspace(0, w, 80)
    a, b = rng.uniform(0, math.tau, 2)
    y = h * (base - rise * (0.6 * np.sin(x / w * 5 + a) + 0.4 * np.sin(x / w * 11 + b)))
    return np.concatenate([np.stack([x, y], axis=1), points([(w, h), (0, h)])])
