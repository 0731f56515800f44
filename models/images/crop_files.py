"""Crops of faces as files: WebP, and contact sheets of several as PNG."""

from __future__ import annotations

import errno
from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from models.images.formats import DECODERS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from models.types import Crops, Pixels

_QUALITY = 92
_THUMBNAIL_QUALITY = 70
THUMBNAIL_SIDE = 96
"""Pixels of a thumbnail's side."""
_DECODERS = tuple(decoder for decoder in DECODERS if decoder != "JXL")
"""JPEG XL is decoded as soon as it is opened, however large it is; no crop was ever one."""


def write_crop(crop: Pixels) -> bytes:
    """Return a crop, (side, side, 3) uint8 RGB, as a WebP file."""
    buffer = BytesIO()
    Image.fromarray(crop).save(buffer, "WEBP", quality=_QUALITY, method=2)
    return buffer.getvalue()


def read_crop(data: bytes, side: int) -> Pixels | None:
    """Return a crop's pixels, (side, side, 3) uint8 RGB; None where the file is broken."""
    try:
        with Image.open(BytesIO(data), formats=_DECODERS) as image:
            size = (side, side)
            return np.asarray(image.convert("RGB").resize(size, Image.Resampling.LANCZOS))
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return None


def side_of(data: bytes) -> int:
    """Return the side of a crop's file in pixels; 0 where the file is broken."""
    try:
        with Image.open(BytesIO(data), formats=_DECODERS) as image:
            return image.width
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return 0


def write_thumbnail(data: bytes) -> bytes | None:
    """Return a small copy of a crop's file, as a WebP file; None where the file is broken."""
    pixels = read_crop(data, THUMBNAIL_SIDE)
    if pixels is None:
        return None
    buffer = BytesIO()
    Image.fromarray(pixels).save(buffer, "WEBP", quality=_THUMBNAIL_QUALITY, method=2)
    return buffer.getvalue()


def read_crops(files: Sequence[Path], side: int) -> Crops:
    """Return the crops of files, (n, side, side, 3) uint8 RGB.

    Raises OSError with the name of a file that is missing or shows no picture.
    """
    crops: list[Pixels] = []
    for file in files:
        crop = read_crop(file.read_bytes(), side)
        if crop is None:
            raise OSError(errno.EINVAL, "it is no picture", str(file))
        crops.append(crop)
    return np.stack(crops)


def contact_sheet(crops: Sequence[tuple[Pixels, str]], columns: int) -> bytes:
    """Return one PNG of crops of one size, (side, side, 3) uint8 RGB each, `columns` in a row.

    Beside each crop stands what is written into its corner.
    """
    side = crops[0][0].shape[0]
    columns = min(columns, len(crops))
    rows = -(-len(crops) // columns)
    sheet = Image.new("RGB", (columns * side, rows * side), "white")
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(side // 6)
    for i, (crop, text) in enumerate(crops):
        corner = i % columns * side, i // columns * side
        sheet.paste(Image.fromarray(crop), corner)
        if text:
            _, _, right, bottom = draw.textbbox(corner, text, font=font)
            draw.rectangle((*corner, right + 4, bottom + 4), fill="black")
            draw.text((corner[0] + 2, corner[1]), text, fill="white", font=font)
    buffer = BytesIO()
    sheet.save(buffer, "PNG")
    return buffer.getvalue()
