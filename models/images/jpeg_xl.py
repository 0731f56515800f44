"""Reads the size of a JPEG XL picture from its header, before anything is decoded.

The decoder knows no limit: it unpacks all pixels as soon as it is given a file.
"""

from __future__ import annotations

from typing import Final

from models.images.formats import JXL_CONTAINER, JXL_STREAM

_BITS: Final = (9, 13, 18, 30)
"""Bits of a side less one, by the two bits before it."""
_RATIOS: Final = ((1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))
"""Width to height, by the three bits behind the height; see ISO/IEC 18181-1, SizeHeader."""
_HEADER: Final = 16
"""Bytes of a codestream that hold signature and size."""


def jxl_size(data: bytes) -> tuple[int, int] | None:
    """Return width and height in pixels; None where the file is too damaged to say."""
    stream = _codestream(data) if data.startswith(JXL_CONTAINER) else data[:_HEADER]
    if not stream.startswith(JXL_STREAM):
        return None
    bits = _Bits(stream[len(JXL_STREAM) :])
    try:
        small = bits.take(1)
        height = _side(bits, small=bool(small))
        ratio = bits.take(3)
        if ratio:
            wide, high = _RATIOS[ratio - 1]
            return height * wide // high, height
        return _side(bits, small=bool(small)), height
    except EOFError:
        return None


def _side(bits: _Bits, *, small: bool) -> int:
    if small:
        return 8 * (bits.take(5) + 1)
    return bits.take(_BITS[bits.take(2)]) + 1


def _codestream(data: bytes) -> bytes:
    """Return the first bytes of the codestream, which is in one box or begins in the first part."""
    at = 0
    while at + 8 <= len(data):
        size, kind, head = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8], 8
        if size == 1:
            size, head = int.from_bytes(data[at + 8 : at + 16], "big"), 16
        if kind in (b"jxlc", b"jxlp"):
            start = at + head + (4 if kind == b"jxlp" else 0)
            return data[start : start + _HEADER]
        if size < head:
            break
        at += size
    return b""


class _Bits:
    """Bits of a codestream, the least of each byte first."""

    def __init__(self, data: bytes) -> None:
        self._value = int.from_bytes(data, "little")
        self._left = 8 * len(data)

    def take(self, count: int) -> int:
        if count > self._left:
            raise EOFError
        taken = self._value & ((1 << count) - 1)
        self._value >>= count
        self._left -= count
        return taken
