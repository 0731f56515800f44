"""Leaves out of a PNG, JPEG, WebP or AVIF file whatever is not needed to decode its pixels.

Texts, colour profiles, times and previews are where files are damaged that every viewer opens, and
where a decoder may be made to unpack more than it should. None of it is used here but the
orientation, which is read from EXIF where viewers obey it there: not from XMP, nor from texts.
What is damaged in the pixels' own parts stays as it is, for the decoder to complain about.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from models.images.exif import orientation_of

PNG_MAGIC: Final = b"\x89PNG\r\n\x1a\n"
JPEG_MAGIC: Final = b"\xff\xd8\xff"

SCAN: Final = 0xDA
END: Final = 0xD9

_APP0, _APP1, _APP2, _APP14, _APP15, _COMMENT = 0xE0, 0xE1, 0xE2, 0xEE, 0xEF, 0xFE
# Any marker of a segment; not a stuffed 0xFF of the pixels, nor a restart marker among them.
_MARKER = re.compile(rb"\xff[\xc0-\xcf\xd8-\xfe]")

_MOST_PARTS: Final = 200_000
"""Chunks or segments of a file at most; a picture of 256 MB has some thirty thousand."""

_PNG_PIXELS = (b"IHDR", b"PLTE", b"IDAT", b"fdAT", b"IEND")
_PNG_ANIMATION = (b"acTL", b"fcTL", b"fdAT")
_TRANSPARENCY_BYTES = {0: 2, 2: 6}
"""Bytes of a tRNS chunk by colour type: one grey, or one colour, of 16 bits a channel."""
_PALETTE = 3

_WEBP_PIXELS = (b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF")
_WEBP_EXIF = 0x08
_WEBP_METADATA = 0x20 | _WEBP_EXIF | 0x04
"""Flags of a VP8X chunk that announce a colour profile, EXIF and XMP."""

_AVIF_EXIF = re.compile(rb"(infe[\2\3].{3}(?:.{4}|.{6}))Exif", re.DOTALL)
"""The entry of an EXIF item in the list of items; see ISO/IEC 14496-12, 8.11.6."""


class TooManyPartsError(ValueError):
    """A file has so many parts that walking through them would take minutes."""


@dataclass(frozen=True, slots=True)
class BareFile:
    """A file of the same pixels with nothing beside them, and how they are to be turned (1 to 8).

    AVIF says how to turn in a property of the pixels, which the decoder reads: it is 1 here.
    """

    data: bytes
    orientation: int = 1


def bare(data: bytes) -> BareFile:
    """Leave out what is beside the pixels; a file of another kind is returned as it is.

    Raises TooManyPartsError.
    """
    if data.startswith(PNG_MAGIC):
        return _bare_png(data)
    if data.startswith(JPEG_MAGIC):
        return _bare_jpeg(data)
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return _bare_webp(data)
    if data[4:8] == b"ftyp":
        return BareFile(_AVIF_EXIF.sub(rb"\1none", data))
    return BareFile(data)


def _parts() -> Iterator[int]:
    """Count parts, and raise TooManyPartsError at one too many."""
    yield from range(_MOST_PARTS)
    raise TooManyPartsError


class _Kept:
    """The parts of a file that are kept; neighbours are joined, so that few are held."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._spans: list[tuple[int, int]] = []

    def add(self, start: int, end: int) -> None:
        if self._spans and self._spans[-1][1] == start:
            start = self._spans.pop()[0]
        self._spans.append((start, end))

    def joined(self) -> bytes:
        if self._spans == [(0, len(self._data))]:
            return self._data
        view = memoryview(self._data)
        return b"".join(view[start:end] for start, end in self._spans)


def _bare_png(data: bytes) -> BareFile:
    """Keep header, palette, transparency, pixels and a sound animation; see the PNG standard, 5."""
    kept, orientation = _Kept(data), None
    kept.add(0, len(PNG_MAGIC))
    animated = _animation_is_sound(data)
    colour_type = data[25] if len(data) > 25 else 0
    for kind, start, end in _png_chunks(data):
        if kind in _PNG_ANIMATION and not animated:
            continue  # viewers then show the still picture in the same file
        if kind == b"tRNS":
            needed = _transparency_is_sound(data, start, end, colour_type)
        elif kind == b"PLTE":  # a hint in a picture of another type
            needed = colour_type == _PALETTE
        else:
            needed = kind in _PNG_PIXELS or kind in _PNG_ANIMATION or not kind.isalpha()
        if needed:
            kept.add(start, end)
        elif kind == b"eXIf" and orientation is None and _checksum_holds(data, start, end):
            orientation = orientation_of(data[start + 8 : end - 4])
    return BareFile(kept.joined(), orientation or 1)


