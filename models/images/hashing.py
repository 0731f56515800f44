"""Perceptual hashes: tells whether two pictures are the same one, scaled or saved anew."""

from __future__ import annotations

import imagehash
from PIL import Image

from models.images.resizing import halved
from models.types import Pixels

HASH_SIDE = 8
_ENOUGH = 512
"""Pixels of the longer side to which a larger picture is halved: what a hash sees is 32 by 32."""

NEAR = 6
"""Differing bits, of 64, up to which two pictures count as the same."""


def perceptual_hash(picture: Pixels) -> str:
    """Return the 64-bit DCT hash (pHash, as ImageHash computes it) of a picture as 16 hex digits.

    `picture` is (height, width, 3) uint8 RGB of any size.
    """
    return str(imagehash.phash(Image.fromarray(halved(picture, _ENOUGH)), hash_size=HASH_SIDE))


def hash_distance(a: str, b: str) -> int:
    """Return the number of differing bits of two hashes, 0 to 64."""
    return (int(a, 16) ^ int(b, 16)).bit_count()
