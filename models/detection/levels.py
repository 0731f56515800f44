"""Stretches the colours of a picture that is tinted, faded or too dark to use their range."""

from __future__ import annotations

from typing import Final

import numpy as np

from models.types import Pixels

NARROW: Final = 128
"""A colour that spans fewer levels, of 256, is stretched."""

NOISE: Final = 16
"""A picture of which a colour spans fewer levels shows nothing but noise when stretched."""

_ENDS: Final = (1, 99)
"""The levels below and above which lie so many percent of the pixels are the ends of a span."""

_SAMPLED: Final = 256
"""Pixels each way, about, that are enough to find the span."""


def stretched(picture: Pixels) -> Pixels | None:
    """Return a (height, width, 3) uint8 picture with each colour over the whole range.

    None where every colour spans enough of it already, or where one spans next to nothing.
    """
    step = max(1, max(picture.shape[:2]) // _SAMPLED)
    low, high = np.percentile(picture[::step, ::step], _ENDS, axis=(0, 1))
    span = high - low
    if span.min() >= NARROW or span.min() < NOISE:
        return None
    levels = np.clip((np.arange(256)[:, None] - low) / span, 0, 1) * 255
    table = np.round(levels).astype(np.uint8)
    return np.stack([table[picture[..., n], n] for n in range(3)], axis=-1)
