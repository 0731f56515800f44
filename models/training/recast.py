"""Makes other characters out of a picture: the same face with other hair, eyes and clothes.

Each way of doing it gives every character of the training data a further one, with a class of its
own. They are told apart by what sets a stranger apart from somebody known.
"""

# OpenCV's annotations forget that uint8 goes in and out.
# pyright: reportArgumentType=false, reportReturnType=false, reportAssignmentType=false

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.types import Pixels

LEAST_CHANGE: Final = 9.0
"""The least mean change of the middle, in steps of 256, that makes another character."""

DARK: Final = 85
"""Black hair is below this brightness, of 255."""

_PALE_SKIN: Final = ((0, 12, 140), (15, 125, 255))
_PINK_SKIN: Final = ((176, 12, 140), (179, 125, 255))
"""Least and largest hue, saturation and value, as OpenCV has them."""


@dataclass(frozen=True, slots=True)
class Colouring:
    """How colours change; the skin keeps its own.

    `turn`: all hues by so many degrees. `bend`: some hues further and the opposite ones less, by up
    to so many degrees (at most 57, or hues would meet), so that hair and eyes part. `silver`: what
    has a colour gets pale and nearly loses it. `tint`: where little else changes, black hair gets
    the hue `turn`.
    """

    turn: int = 0
    bend: int = 0
    silver: bool = False
    tint: bool = False


TURNS: Final = tuple(Colouring(turn) for turn in (72, 144, 216, 288))

COLOURINGS: Final = (
    *(Colouring(turn, tint=True) for turn in (72, 144, 216, 288)),
    Colouring(108, 57, tint=True),
    Colouring(252, -57, tint=True),
    Colouring(silver=True),
)


def recast(pixels: Pixels, colouring: Colouring) -> Pixels | None:
    """Return another character, or None where the middle hardly changes, as with white hair."""
    hsv = cv2.cvtColor(pixels, cv2.COLOR_RGB2HSV)
    skin = cv2.bitwise_or(cv2.inRange(hsv, *_PALE_SKIN), cv2.inRange(hsv, *_PINK_SKIN))
    changed = _silvered(hsv) if colouring.silver else _turned(hsv, colouring)
    out = _but_for(skin, changed, pixels)
    if _differ(out, pixels):
        return out
    if not colouring.tint:
        return None
    out = _but_for(skin, _tinted(changed, colouring.turn), pixels)
    return out if _differ(out, pixels) else None


def _turned(hsv: Pixels, colouring: Colouring) -> Pixels:
    hues = np.arange(180)
    shift = colouring.turn / 2 + colouring.bend / 2 * np.sin(hues * np.pi / 90)
    table = np.arange(256, dtype=np.uint8)
    table[:180] = np.round(hues + shift) % 180
    out = hsv.copy()
    out[..., 0] = cv2.LUT(hsv[..., 0], table)
    return out


def _silvered(hsv: Pixels) -> Pixels:
    saturation, value = hsv[..., 1].astype(np.float32), hsv[..., 2].astype(np.float32)
    coloured = np.clip((saturation - 20) / 60, 0, 1) * np.clip((value - 60) / 40, 0, 1)
    coloured = cv2.blur(coloured, (3, 3))
    out = hsv.copy()
    out[..., 1] = saturation * (1 - 0.85 * coloured)
    out[..., 2] = value + (255 - value) * 0.55 * coloured
    return out


def _tinted(hsv: Pixels, degrees: int) -> Pixels:
    """Give large dark areas a hue; lines, lashes and pupils stay."""
    value = hsv[..., 2].astype(np.float32)
    width = max(3, min(hsv.shape[:2]) // 24 | 1)
    brush = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (width, width))
    large = cv2.morphologyEx((value < DARK).astype(np.uint8), cv2.MORPH_OPEN, brush)
    dark = cv2.blur(large.astype(np.float32), (3, 3)) * np.clip((DARK + 15 - value) / 20, 0, 1)
    out = hsv.copy()
    out[..., 0][dark > 0] = degrees // 2
    out[..., 1] = hsv[..., 1] + (150 - hsv[..., 1].astype(np.float32)) * dark
    out[..., 2] = np.clip(value + (70 + 0.6 * value) * dark, 0, 255)
    return out


def _but_for(skin: NDArray[np.uint8], hsv: Pixels, pixels: Pixels) -> Pixels:
    """The colours of `hsv`, and those of `pixels` where the mask `skin` is set."""
    kept = cv2.blur(skin, (5, 5))[..., None].astype(np.float32) / 255
    out = cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB)
    return (out * (1 - kept) + pixels * kept).astype(np.uint8)


def _differ(one: Pixels, other: Pixels) -> bool:
    height, width = one.shape[:2]
    middle = np.s_[height // 6 : height - height // 6, width // 6 : width - width // 6]
    change = cv2.absdiff(np.ascontiguousarray(one[middle]), np.ascontiguousarray(other[middle]))
    return float(change.mean()) >= LEAST_CHANGE
