"""The perceptual hash stays when a picture is scaled or saved anew, and differs otherwise."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from models.images.decoding import decode
from models.images.hashing import NEAR, HashIndex, copies, hash_distance, perceptual_hash
from tests.models.drawn import encoded


def test_distance_counts_bits() -> None:
    assert hash_distance("0" * 16, "0" * 16) == 0
    assert hash_distance("0" * 16, "f" * 16) == 64
    assert hash_distance("0" * 15 + "1", "0" * 15 + "2") == 2


def test_same_picture_scaled_and_saved_anew(shared_data: Path) -> None:
    files = sorted((shared_data / "posts").glob("*/*.jpg"))[:8]
    pictures = [decode(file.read_bytes(), file.name).frames[0] for file in files]
    hashes = [perceptual_hash(picture) for picture in pictures]
    for picture, known in zip(pictures, hashes, strict=True):
        image = Image.fromarray(picture)
        small = image.resize((image.width // 2, image.height // 2))
        again = decode(encoded(small, "JPEG", quality=60), "again").frames[0]
        assert len(known) == 16
        assert hash_distance(perceptual_hash(again), known) <= NEAR
    apart = [hash_distance(a, b) for a in hashes for b in hashes if a != b]
    assert np.median(apart) > 20


def test_the_index_finds_what_a_scan_finds() -> None:
    rng = random.Random(3)  # noqa: S311
    hashes = [rng.getrandbits(64) for _ in range(200)]
    hashes += [h ^ (1 << rng.randrange(64)) ^ (1 << rng.randrange(64)) for h in hashes[:50]]
    index = HashIndex((i, f"{h:016x}") for i, h in enumerate(hashes[:100]))
    for i, h in enumerate(hashes[100:], 100):
        index.add(i, f"{h:016x}")
    assert len(index) == 250
    for wanted in hashes[:60]:
        expected = sorted(
            ((h ^ wanted).bit_count(), i)
            for i, h in enumerate(hashes)
            if (h ^ wanted).bit_count() <= 6
        )
        assert index.within(f"{wanted:016x}", 6) == expected


def test_a_hash_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="non-hexadecimal"):
        HashIndex().add(1, "not a hash")
    with pytest.raises(ValueError, match="64 bits"):
        HashIndex([(1, "0" * 15 + "10000000000000000")])


def test_copies_are_found_on_the_other_side() -> None:
    assert copies(["ff00ff00ff00ff00", "0123456789abcdef"], ["fedcba9876543210"]) == {}
    assert copies(["ff00ff00ff00ff00", "0123456789abcdef"], ["00ff", "0123456789abcdcf"]) == {1: 1}
    assert copies([], ["00ff"]) == copies(["00ff"], []) == {}
