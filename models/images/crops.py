"""Cuts a face out of a picture: one square crop, the same for training and for use."""

from __future__ import annotations

import cv2
import numpy as np

from models.types import Box, Pixels

MARGIN = 0.15
"""What a crop takes in around the head box, as a share of the box's side, on every side."""


def crop_face(picture: Pixels, box: Box, side: int, margin: float = MARGIN) -> Pixels:
    """Cut the square around a head box and scale it to (side, side, 3) uint8 RGB.

    Where the square reaches beyond the picture, the picture's edge pixels go on: a black border
    would be a feature of its own. An empty box gives the crop around one pixel.
    """
    height, width = picture.shape[:2]
    x, y = box.center
    half = max(0.5, box.side * (0.5 + margin))
    x0, y0 = round(x - half), round(y - half)
    length = max(1, round(2 * half))
    left, inner_width, right = _split(x0, length, width)
    top, inner_height, bottom = _split(y0, length, height)
    x, y = min(max(x0, 0), width - 1), min(max(y0, 0), height - 1)
    square = picture[y : y + inner_height, x : x + inner_width]
    if left or right or top or bottom:
        border = cv2.BORDER_REPLICATE
        square = cv2.copyMakeBorder(square, top, bottom, left, right, border)
    interpolation = cv2.INTER_AREA if length > side else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(square, (side, side), interpolation=interpolation), np.uint8)


def _split(start: int, length: int, picture: int) -> tuple[int, int, int]:
    """Split a stretch of pixels into those before, in and behind a picture's; one is always in."""
    before = min(max(-start, 0), length - 1)
    behind = min(max(start + length - picture, 0), length - 1)
    return before, length - before - behind, behind
