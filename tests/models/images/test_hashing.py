"""The perceptual hash stays when a picture is scaled or saved anew, and differs otherwise."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from models.images.decoding import decode
from models.images.hashing import NEAR, hash_distance, perceptual_hash
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
