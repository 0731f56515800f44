"""Perceptual hashes: tells whether two pictures are the same one, scaled or saved anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

import imagehash
import numpy as np
from PIL import Image

from models.images.resizing import halved

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

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


class HashIndex:
    """The hashes of pictures, each under a key, to find near-duplicates in.

    All hashes stand in one array of 64-bit integers, and a query compares with every one of them:
    `benchmarks/hash_index.py` measures it.
    """

    def __init__(self, items: Iterable[tuple[int, str]] = ()) -> None:
        """Make an index of (key, hexadecimal hash) pairs; ValueError where one is no hash."""
        pairs = list(items)
        self._size = len(pairs)
        self._keys = np.array([key for key, _ in pairs], np.int64)
        self._hashes = _integers([phash for _, phash in pairs])

    def __len__(self) -> int:
        return self._size

    def add(self, key: int, phash: str) -> None:
        """Add `key` under the hexadecimal hash; ValueError where it is not one."""
        value = _integers([phash])[0]
        if self._size == len(self._keys):
            # Twice the room each time: many additions copy the arrays only a few times.
            room = max(64, 2 * self._size)
            self._keys = np.resize(self._keys, room)
            self._hashes = np.resize(self._hashes, room)
        self._keys[self._size] = key
        self._hashes[self._size] = value
        self._size += 1

    def within(self, phash: str, distance: int = NEAR) -> list[tuple[int, int]]:
        """Return (distance, key) of every hash at most `distance` bits away, nearest first."""
        apart = np.bitwise_count(self._hashes[: self._size] ^ _integers([phash])[0])
        near = np.flatnonzero(apart <= distance)
        return sorted(zip(apart[near].tolist(), self._keys[near].tolist(), strict=True))


def copies(hashes: Sequence[str], originals: Sequence[str]) -> dict[int, int]:
    """Return which of the hashes are near-duplicates of an original: its place, by their own."""
    seen = _integers(hashes)
    found: dict[int, int] = {}
    for place, original in enumerate(_integers(originals)):
        near = np.bitwise_count(seen ^ original) <= NEAR
        found.update(dict.fromkeys(np.flatnonzero(near).tolist(), place))
    return found


def _integers(hashes: Sequence[str]) -> NDArray[np.uint64]:
    text = "".join([phash.rjust(2 * HASH_SIDE, "0") for phash in hashes])
    if len(text) != 2 * HASH_SIDE * len(hashes):
        raise ValueError("a perceptual hash has 64 bits")
    return np.frombuffer(bytes.fromhex(text), ">u8").astype(np.uint64)
