"""Random changes of style: the same face as another hand, medium or printer would have drawn it.

Line art, screen tone, flat colours, posterised colours, smoothed shading, another background, other
colours overall; what a picture suffers after it was drawn is in `models.training.augmentation`.
Plain OpenCV on uint8, at most two milliseconds a picture of 112 pixels.
"""

# OpenCV's annotations forget that uint8 goes in and out.
# pyright: reportArgumentType=false, reportReturnType=false, reportAssignmentType=false

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from models.types import Pixels


@dataclass(frozen=True, slots=True)
class Styles:
    """How frequent each change is; chances are 0 to 1, and at most one of the first six happens.

    `background`: of another background, `white_balance`: of another overall colour; either may
    come on top.
    """

    line_art: float = 0.03
    screen_tone: float = 0.03
    flat: float = 0.07
    posterised: float = 0.06
    smooth: float = 0.06
    sharp: float = 0.05
    background: float = 0.2
    white_balance: float = 0.15

    def __call__(self, pixels: Pixels, other: Pixels, rng: np.random.Generator) -> Pixels:
        """Return a changed copy; `other` of the same shape lends its colours to the background."""
        if rng.random() < self.background:
            pixels = _other_background(pixels, other, rng)
        if rng.random() < self.white_balance:
            pixels = _rebalanced(pixels, rng)
        changes: tuple[tuple[float, Callable[[Pixels, np.random.Generator], Pixels]], ...] = (
            (self.line_art, line_art),
            (self.screen_tone, screen_tone),
            (self.flat, flat_colours),
            (self.posterised, posterised),
            (self.smooth, smoothed),
            (self.sharp, sharpened),
        )
        point = rng.random()
        for chance, change in changes:
            if point < chance:
                return change(pixels, rng)
            point -= chance
        return pixels


def line_art(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Dark lines on white, where the brightness changes: an adaptive threshold, softened."""
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY).astype(np.float32)
    around = cv2.GaussianBlur(grey, (0, 0), rng.uniform(1.5, 3.5))
    lines = np.clip(255 + rng.uniform(4, 9) * (grey - around + 3), 0, 255)
    return cv2.cvtColor(lines.astype(np.uint8), cv2.COLOR_GRAY2RGB)


def screen_tone(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Black ink and a grid of dots instead of greys, as manga is printed."""
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY).astype(np.float32)
    height, width = grey.shape
    y, x = np.mgrid[:height, :width].astype(np.float32)
    angle, pitch = rng.uniform(0.5, 1.1), rng.uniform(2.5, 4.5)
    u = (x * np.cos(angle) + y * np.sin(angle)) * (2 * np.pi / pitch)
    v = (y * np.cos(angle) - x * np.sin(angle)) * (2 * np.pi / pitch)
    dots = grey + rng.uniform(30, 70) * (np.cos(u) + np.cos(v)) / 2
    levels = np.clip((dots - rng.uniform(90, 140)) * 4 + 128, 0, 255)
    around = cv2.GaussianBlur(grey, (0, 0), 1.5)
    ink = np.clip(255 + 8 * (grey - around + 4), 0, 255)
    out = cv2.GaussianBlur(np.minimum(levels, ink), (0, 0), 0.6).astype(np.uint8)
    return cv2.cvtColor(out, cv2.COLOR_GRAY2RGB)


def flat_colours(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Areas of one colour each, as cel shading has them."""
    out = cv2.pyrMeanShiftFiltering(pixels, 4, int(rng.integers(18, 40)), maxLevel=1)
    return posterised(out, rng) if rng.random() < 0.3 else out


def posterised(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Few steps of brightness a channel."""
    step = 256 / int(rng.integers(4, 9))
    levels = (np.floor(np.arange(256) / step) * step + step / 2).astype(np.uint8)
    return cv2.LUT(cv2.GaussianBlur(pixels, (0, 0), 0.8), levels)


def smoothed(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Shading without strokes, as painted pictures have it."""
    return cv2.bilateralFilter(pixels, 5, rng.uniform(25, 70), rng.uniform(2, 5))


def sharpened(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Harder lines and colours."""
    amount = rng.uniform(0.6, 1.8)
    return cv2.addWeighted(pixels, 1 + amount, cv2.GaussianBlur(pixels, (0, 0), 1.6), -amount, 0)


def _other_background(pixels: Pixels, other: Pixels, rng: np.random.Generator) -> Pixels:
    """Keep an ellipse around the middle; around it one colour, or another picture out of focus."""
    height, width = pixels.shape[:2]
    kept = np.zeros((height, width), np.uint8)
    axes = tuple(int(v) for v in rng.uniform(0.40, 0.52, 2) * (width, height))
    centre = (width // 2, int(height * rng.uniform(0.48, 0.56)))
    cv2.ellipse(kept, centre, axes, 0, 0, 360, 255, -1)
    share = cv2.GaussianBlur(kept, (0, 0), width * 0.03)[..., None].astype(np.float32) / 255
    if rng.random() < 0.5:
        behind = np.broadcast_to(rng.integers(0, 256, 3).astype(np.float32), pixels.shape)
    else:
        behind = cv2.GaussianBlur(other, (0, 0), width * rng.uniform(0.03, 0.12)).astype(np.float32)
    return (pixels * share + behind * (1 - share)).astype(np.uint8)


def _rebalanced(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Warmer, colder, darker or paler overall: evening light, old scans, filters."""
    gain = np.exp(rng.normal(0, 0.18, 3)).astype(np.float32)
    gamma = float(np.exp(rng.normal(0, 0.3)))
    ramp = (np.arange(256, dtype=np.float32)[:, None] / 255) ** gamma * 255
    return cv2.LUT(pixels, np.clip(ramp * gain, 0, 255).astype(np.uint8)[None])
