"""How many frames a GIF has and how large they get, without a decoder: Pillow walks through all.

See the GIF89a specification, 18 to 25.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

GIF_MAGIC: Final = b"GIF8"

_IMAGE, _EXTENSION = 0x2C, 0x21
_HAS_PALETTE: Final = 0x80


@dataclass(frozen=True, slots=True)
class GifFrames:
    """Frames of a GIF, at least one, and the pixels of a canvas that holds them all."""

    count: int
    width: int
    height: int


def gif_frames(data: bytes, most: int) -> GifFrames:
    """Walk through the blocks of a GIF as far as they make sense, or to `most` frames.

    A frame may reach beyond the canvas that the header tells of: decoders make room for it.
    """
    width, height = _number(data, 6), _number(data, 8)
    at = 13 + _palette(data, 10)
    count = 0
    while count < most and at + 1 < len(data):
        if data[at] == _EXTENSION:
            at = _after_blocks(data, at + 2)
        elif data[at] == _IMAGE:
            width = max(width, _number(data, at + 1) + _number(data, at + 5))
            height = max(height, _number(data, at + 3) + _number(data, at + 7))
            count += 1
            # the palette of its own, and how many bits the first code has
            at = _after_blocks(data, at + 10 + _palette(data, at + 9) + 1)
        else:
            break
    return GifFrames(max(count, 1), width, height)


def _number(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 2], "little")


def _palette(data: bytes, at: int) -> int:
    """Bytes of the palette that the flags at `at` tell of."""
    flags = data[at] if at < len(data) else 0
    return 3 << ((flags & 7) + 1) if flags & _HAS_PALETTE else 0


def _after_blocks(data: bytes, at: int) -> int:
    while at < len(data) and data[at]:
        at += data[at] + 1
    return at + 1