def _png_chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Yield kind, start and end of each chunk; the last may be cut, or no chunk at all."""
    at = len(PNG_MAGIC)
    for _ in _parts():
        if at >= len(data):
            return
        length = int.from_bytes(data[at : at + 4], "big")
        kind = data[at + 4 : at + 8]
        end = min(at + 12 + length, len(data)) if kind.isalpha() else len(data)
        yield kind, at, end
        if kind == b"IEND":
            return
        at = end


def _checksum_holds(data: bytes, start: int, end: int) -> bool:
    if end - start < 12:
        return False
    checked = memoryview(data)[start + 4 : end - 4]
    return zlib.crc32(checked) == int.from_bytes(data[end - 4 : end], "big")


def _transparency_is_sound(data: bytes, start: int, end: int, colour_type: int) -> bool:
    """As libpng has it: a chunk of another length, or with a wrong checksum, is not there."""
    size = end - start - 12
    fits = (
        0 < size <= 256 if colour_type == _PALETTE else size == _TRANSPARENCY_BYTES.get(colour_type)
    )
    return fits and _checksum_holds(data, start, end)


def _animation_is_sound(data: bytes) -> bool:
    """Tell whether there is an animation whose control chunks are whole."""
    if b"acTL" not in data:
        return False
    controls = 0
    for kind, start, end in _png_chunks(data):
        size = end - start - 12
        if kind == b"acTL":
            controls += 1
            frames = int.from_bytes(data[start + 8 : start + 12], "big")
            sound = size == 8 and 0 < frames < 2**31 and _checksum_holds(data, start, end)
        elif kind == b"fcTL":
            sound = controls == 1 and size == 26 and _checksum_holds(data, start, end)
        else:
            continue
        if not sound:
            return False
    return controls == 1


def jpeg_segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield marker, start and end of each segment, from the first on to the end marker, if any.

    A segment of a scan ends with its header: the coded pixels after it belong to no segment. What
    stands between two segments is passed over, as libjpeg does. The last segment may be cut.

    Raises TooManyPartsError.
    """
    at = 2
    for _ in _parts():
        found = _MARKER.search(data, at)
        if found is None:
            return
        start, marker = found.start(), data[found.start() + 1]
        if marker == END:
            yield marker, start, start + 2
            return
        # A length counts itself, so less than 2 can't be; libjpeg goes on behind it.
        length = max(2, int.from_bytes(data[start + 2 : start + 4], "big"))
        at = start + 2 if marker == 0xD8 else min(start + 2 + length, len(data))
        yield marker, start, at


def _bare_jpeg(data: bytes) -> BareFile:
    """Keep the tables and pixels, and what says in which colours these are."""
    kept, orientation = _Kept(data), None
    kept.add(0, 2)
    for marker, start, end in jpeg_segments(data):
        if marker in (SCAN, END):
            kept.add(start, len(data))
            break
        body = data[start + 4 : end]
        if marker == _APP1 and body.startswith(b"Exif\0") and orientation is None:
            orientation = orientation_of(body[6:])
        if _tells_colours(marker, body) or not (_APP0 <= marker <= _APP15 or marker == _COMMENT):
            kept.add(start, end)
    return BareFile(kept.joined(), orientation or 1)


def _tells_colours(marker: int, body: bytes) -> bool:
    return (
        (marker == _APP0 and body.startswith(b"JFIF\0") and len(body) >= 14)
        or (marker == _APP2 and body.startswith(b"ICC_PROFILE\0") and len(body) > 14)
        or (marker == _APP14 and body.startswith(b"Adobe") and len(body) >= 12)
    )


def _bare_webp(data: bytes) -> BareFile:
    """Keep the chunks of the pixels; see the WebP container specification."""
    orientation, flags = None, 0
    chunks: list[bytes | memoryview] = []
    view, at = memoryview(data), 12
    for _ in _parts():
        if at + 8 > len(data):
            break
        kind = data[at : at + 4]
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        end = at + 8 + size
        if kind in _WEBP_PIXELS and end > len(data):
            return BareFile(data)  # cut short: the decoder says so
        body = view[at + 8 : end]
        if kind == b"VP8X" and size:
            flags = body[0]
            head = struct.pack("<4sIB", kind, size, flags & ~_WEBP_METADATA)
            chunks += [head, body[1:], bytes(size % 2)]
        elif kind in _WEBP_PIXELS:
            chunks += [view[at:end], bytes(size % 2)]
        elif kind == b"EXIF" and flags & _WEBP_EXIF and orientation is None:
            orientation = orientation_of(bytes(body))
        at = end + size % 2
    total = 4 + sum(len(chunk) for chunk in chunks)
    file = b"".join([b"RIFF", struct.pack("<I", total), b"WEBP", *chunks])
    return BareFile(file, orientation or 1)
