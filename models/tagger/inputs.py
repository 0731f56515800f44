"""What the two forms of taggers take in: a head with its surroundings, as each was trained."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.types import Box, Pixels

AROUND: Final = 2.0
"""The side of what is shown to a tagger, in sides of the head box."""

WHITE: Final = (255, 255, 255)
IMAGENET_MEAN: Final = (0.485, 0.456, 0.406)
IMAGENET_STD: Final = (0.229, 0.224, 0.225)
MEAN_COLOUR: Final = (124, 116, 104)
"""ImageNet's mean colour, which Camie's borders have."""


def surroundings(picture: Pixels, box: Box) -> Pixels:
    """Cut the head with its surroundings out of a picture, (height, width, 3) uint8.

    What reaches beyond the picture is left out: the square is filled by the form's own colour.
    """
    x, y = box.center
    half = max(1.0, box.side * AROUND / 2)
    height, width = picture.shape[:2]
    left, right = round(max(0.0, x - half)), round(min(float(width), x + half))
    top, bottom = round(max(0.0, y - half)), round(min(float(height), y + half))
    left, top = min(left, width - 1), min(top, height - 1)
    return picture[top : max(bottom, top + 1), left : max(right, left + 1)]


def wd_input(picture: Pixels, side: int) -> NDArray[np.float32]:
    """Return (1, side, side, 3) float32 BGR, 0 to 255, on a white square."""
    pixels = np.asarray(_on_square(picture, side, WHITE), np.float32)
    return np.ascontiguousarray(pixels[None, :, :, ::-1])


def camie_input(picture: Pixels, side: int) -> NDArray[np.float32]:
    """Return (1, 3, side, side) float32 RGB, normalised by ImageNet's mean and deviation."""
    pixels = np.asarray(_on_square(picture, side, MEAN_COLOUR), np.float32) / 255
    normalised = (pixels - np.array(IMAGENET_MEAN)) / np.array(IMAGENET_STD)
    return np.ascontiguousarray(normalised.transpose(2, 0, 1)[None], np.float32)


def _on_square(picture: Pixels, side: int, colour: tuple[int, int, int]) -> Image.Image:
    """Scale a picture to fit a square and put it in the middle."""
    height, width = picture.shape[:2]
    scale = side / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    scaled = Image.fromarray(picture).resize(size, Image.Resampling.BICUBIC)
    square = Image.new("RGB", (side, side), colour)
    square.paste(scaled, ((side - size[0]) // 2, (side - size[1]) // 2))
    return square
