"""Turns the bytes of a posted file into upright RGB frames, or into one clear sentence why not."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from PIL import Image

from models.images.containers import (
    JPEG_MAGIC,
    PNG_MAGIC,
    SCAN,
    TooManyPartsError,
    bare,
    jpeg_segments,
)
from models.images.exif import orientation_of, turned_upright
from models.images.formats import (
    DECODERS,
    NAMES,
    is_heic,
    is_jxl,
    is_video,
    register_decoders,
)
from models.images.gif import GIF_MAGIC, gif_frames
from models.images.jpeg_end import has_end, with_end
from models.images.jpeg_xl import jxl_size
from models.images.pixels import rgb
from models.types import Pixels

# What concerns the asker is said in a PictureError; a terminal is no place for the rest.
warnings.filterwarnings("ignore", module=r"PIL\b")
register_decoders()

_MAGIC = (PNG_MAGIC[:4], JPEG_MAGIC, GIF_MAGIC, b"BM")

ErrorCode = Literal[
    "empty", "not_a_picture", "truncated", "too_large_bytes", "too_many_pixels", "unreadable"
]


@dataclass(frozen=True, slots=True)
class PictureLimits:
    """What is taken in: bytes of a file, pixels of a frame, frames of an animation.

    `max_animation_pixels` and `max_animation_frames` bound what is decoded on the way through an
    animation, whose frames build on one another: of a longer one, only its beginning is looked at.
    `max_scanned_pixels` bounds a JPEG's pixels times its scans, each of which goes over them all.
    """

    max_bytes: int = 25 * 2**20
    max_pixels: int = 50_000_000
    frames: int = 6
    max_animation_pixels: int = 400_000_000
    max_animation_frames: int = 2_000
    max_scanned_pixels: int = 2_000_000_000


LOCAL_LIMITS = PictureLimits(max_bytes=256 * 2**20, max_pixels=150_000_000)
"""For files on the operator's own disk: paintings and posters, which a chat would not take.

The largest take more than a gigabyte of memory while they are decoded, so only a few may be at
once. Pillow itself opens none of more than 178 million pixels.
"""


class PictureError(Exception):
    """A file that can't be answered; `message` says why, in a chat or a terminal."""

    def __init__(self, code: ErrorCode, message: str, name: str) -> None:
        super().__init__(message)
        self.code: ErrorCode = code
        self.message = message
        self.name = name


@dataclass(frozen=True, slots=True)
class Picture:
    """A decoded picture: its frames, each (height, width, 3) uint8 RGB, upright.

    `width` and `height` are those of the file; frames may be smaller, see `decode`.
    """

    name: str
    frames: tuple[Pixels, ...]
    animated: bool
    width: int
    height: int


def decode(
    data: bytes,
    name: str,
    limits: PictureLimits | None = None,
    *,
    enough: Callable[[int, int], int] | None = None,
) -> Picture:
    """Decode the bytes of a picture in one of `models.images.formats.FORMATS`.

    EXIF rotation is applied, transparency is laid on white, and palette, grey, CMYK and 16-bit
    pictures become 8-bit RGB. Of an animation a few frames, evenly spread, are kept. Damage beside
    the pixels (texts, profiles, EXIF, a missing end marker) is passed over, as viewers do.

    `enough` gives, by height and width, so many pixels of the longer side as are needed at least.
    A JPEG that is twice as large or more is then decoded to a half, a quarter or an eighth, which
    takes half of the time or less. Other formats have no such way.

    Raises PictureError: the bytes are no such picture, are damaged, or exceed a limit.
    """
    limits = limits or PictureLimits()
    if not data:
        raise PictureError("empty", f"“{name}” is empty: there is nothing in the file.", name)
    check_size(len(data), name, limits)
    try:
        file = bare(data)
        scans = _scans(file.data)
    except TooManyPartsError:
        raise _endless(name, "parts") from None
    _check_jxl(data, name, limits)
    image = _open(file.data, name, limits)
    _check_pixels(image.width, image.height, name, limits)
    if scans * image.width * image.height > limits.max_scanned_pixels:
        raise _endless(name, "scans")
    if image.format == "JPEG" and not has_end(file.data):
        ended = with_end(file.data)
        if ended is None:
            raise _truncated(name)
        image = _open(ended, name, limits)
    # Of AVIF, Pillow translates what the file says of turning into EXIF.
    orientation = (
        orientation_of(image.info.get("exif", b"")) if image.format == "AVIF" else file.orientation
    )
    count = 1
    if image.format == "GIF":
        gif = gif_frames(file.data, limits.max_animation_frames)
        _check_pixels(gif.width, gif.height, name, limits)
        count = gif.count
    elif getattr(image, "is_animated", False):
        count = min(getattr(image, "n_frames", 1), limits.max_animation_frames)
    # Before frames are read: Pillow lets a GIF's frame that reaches beyond the canvas enlarge it.
    width, height = image.size
    whole = (height, width) if orientation >= 5 else (width, height)
    try:
        if enough is not None and image.format == "JPEG":
            _shrink(image, enough(height, width))
            width, height = image.size
        frames = tuple(
            turned_upright(rgb(image, index)[:height, :width], orientation)
            for index in _frame_indices(image, count, limits)
        )
    except MemoryError:
        raise
    except Exception as error:  # a decoder fed with damaged bytes may raise nearly anything
        raise _broken(error, data, name) from error
    return Picture(name, frames, animated=len(frames) > 1, width=whole[0], height=whole[1])


