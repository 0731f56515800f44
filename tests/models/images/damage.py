"""Files whose pixels are whole and whose other parts are not, made by code.

Every one shows the same picture, `PICTURE`, as every viewer does; `turned` ones are stored lying on
their left side, and say so in EXIF.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import Any

from PIL import Image

from tests.models.drawn import encoded, halves

PICTURE = halves(60, 40)
LYING = PICTURE.transpose(Image.Transpose.ROTATE_90)
"""`PICTURE` as a camera stores it that was held upright: orientation 6 turns it back."""

MEGABYTE = 2**20
XMP = b'<x:xmpmeta xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="6"/>'
TEXT = b"Exif: a pretty girl, masterpiece, best quality"


def chunk(kind: bytes, body: bytes, *, flipped: int = 0) -> bytes:
    """Return a PNG chunk; `flipped` bits make its checksum wrong."""
    checksum = zlib.crc32(kind + body) ^ flipped
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", checksum)


def png_with(image: Image.Image, *chunks: bytes, last: bool = False, **options: Any) -> bytes:
    """Return a PNG with chunks behind its header, or before its end."""
    data = encoded(image, "PNG", **options)
    at = len(data) - 12 if last else 33
    return data[:at] + b"".join(chunks) + data[at:]


def segment(marker: int, body: bytes) -> bytes:
    """Return a JPEG segment."""
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def jpeg(image: Image.Image = PICTURE, **options: Any) -> bytes:
    """Return a JPEG whose colours are nearly those of the picture."""
    return encoded(image, "JPEG", quality=95, subsampling=0, **options)


def jpeg_with(image: Image.Image, *segments: bytes, start: int = 2) -> bytes:
    """Return a JPEG with segments at its beginning; `start` 20 leaves its APP0 out."""
    data = jpeg(image)
    return data[:2] + b"".join(segments) + data[start:]


def webp_with(image: Image.Image, chunks: dict[bytes, bytes], flags: int) -> bytes:
    """Return a WebP of the extended format with chunks around its pixels."""
    pixels = encoded(image, "WEBP", lossless=True)[12:]
    size = (image.width - 1).to_bytes(3, "little") + (image.height - 1).to_bytes(3, "little")
    parts = [b"VP8X", struct.pack("<IB3x", 10, flags), size]
    for kind in (b"ICCP", b"pixels", b"EXIF", b"XMP "):
        if kind == b"pixels":
            parts.append(pixels)
        elif body := chunks.get(kind):
            parts += [kind, struct.pack("<I", len(body)), body, bytes(len(body) % 2)]
    body = b"WEBP" + b"".join(parts)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def entry(tag: int, kind: int, count: int, value: int, order: str = ">") -> bytes:
    """Return an entry of a TIFF directory whose value is a SHORT or an offset."""
    room = "H2x" if kind == 3 else "I"
    return struct.pack(f"{order}HHI{room}", tag, kind, count, value)


TURNED = entry(0x0112, 3, 1, 6)


def tiff(*entries: bytes, count: int | None = None, after: bytes = bytes(4)) -> bytes:
    """Return EXIF with these entries, and with another number of them said than there are."""
    said = len(entries) if count is None else count
    return b"MM\0*\0\0\0\x08" + struct.pack(">H", said) + b"".join(entries) + after


def wrong_exif() -> Iterator[tuple[str, bytes]]:
    """EXIF that is wrong somewhere and says in earnest that the picture lies on its side."""
    yield "no next directory", tiff(TURNED, after=b"")
    yield "more entries than there are", tiff(TURNED, count=900)
    yield "an offset out of the file", tiff(entry(0x010F, 2, 40, 2**31), TURNED)
    yield "a text as resolution", tiff(TURNED, entry(0x011A, 2, 9, 8), entry(0x011B, 7, 4, 9))
    yield "a type that there is not", tiff(entry(0x0100, 99, 1, 5), TURNED)
    yield "a circle of directories", tiff(TURNED, entry(0x8769, 4, 1, 8), after=b"\0\0\0\x08")
    yield "two orientations said", tiff(entry(0x0112, 3, 2, 6))
    yield "as a long number", tiff(entry(0x0112, 4, 1, 6))
    yield "another magic number", tiff(TURNED).replace(b"MM\0*", b"MM\0+")
    yield (
        "little end first",
        b"II*\0\x08\0\0\0\x05\0" + entry(0x0112, 3, 1, 6, "<") + b"\x1a\x01\x05\0",
    )


def no_exif() -> Iterator[tuple[str, bytes]]:
    """What stands where EXIF should, and turns nothing."""
    yield "text", TEXT
    yield "nothing", b""
    yield "half a header", b"MM\0"
    yield "a directory out of the file", b"MM\0*\x7f\xff\xff\xff"
    yield "orientation 0", tiff(entry(0x0112, 3, 1, 0))
    yield "orientation 9", tiff(entry(0x0112, 3, 1, 9))
    yield "orientation as text", tiff(entry(0x0112, 2, 2, 0x36000000))


def pngs() -> Iterator[tuple[str, bytes]]:
    """PNG files that show `PICTURE`."""
    huge = zlib.compress(bytes(3 * MEGABYTE))
    for what, exif in no_exif():
        yield f"eXIf: {what}", png_with(PICTURE, chunk(b"eXIf", exif))
    for what, exif in wrong_exif():
        for last in (False, True):
            yield f"eXIf: {what}, {last=}", png_with(LYING, chunk(b"eXIf", exif), last=last)
    bodies = {
        "exif as text": (b"tEXt", b"exif\0" + TEXT),
        "raw profile that is none": (b"tEXt", b"Raw profile type exif\0\nexif\n  9\nzz\n"),
        "raw profile": (b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(b"\nexif\n 1\nz")),
        "zTXt over 1 MB": (b"zTXt", b"prompt\0\0" + huge),
        "iTXt over 1 MB": (b"iTXt", b"prompt\0\1\0\0\0" + huge),
        "plain iTXt over 1 MB": (b"iTXt", b"prompt\0\0\0\0\0" + b"a" * 2 * MEGABYTE),
        "zTXt of another method": (b"zTXt", b"prompt\0\7" + huge),
        "XMP that turns": (b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + XMP),
        "ICC over 1 MB": (b"iCCP", b"sRGB\0\0" + huge),
        "ICC of another method": (b"iCCP", b"sRGB\0\7" + huge),
        "ICC without a profile": (b"iCCP", b"sRGB"),
        "ICC of nonsense": (b"iCCP", b"sRGB\0\0nonsense"),
        "short pHYs": (b"pHYs", b"\0\0\1"),
        "short gAMA": (b"gAMA", b"\0"),
        "short cHRM": (b"cHRM", bytes(20)),
        "short sRGB": (b"sRGB", b""),
        "short tRNS": (b"tRNS", b"\0\1"),
        "long tRNS": (b"tRNS", bytes(40)),
        "short acTL": (b"acTL", b"\0"),
        "an animation of no frames": (b"acTL", bytes(8)),
        "short fcTL": (b"fcTL", bytes(3)),
        "short tIME": (b"tIME", b"\0"),
        "a palette for no palette": (b"PLTE", b"\1\2"),
        "a private chunk": (b"prVt", b"\xff" * 50),
    }
    for what, (kind, body) in bodies.items():
        yield what, png_with(PICTURE, chunk(kind, body))
        if kind != b"PLTE":
            yield f"{what}, wrong CRC", png_with(PICTURE, chunk(kind, body, flipped=1))
            yield f"{what}, at the end", png_with(PICTURE, chunk(kind, body), last=True)
    yield "eXIf that turns, wrong CRC", png_with(PICTURE, chunk(b"eXIf", tiff(TURNED), flipped=1))
    whole = encoded(PICTURE, "PNG")
    yield "no end chunk", whole[:-12]
    yield "a text that is cut, at the end", whole[:-12] + chunk(b"tEXt", bytes(90))[:40]
    yield "bytes after the end", whole + b"\0" * 100 + TEXT
    yield "two headers of an animation", png_with(PICTURE, *[chunk(b"acTL", b"\0\0\0\1" * 2)] * 2)


def jpegs() -> Iterator[tuple[str, bytes]]:
    """JPEG files that show `PICTURE`."""
    exif = b"Exif\0\0"
    for what, body in no_exif():
        yield f"EXIF: {what}", jpeg_with(PICTURE, segment(0xE1, exif + body))
    for what, body in wrong_exif():
        yield f"EXIF: {what}", jpeg_with(LYING, segment(0xE1, exif + body))
    yield "two EXIF", jpeg_with(LYING, *(segment(0xE1, exif + b) for b in (tiff(TURNED), tiff())))
    bodies = {
        "empty APP0": (0xE0, b""),
        "short APP0": (0xE0, b"JFIF\0"),
        "APP0 of half a version": (0xE0, b"JFIF\0\1"),
        "empty APP1": (0xE1, b""),
        "short XMP": (0xE1, b"http://ns.adobe.com/xap/1.0/\0"),
        "XMP that turns": (0xE1, b"http://ns.adobe.com/xap/1.0/\0" + XMP),
        "short ICC": (0xE2, b"ICC_PROFILE\0"),
        "ICC of a part": (0xE2, b"ICC_PROFILE\0\1\7" + TEXT),
        "ICC of nonsense": (0xE2, b"ICC_PROFILE\0\1\1" + TEXT),
        "short MPF": (0xE2, b"MPF\0"),
        "wrong MPF": (0xE2, b"MPF\0MM\0*\0\0\0\x08\0\7"),
        "short Photoshop": (0xED, b"Photoshop 3.0\x008BIM\3"),
        "empty APP14": (0xEE, b""),
        "short APP14": (0xEE, b"Adobe"),
        "APP14 of half a version": (0xEE, b"Adobe\0"),
        "APP15": (0xEF, TEXT),
        "a comment": (0xFE, b"\xff" * 300),
    }
    for what, (marker, body) in bodies.items():
        yield what, jpeg_with(PICTURE, segment(marker, body))
        if marker == 0xE0:
            yield f"{what} alone", jpeg_with(PICTURE, segment(marker, body), start=20)
    yield "APP0 of no length", jpeg_with(PICTURE, b"\xff\xe0\0\0")
    junk = segment(0xEF, b"") + b"\0\1\2\xff\xff\xff\0\0"
    yield "bytes between segments", jpeg_with(PICTURE, junk)
    kinds: dict[str, dict[str, Any]] = {
        "baseline": {},
        "progressive": {"progressive": True},
        "with restarts": {"restart_marker_blocks": 3},
    }
    for what, options in kinds.items():
        data = jpeg(**options)
        yield f"{what}, no end marker", data[:-2]
        yield f"{what}, half an end marker", data[:-1]
        yield f"{what}, zeros for an end marker", data[:-2] + bytes(512)
        yield f"{what}, bytes after the end", data + TEXT


def webps() -> Iterator[tuple[str, bytes]]:
    """WebP files that show `PICTURE`."""
    for what, exif in no_exif():
        yield f"EXIF: {what}", webp_with(PICTURE, {b"EXIF": exif}, 0x08)
    for what, exif in wrong_exif():
        yield f"EXIF: {what}", webp_with(LYING, {b"EXIF": exif}, 0x08)
        yield f"EXIF as in JPEG: {what}", webp_with(LYING, {b"EXIF": b"Exif\0\0" + exif}, 0x08)
    yield "EXIF that is not announced", webp_with(PICTURE, {b"EXIF": tiff(TURNED)}, 0)
    yield "XMP that turns", webp_with(PICTURE, {b"XMP ": XMP}, 0x04)
    yield "ICC of nonsense", webp_with(PICTURE, {b"ICCP": TEXT}, 0x20)
    yield "ICC over 1 MB", webp_with(PICTURE, {b"ICCP": bytes(2 * MEGABYTE)}, 0x20)
    yield "announced and missing", webp_with(PICTURE, {}, 0x2C)
    whole = webp_with(PICTURE, {b"EXIF": TEXT + b"!" * (1 - len(TEXT) % 2)}, 0x08)
    yield "a last chunk that is cut", whole[:-7]
    yield "a last byte that is missing", whole[:-1]
    yield "bytes after the end", whole + TEXT
    plain = encoded(PICTURE, "WEBP", lossless=True)
    yield "another size said", plain[:4] + b"\xff\xff\0\0" + plain[8:]
