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
    columns = np.clip(np.arange(x0, x0 + length), 0, width - 1)
    rows = np.clip(np.arange(y0, y0 + length), 0, height - 1)
    square = picture[rows[:, None], columns]
    interpolation = cv2.INTER_AREA if length > side else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(square, (side, side), interpolation=interpolation), np.uint8)
