"""The face: outline, eyes, brows, nose, mouth and blush, with an expression and a turn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .canvas import Canvas, Points, arc, ellipse, mix, spline
from .looks import Expression, Look, Palette, Shot

WHITE = (255, 255, 255)


@dataclass(frozen=True, slots=True)
class _Mood:
    """How an expression shapes eyes (0 closed to 1 wide open, left and right), brows and mouth."""

    left: float
    right: float
    brow_lift: float
    brow_slant: float
    mouth: str


_MOODS: dict[Expression, _Mood] = {
    "smile": _Mood(1.0, 1.0, 0.0, 0.0, "smile"),
    "laugh": _Mood(0.92, 0.92, 0.06, -0.02, "open"),
    "surprised": _Mood(1.12, 1.12, 0.12, -0.03, "oval"),
    "shy": _Mood(0.86, 0.86, 0.03, -0.09, "wobble"),
    "serious": _Mood(0.84, 0.84, -0.05, 0.07, "line"),
    "wink": _Mood(1.0, 0.0, 0.05, 0.0, "cat"),
    "pout": _Mood(0.9, 0.9, -0.02, 0.06, "pout"),
    "dreamy": _Mood(0.8, 0.8, 0.06, -0.04, "small"),
}


def warp(shape: Points, turn: float, strength: float = 1.0) -> Points:
    """Turn the head: what is in front moves aside more than what is near the edge."""
    depth = np.sqrt(np.clip(1.05 - shape[:, 0] ** 2, 0, None))
    moved = shape.copy()
    moved[:, 0] += turn * strength * 0.24 * depth
    return moved


def outline(turn: float) -> Points:
    """Return the face's outline, ears left out."""
    left = [
        (0.0, -0.95),
        (-0.6, -0.78),
        (-0.88, -0.3),
        (-0.87, 0.2),
        (-0.76, 0.56),
        (-0.44, 0.9),
        (-0.12, 1.07),
    ]
    right = [(-x, y) for x, y in reversed(left[1:])]
    return warp(spline([*left, *right], closed=True), turn, 0.45)


def draw_head(canvas: Canvas, colors: Palette, shot: Shot) -> None:
    """Draw ears and the face's skin with the shadow of the hair."""
    shape = outline(shot.turn)
    for side in (-1, 1):
        ear = canvas.placed(side * (0.9 - 0.06 * abs(shot.turn)), 0.24, 0.2)
        rim = spline(
            [
                (-0.6 * side, -0.9),
                (0.4 * side, -1.1),
                (0.75 * side, -0.3),
                (0.3 * side, 0.8),
                (-0.5 * side, 1.1),
            ],
            closed=True,
        )
        ear.fill(rim, colors.skin)
        ear.outline(rim, colors.skin_line, 0.1)
    canvas.fill(shape, colors.skin)
    below = spline(
        [
            (-1.0, -1),
            (-0.92, 0.2),
            (-0.74, 0.02),
            (-0.42, -0.02),
            (-0.1, 0.08),
            (0.2, -0.05),
            (0.5, 0.06),
            (0.76, 0.06),
            (0.94, 0.2),
            (1.0, -1),
        ]
    )
    canvas.fill(warp(below, shot.turn), colors.skin_dark, alpha=0.8, clip=shape)
    side = 1.0 if shot.turn >= 0 else -1.0
    cheek = spline(
        [
            (0.95, -0.2),
            (0.74, 0.3),
            (0.6, 0.66),
            (0.2, 1.02),
            (0.5, 1.3),
            (1.2, 0.9),
            (1.3, -0.1),
        ]
    )
    canvas.fill(cheek * np.array([-side, 1.0]), colors.skin_dark, alpha=0.5, clip=shape)
    canvas.outline(shape, colors.skin_line, 0.026)


