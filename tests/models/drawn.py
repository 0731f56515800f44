"""Pictures drawn by code, and named faces made up, for the tests of the vision core."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from models.types import Box, Character, Face, Guess, NamedFace, Pixels, Tier

LEFT, RIGHT = (220, 40, 60), (30, 90, 200)


def halves(width: int = 60, height: int = 40) -> Image.Image:
    """Draw a picture whose left half is red and whose right half is blue."""
    image = Image.new("RGB", (width, height), LEFT)
    ImageDraw.Draw(image).rectangle((width // 2, 0, width, height), fill=RIGHT)
    return image


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    """Return the picture as a file of the given kind."""
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def noise(width: int, height: int, seed: int = 0) -> Pixels:
    """Return a picture of noise, which compresses worst."""
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (height, width, 3), dtype=np.uint8)


def named_face(
    box: Box,
    name: str = "Hoshino Ai",
    probability: float = 0.9,
    *,
    tier: Tier = Tier.NAMED,
    frame: int = 0,
    vector: tuple[float, ...] = (1.0, 0.0),
    native: str = "星野アイ",
) -> NamedFace:
    """Make a face up, with five guesses."""
    others = [Character(f"other_{n}", f"Other {n}", "A Series") for n in range(4)]
    best = Character(name.lower().replace(" ", "_"), name, "Oshi no Ko", native)
    guesses = (
        Guess(best, probability),
        *(Guess(one, (1 - probability) / 8) for one in others),
    )
    crop = np.full((160, 160, 3), 128, np.uint8)
    return NamedFace(Face(box, 0.8, frame), guesses, tier, np.array(vector, np.float32), crop)
