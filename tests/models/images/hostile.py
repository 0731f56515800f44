"""Small files that are made to take minutes or gigabytes, made by code."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from typing import Final

from PIL import Image

from tests.models.drawn import encoded, halves
from tests.models.images.damage import chunk, segment

PARTS: Final = 300_000
"""More than a file may have, less than a test waits for."""


def many_png_frames(count: int) -> bytes:
    """Return an APNG of `count` frames of one pixel."""
    pixels = zlib.compress(b"\0\1\2\3")
    parts = [b"\x89PNG\r\n\x1a\n", chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0))]
    parts.append(chunk(b"acTL", struct.pack(">II", count, 0)))
    sequence = 0
    for frame in range(count):
        control = struct.pack(">IIIIIHHBB", sequence, 1, 1, 0, 0, 1, 10, 0, 0)
        parts.append(chunk(b"fcTL", control))
        sequence += 1
        if frame:
            parts.append(chunk(b"fdAT", struct.pack(">I", sequence) + pixels))
            sequence += 1
        else:
            parts.append(chunk(b"IDAT", pixels))
    return b"".join([*parts, chunk(b"IEND", b"")])


def gif(*frames: tuple[int, int]) -> bytes:
    """Return a GIF on a canvas of one pixel with frames of these sizes, without pixels."""
    head = b"GIF89a" + struct.pack("<HHBBB", 1, 1, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff"
    control = b"\x21\xf9\x04\0\1\0\0\0"
    return (
        head
        + b"".join(
            control + b"\x2c" + struct.pack("<HHHHB", 0, 0, *size, 0) + b"\x02\x02\x44\x01\0"
            for size in frames
        )
        + b";"
    )


def many_scans(side: int, scans: int) -> bytes:
    """Return a progressive JPEG whose last scan comes again and again."""
    data = encoded(Image.new("L", (side, side), 128), "JPEG", progressive=True)
    last = data[data.rfind(b"\xff\xc4", 0, data.rfind(b"\xff\xda")) : -2]
    return data[:-2] + last * scans + data[-2:]


def _png_parts() -> bytes:
    data = encoded(halves(), "PNG")
    at = data.index(b"IDAT") - 4
    return data[:at] + chunk(b"IDAT", b"") * PARTS + data[at:]


def _jpeg_parts(each: bytes) -> Callable[[], bytes]:
    def make() -> bytes:
        data = encoded(halves(), "JPEG")
        return data[:2] + each * PARTS + data[2:]

    return make


def _webp_parts() -> bytes:
    pixels = encoded(halves(8, 8), "WEBP", lossless=True)[12:]
    extended = b"VP8X" + struct.pack("<IB3x", 10, 0) + b"\7\0\0\7\0\0"
    body = b"WEBP" + extended + (b"ABCD" + bytes(4)) * PARTS + pixels
    return b"RIFF" + struct.pack("<I", len(body)) + body


ENDLESS: Final[dict[str, Callable[[], bytes]]] = {
    "JPEG of 49 million pixels in 300 scans": lambda: many_scans(7000, 300),
    "PNG of 300,000 empty parts of pixels": _png_parts,
    "APNG of 200,000 frames": lambda: many_png_frames(200_000),
    "JPEG of 300,000 comments": _jpeg_parts(segment(0xFE, b"")),
    "JPEG of 300,000 tables": _jpeg_parts(segment(0xDB, b"")),
    "JPEG of 300,000 beginnings": _jpeg_parts(b"\xff\xd8"),
    "WebP of 300,000 unknown parts": _webp_parts,
}
"""Files that a decoder would be busy with for a long time."""