def _eye(
    canvas: Canvas, colors: Palette, side: float, opened: float, shot: Shot, height: float
) -> None:
    """Draw one eye in its own coordinates: outwards to the right on both sides."""
    flip = np.array([side, 1.0])
    tall = opened * height
    upper = spline(
        [
            (-0.25, 0.04),
            (-0.16, -0.17 * tall),
            (0.02, -0.265 * tall),
            (0.18, -0.19 * tall),
            (0.275, 0.02),
        ]
    )
    lower = spline([(0.275, 0.02), (0.22, 0.19), (0.04, 0.275), (-0.14, 0.235), (-0.25, 0.04)])
    white = np.concatenate([upper, lower]) * flip
    canvas.fill(white, mix(WHITE, (150, 140, 190), 0.42), WHITE, WHITE, WHITE)
    x, y = shot.gaze[0] * 0.06, 0.02 + shot.gaze[1] * 0.05
    iris = ellipse(x, y, 0.205, 0.275 * max(height, 0.9))
    canvas.fill(iris, colors.eye_dark, clip=white)
    inside = ellipse(x, y + 0.012, 0.182, 0.25 * max(height, 0.9))
    canvas.fill(
        inside,
        colors.eye_dark,
        mix(colors.eye_dark, colors.eye, 0.6),
        colors.eye,
        colors.eye_light,
        clip=white,
    )
    if not colors.flat:
        for angle in np.linspace(0.35, np.pi - 0.35, 9):
            ray = np.array([[0.1, 0.13], [0.15, 0.2]]) * np.array([np.cos(angle), np.sin(angle)])
            canvas.stroke(
                ray + np.array([x, y + 0.01]),
                colors.eye_light,
                0.012,
                0.012,
                0.0,
                alpha=0.7,
                clip=white,
            )
    canvas.fill(
        ellipse(x, y + 0.0, 0.082, 0.12), mix(colors.eye_dark, (10, 4, 20), 0.7), clip=white
    )
    glow = spline(
        [(-0.12, 0.1), (0, 0.17), (0.12, 0.1), (0.07, 0.205), (-0.07, 0.205)], closed=True
    )
    canvas.fill(
        glow + np.array([x, y + 0.02]), mix(colors.eye_light, WHITE, 0.45), alpha=0.85, clip=white
    )
    shade = np.concatenate([upper, upper[::-1] + np.array([0.0, 0.085])]) * flip
    canvas.fill(shade, colors.eye_dark, alpha=0.5, clip=white)
    canvas.fill(ellipse(x - 0.075, y - 0.105, 0.066, 0.078), WHITE)
    canvas.fill(ellipse(x + 0.085, y + 0.1, 0.034, 0.04), WHITE)
    canvas.fill(ellipse(x + 0.06, y - 0.15, 0.02, 0.024), WHITE, alpha=0.9)
    lash = np.concatenate([upper, [(0.325, -0.05 * tall - 0.02)]])
    canvas.stroke(lash * flip, colors.lash, 0.03, 0.088, 0.012)
    for start, end in (
        ((0.2, -0.14 * tall), (0.345, -0.19 * tall)),
        ((0.1, -0.22 * tall), (0.225, -0.335 * tall)),
    ):
        canvas.stroke(arc(start, end, -0.12) * flip, colors.lash, 0.05, 0.028, 0.0)
    under = spline([(0.275, 0.02), (0.22, 0.19), (0.06, 0.278), (-0.08, 0.27)])
    canvas.stroke(under * flip, colors.lash, 0.012, 0.02, 0.0, alpha=0.9)
    fold = spline(
        [(-0.18, -0.22 * tall - 0.05), (0.02, -0.3 * tall - 0.06), (0.2, -0.22 * tall - 0.05)]
    )
    canvas.stroke(fold * flip, colors.skin_line, 0.0, 0.018, 0.0, alpha=0.75)


def _closed_eye(canvas: Canvas, colors: Palette, side: float) -> None:
    """Draw a smiling closed eye."""
    flip = np.array([side, 1.0])
    line = spline([(-0.25, 0.12), (-0.1, 0.0), (0.06, -0.02), (0.28, 0.12)])
    canvas.stroke(line * flip, colors.lash, 0.02, 0.065, 0.014)
    for start, end in (((0.18, 0.04), (0.34, 0.0)), ((0.24, 0.1), (0.36, 0.13))):
        canvas.stroke(arc(start, end, -0.1) * flip, colors.lash, 0.03, 0.02, 0.0)


