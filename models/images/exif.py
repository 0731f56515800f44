"""Reads the one thing that EXIF says of a picture's pixels: how they are to be turned."""

from __future__ import annotations

from typing import Final, Literal

import numpy as np

from models.types import Pixels

_ORIENTATION: Final = 0x0112
_ENTRY: Final = 12
_SIZES: Final = {1: 1, 3: 2, 4: 4}
"""Bytes of a whole number by its TIFF type: BYTE, SHORT, LONG."""


def orientation_of(exif: bytes) -> int:
    r"""Return the orientation, 1 to 8; 1 (upright) where there is none or it makes no sense.

    Only the first directory is walked, and only as far as there are bytes, so whatever else is
    wrong in there costs the orientation nothing. `exif` may begin with `Exif\0\0`, as in a JPEG.
    """
    tiff = exif.removeprefix(b"Exif\0\0")
    orders: dict[bytes, Literal["little", "big"]] = {b"II": "little", b"MM": "big"}
    order = orders.get(tiff[:2])
    if order is None:
        return 1

    def number(at: int, size: int) -> int:
        return int.from_bytes(tiff[at : at + size], order)

    first = number(4, 4) + 2
    end = min(first + _ENTRY * number(first - 2, 2), len(tiff))
    for entry in range(first, end, _ENTRY):
        size = _SIZES.get(number(entry + 2, 2), 0)
        if number(entry, 2) == _ORIENTATION and entry + 8 + size <= len(tiff):
            value = number(entry + 8, size)
            return value if 1 <= value <= 8 else 1
    return 1


def turned_upright(pixels: Pixels, orientation: int) -> Pixels:
    """Turn and mirror stored pixels as an orientation, 1 to 8, asks for."""
    if orientation >= 5:
        pixels = pixels.transpose(1, 0, 2)
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    return np.ascontiguousarray(pixels)
