"""Tells a JPEG that lacks only its end marker, which every viewer shows whole, from a cut one.

libjpeg pads what is missing with grey and doesn't tell Pillow. So the file is decoded twice, each
time with other bytes where the end marker should be: they change the picture only if there are
pixels left to be read from them.
"""

from __future__ import annotations

import io
from typing import Final

from PIL import Image

from models.images.containers import END, SCAN, jpeg_segments

_END: Final = bytes([0xFF, END])
_BAND: Final = 256
_BASELINE_FRAMES: Final = (0xC0, 0xC1, 0xC2, 0xC9, 0xCA)
_COEFFICIENTS: Final = 64


def has_end(jpeg: bytes) -> bool:
    """Tell whether there is an end marker behind the first scan's header."""
    scan = next((end for marker, _, end in jpeg_segments(jpeg) if marker == SCAN), len(jpeg))
    return jpeg.find(_END, scan) >= 0


def with_end(jpeg: bytes) -> bytes | None:
    """Return a JPEG that has no end marker with one; None where more is missing.

    It is decoded twice: check its size before.
    """
    if jpeg.endswith(bytes(4)):  # space that was reserved and never written
        jpeg = jpeg.rstrip(b"\0")
        jpeg += b"\0" if jpeg.endswith(b"\xff") else b""
    jpeg = jpeg.rstrip(b"\xff")
    if not _scans_are_all_there(jpeg):
        return None
    try:
        first, second = (_decoded(jpeg + _filler(byte)) for byte in (0x55, 0xAA))
    except MemoryError:
        raise
    except Exception:  # a decoder fed with damaged bytes may raise nearly anything
        return None
    for top in range(0, first.height, _BAND):
        band = (0, top, first.width, min(top + _BAND, first.height))
        if first.crop(band).tobytes() != second.crop(band).tobytes():
            return None
    return jpeg + _END


def _filler(byte: int) -> bytes:
    """Bytes to read pixels from; in between, the restart marker that may be waited for."""
    return b"".join(bytes([byte] * 32 + [0xFF, 0xD0 + n]) for n in range(8)) + _END


def _decoded(jpeg: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(jpeg), formats=("JPEG",))
    image.load()
    return image


def _scans_are_all_there(jpeg: bytes) -> bool:
    """Tell whether every coefficient of every component has come down to its last bit."""
    left: dict[int, list[bool]] = {}
    for marker, start, end in jpeg_segments(jpeg):
        body = jpeg[start + 4 : end]
        if marker in _BASELINE_FRAMES and len(body) >= 6:
            left = {component: [True] * _COEFFICIENTS for component in body[6::3]}
        elif marker == SCAN and body:
            components = body[1 : 1 + 2 * body[0] : 2]
            parameters = body[1 + 2 * body[0] :]
            if len(parameters) < 3:
                return False
            start_of_band, end_of_band, low = parameters[0], parameters[1], parameters[2] & 15
            for component in components:
                coefficients = left.get(component, [])
                coefficients[start_of_band : end_of_band + 1] = [low > 0] * len(
                    coefficients[start_of_band : end_of_band + 1]
                )
    return bool(left) and not any(any(coefficients) for coefficients in left.values())