def draw_features(canvas: Canvas, look: Look, colors: Palette, shot: Shot) -> None:
    """Draw blush, nose, mouth and eyes."""
    mood, turn = _MOODS[shot.expression], shot.turn
    for side in (-1, 1):
        spot = warp(np.array([[side * 0.52, 0.6]]), turn)[0]
        canvas.glow(spot[0], spot[1], 0.27, (255, 92, 108), 0.62 * shot.blush, squash=0.55)
        if shot.blush > 0.6:
            for i in (-1, 0, 1):
                dash = (
                    np.array([[0.02, -0.035], [-0.02, 0.035]]) + spot + np.array([i * 0.085, 0.0])
                )
                canvas.stroke(dash, (228, 84, 96), 0.014, alpha=0.75)
    nose = warp(spline([(0.012, 0.5), (0.03, 0.545), (-0.012, 0.56)]), turn * 1.15)
    canvas.stroke(nose, colors.skin_line, 0.006, 0.024, 0.006, alpha=0.85)
    _mouth(canvas, colors, mood.mouth, turn)
    for side, opened in ((-1, mood.left), (1, mood.right)):
        middle = warp(np.array([[side * 0.42, 0.26]]), turn)[0]
        narrow = 1 - 0.14 * max(0.0, turn * side)
        eye = canvas.placed(middle[0], middle[1], 1.0, narrow=narrow)
        if opened:
            _eye(eye, colors, side, opened, shot, look.eye_height)
        else:
            _closed_eye(eye, colors, side)


def draw_brows(canvas: Canvas, colors: Palette, shot: Shot) -> None:
    """Draw the eyebrows (over the hair, as is the custom)."""
    mood = _MOODS[shot.expression]
    for side in (-1, 1):
        y = -0.12 - mood.brow_lift
        inner, outer = y + mood.brow_slant, y - mood.brow_slant * 0.6 + 0.03
        line = spline([(0.22, inner), (0.4, min(inner, outer) - 0.045), (0.62, outer)])
        brow = warp(line * np.array([side, 1.0]), shot.turn)
        canvas.stroke(brow, colors.hair_line, 0.03, 0.036, 0.008, alpha=0.85)


def _mouth(canvas: Canvas, colors: Palette, kind: str, turn: float) -> None:
    line_color, deep, tongue = (150, 52, 62), (138, 38, 52), (240, 128, 132)
    if kind in ("open", "oval", "pout"):
        pairs = {
            "open": [
                (-0.19, 0.7),
                (0.0, 0.725),
                (0.19, 0.7),
                (0.13, 0.86),
                (0.0, 0.92),
                (-0.13, 0.86),
            ],
            "oval": [
                (-0.07, 0.76),
                (0.0, 0.71),
                (0.07, 0.76),
                (0.06, 0.84),
                (0.0, 0.875),
                (-0.06, 0.84),
            ],
            "pout": [(-0.05, 0.79), (0.0, 0.755), (0.05, 0.79), (0.0, 0.82)],
        }[kind]
        shape = warp(spline(pairs, closed=True), turn)
        canvas.fill(shape, deep)
        if kind == "open":
            canvas.fill(warp(ellipse(0.0, 0.93, 0.12, 0.1), turn), tongue, clip=shape)
            canvas.fill(
                warp(np.array([[-0.16, 0.68], [0.16, 0.68], [0.13, 0.748], [-0.13, 0.748]]), turn),
                WHITE,
                clip=shape,
            )
        canvas.outline(shape, line_color, 0.018)
        return
    pairs = {
        "smile": [(-0.15, 0.735), (-0.06, 0.785), (0.06, 0.785), (0.15, 0.735)],
        "wobble": [(-0.1, 0.77), (-0.04, 0.75), (0.03, 0.785), (0.1, 0.76)],
        "line": [(-0.09, 0.772), (0.0, 0.765), (0.09, 0.772)],
        "cat": [(-0.17, 0.73), (-0.09, 0.795), (0.0, 0.745), (0.09, 0.795), (0.17, 0.73)],
        "small": [(-0.07, 0.76), (0.0, 0.785), (0.07, 0.76)],
    }[kind]
    line = warp(spline(pairs), turn)
    canvas.stroke(line, line_color, 0.012, 0.032, 0.012)
    canvas.stroke(line[8:-8] + np.array([0.0, 0.075]), colors.skin_dark, 0.0, 0.02, 0.0, alpha=0.9)
