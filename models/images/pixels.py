"""Pixels of what Pillow has opened, as 8-bit RGB."""

from __future__ import annotations

import io
from typing import Final

import numpy as np
from PIL import Image, ImageCms

from models.types import Pixels

_BAND: Final = 1 << 20
"""Pixels that are converted at once: Pillow hands them over by way of several copies."""


def rgb(image: Image.Image, index: int) -> Pixels:
    """Return a frame as 8-bit RGB, as it is stored.

    A large one is converted in bands.
    """
    if index:
        image.seek(index)
    image.load()
    frame = _cmyk_to_rgb(image) if image.mode == "CMYK" else image
    if frame.width * frame.height <= _BAND:
        return _band_rgb(frame)
    pixels = np.empty((frame.height, frame.width, 3), np.uint8)
    rows = max(1, _BAND // frame.width)
    for top in range(0, frame.height, rows):
        bottom = min(top + rows, frame.height)
        pixels[top:bottom] = _band_rgb(frame.crop((0, top, frame.width, bottom)))
    return pixels


def _band_rgb(band: Image.Image) -> Pixels:
    if band.mode.startswith("I"):  # 16-bit grey, which convert() would clip instead of scale
        grey = (np.asarray(band).astype(np.uint32) // 257).astype(np.uint8)
        return np.repeat(grey[..., None], 3, axis=2)
    if band.has_transparency_data:
        white = Image.new("RGBA", band.size, "white")
        white.alpha_composite(band.convert("RGBA"))
        band = white
    return np.asarray(band if band.mode == "RGB" else band.convert("RGB"))


def _cmyk_to_rgb(frame: Image.Image) -> Image.Image:
    """Convert by the picture's own colour profile where it carries one."""
    profile = frame.info.get("icc_profile")
    if profile:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            target = ImageCms.createProfile("sRGB")
            converted = ImageCms.profileToProfile(frame, source, target, outputMode="RGB")
        except (ImageCms.PyCMSError, OSError):
            return frame.convert("RGB")
        return converted or frame.convert("RGB")
    return frame.convert("RGB")
