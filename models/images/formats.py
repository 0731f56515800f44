"""Which files are pictures that can be read: by what they promise, and by their bytes.

A file's name and declared type only say what its poster takes it for; what it is, its bytes say.
HEIC and JPEG XL are read where the packages of the extra `formats` are installed.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import PurePosixPath
from typing import Final


@dataclass(frozen=True, slots=True)
class Format:
    """A format that is read: what people call it, its decoder in Pillow, how it is announced."""

    name: str
    decoder: str
    media_types: frozenset[str]
    suffixes: frozenset[str]


def _format(name: str, decoder: str, types: str, suffixes: str) -> Format:
    return Format(name, decoder, frozenset(types.split()), frozenset(suffixes.split()))


def _installed() -> list[Format]:
    """Return the formats of the extra `formats`, as far as it is installed."""
    found = []
    if find_spec("pillow_heif"):
        found.append(_format("HEIC", "HEIF", "image/heic image/heif", ".heic .heif .hif"))
    if find_spec("pillow_jxl"):
        found.append(_format("JPEG XL", "JXL", "image/jxl", ".jxl"))
    return found


FORMATS: Final = (
    _format("PNG", "PNG", "image/png", ".png"),
    _format("JPEG", "JPEG", "image/jpeg image/jpg", ".jpg .jpeg .jpe .jfif"),
    _format("WebP", "WEBP", "image/webp", ".webp"),
    _format("GIF", "GIF", "image/gif", ".gif"),
    _format("APNG", "PNG", "image/apng", ".apng"),
    _format("BMP", "BMP", "image/bmp image/x-ms-bmp", ".bmp"),
    _format("AVIF", "AVIF", "image/avif", ".avif"),
    *_installed(),
)
"""What is read here."""


def register_decoders() -> None:
    """Let Pillow read the formats of the extra `formats`; loads Pillow."""
    if "HEIF" in DECODERS:
        import_module("pillow_heif").register_heif_opener()
    if "JXL" in DECODERS:
        import_module("pillow_jxl")


DECODERS: Final = tuple(dict.fromkeys(each.decoder for each in FORMATS))
"""Pillow's decoders that are let at a posted file."""

NAMES: Final = f"{', '.join(each.name for each in FORMATS[:-1])} and {FORMATS[-1].name}"
"""What is read here, in words."""

JXL_STREAM: Final = b"\xff\x0a"
JXL_CONTAINER: Final = b"\0\0\0\x0cJXL \r\n\x87\n"

_TYPES: Final = frozenset().union(*(each.media_types for each in FORMATS))
_SUFFIXES: Final = frozenset().union(*(each.suffixes for each in FORMATS))
_HEIC_BRANDS: Final = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
_STILL_BRANDS: Final = (*_HEIC_BRANDS, b"avif", b"avis", b"crx ", b"jp2 ", b"jpx ")
_SOUND_BRANDS: Final = (b"M4A ", b"M4B ", b"M4P ")


def promises_picture(name: str, media_type: str | None = None) -> bool:
    """Tell whether a file is called, or declared to be, a picture of a format that is read here."""
    declared = (media_type or "").partition(";")[0].strip().lower()
    return declared in _TYPES or PurePosixPath(name.lower()).suffix in _SUFFIXES


def is_heic(data: bytes) -> bool:
    """Tell whether a file begins as HEIC does; see ISO/IEC 23008-12, 10.2."""
    return data[4:8] == b"ftyp" and data[8:12] in _HEIC_BRANDS


def is_jxl(data: bytes) -> bool:
    """Tell whether a file begins as JPEG XL does; see ISO/IEC 18181-2."""
    return data.startswith((JXL_STREAM, JXL_CONTAINER))


def is_video(data: bytes | bytearray) -> bool:
    """Tell whether a file begins as MP4, QuickTime, Matroska, WebM, AVI, FLV or MPEG do."""
    if data[4:8] == b"ftyp":
        return data[8:12] not in (*_STILL_BRANDS, *_SOUND_BRANDS)
    return (
        data[4:8] in (b"moov", b"mdat", b"wide")
        or data.startswith((b"\x1aE\xdf\xa3", b"FLV\x01", b"\0\0\x01\xba"))
        or (data[:4] == b"RIFF" and data[8:12] == b"AVI ")
    )