def check_size(size: int, name: str, limits: PictureLimits) -> None:
    """Refuse a file of `size` bytes that has more than it may. Raises PictureError."""
    if size > limits.max_bytes:
        has, limit = _megabytes(size), _megabytes(limits.max_bytes)
        message = f"“{name}” is too large: it has {has}, and I take up to {limit}."
        raise PictureError("too_large_bytes", message, name)


def _open(data: bytes, name: str, limits: PictureLimits) -> Image.Image:
    try:
        return Image.open(io.BytesIO(data), formats=DECODERS)
    except Image.DecompressionBombError as error:
        raise _too_many_pixels(name, limits, "far more pixels than a picture needs") from error
    except Exception as error:  # Pillow's header parsers leak errors of their own
        if data.startswith(_MAGIC) or _container(data):
            raise _broken(error, data, name) from error
        what = "is a video" if is_video(data) else "is not a picture that I can read"
        message = f"“{name}” {what}: I know {NAMES}."
        raise PictureError("not_a_picture", message, name) from error


def _check_jxl(data: bytes, name: str, limits: PictureLimits) -> None:
    """Check the size of a JPEG XL picture before it is opened: that decodes it already."""
    if "JXL" not in DECODERS or not is_jxl(data):
        return
    size = jxl_size(data)
    if size is None:
        raise _broken(ValueError("no size"), data, name)
    _check_pixels(*size, name, limits)


def _scans(data: bytes) -> int:
    """Count how often a JPEG goes over its pixels; none in a file of another kind."""
    if not data.startswith(JPEG_MAGIC):
        return 0
    return sum(marker == SCAN for marker, _, _ in jpeg_segments(data))


def _check_pixels(width: int, height: int, name: str, limits: PictureLimits) -> None:
    if width * height > limits.max_pixels:
        raise _too_many_pixels(name, limits, f"{width} × {height} pixels")


def _endless(name: str, of_what: str) -> PictureError:
    message = (
        f"“{name}” would take minutes to read: it has far more {of_what} than a picture needs."
    )
    return PictureError("unreadable", message, name)


def _too_many_pixels(name: str, limits: PictureLimits, has: str) -> PictureError:
    limit = f"{limits.max_pixels / 1e6:g} million"
    message = f"“{name}” is too large: it has {has}, and I take up to {limit}."
    return PictureError("too_many_pixels", message, name)


def _broken(error: Exception, data: bytes, name: str) -> PictureError:
    if "truncat" in str(error).lower() or isinstance(error, EOFError) or _ends_early(data):
        return _truncated(name)
    message = f"“{name}” is damaged: I can't read it. Please save it anew or try another copy."
    return PictureError("unreadable", message, name)


def _truncated(name: str) -> PictureError:
    message = f"“{name}” ends too early: a part of it is missing. Please try another copy."
    return PictureError("truncated", message, name)


def _container(data: bytes) -> bool:
    """Tell whether the bytes begin as a file does of a container that is read here."""
    webp = data[:4] == b"RIFF" and (len(data) < 12 or data[8:12] == b"WEBP")
    avif = data[4:12] in (b"ftypavif", b"ftypavis")
    heic = "HEIF" in DECODERS and is_heic(data)
    return webp or avif or heic or ("JXL" in DECODERS and is_jxl(data))


def _ends_early(data: bytes) -> bool:
    """Tell from the container's own marks whether the end of the file is missing."""
    if data.startswith(PNG_MAGIC[:4]):
        return b"IEND" not in data[-64:]
    if data.startswith(JPEG_MAGIC):
        return b"\xff\xd9" not in data[-64:]
    if data.startswith(b"GIF8"):
        return not data.rstrip(b"\0").endswith(b";")
    if data.startswith(b"BM"):
        return int.from_bytes(data[2:6], "little") > len(data)
    if data.startswith(b"RIFF"):
        return int.from_bytes(data[4:8], "little") + 8 > len(data)
    if data[4:8] == b"ftyp":
        return _boxes_reach_beyond(data)
    return False


def _boxes_reach_beyond(data: bytes) -> bool:
    """Walk the top-level boxes of an ISO media file (AVIF); see ISO/IEC 14496-12, 4.2."""
    at = 0
    while at + 8 <= len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        if size < 8:  # 0: up to the end of the file; 1: a 64-bit size, which no such file needs
            return False
        at += size
    return at != len(data)


def _shrink(jpeg: Image.Image, longer: int) -> None:
    """Have a JPEG decoded as small as its longer side stays at `longer` pixels or more."""
    width, height = (max(1, longer * side // max(jpeg.size)) for side in jpeg.size)
    jpeg.draft(None, (width, height))


def _frame_indices(image: Image.Image, count: int, limits: PictureLimits) -> list[int]:
    """Choose evenly spread ones of `count` frames, the first among them, within the limits."""
    pixels = max(1, image.width * image.height)
    count = min(count, max(1, limits.max_animation_pixels // pixels))
    wanted = min(count, limits.frames, max(1, limits.max_pixels // pixels))
    return [index * count // wanted for index in range(wanted)]


def _megabytes(size: int) -> str:
    return f"{size / 2**20:.1f} MB"
