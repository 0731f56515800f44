"""Near-duplicates by hash, and clusters of unknown faces."""

from __future__ import annotations

import random

import numpy as np
import pytest

from bot.feedback.clusters import find_clusters
from bot.feedback.duplicates import HashTree, copies, group, overlap
from models.types import Box


def test_the_tree_finds_what_a_scan_finds() -> None:
    rng = random.Random(3)  # noqa: S311
    hashes = [rng.getrandbits(64) for _ in range(200)]
    hashes += [h ^ (1 << rng.randrange(64)) ^ (1 << rng.randrange(64)) for h in hashes[:50]]
    tree = HashTree((i, f"{h:016x}") for i, h in enumerate(hashes))
    assert len(tree) == 250
    for wanted in hashes[:60]:
        expected = sorted(
            ((h ^ wanted).bit_count(), i)
            for i, h in enumerate(hashes)
            if (h ^ wanted).bit_count() <= 6
        )
        assert tree.within(f"{wanted:016x}", 6) == expected


def test_groups_are_chained() -> None:
    far = "ffffffffffffffff"
    a, b, c = "0000000000000000", "000000000000001f", "00000000000003ff"
    groups = group([a, far, c, b], distance=5)
    assert groups[0] == groups[2] == groups[3] != groups[1]


def test_a_hash_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="invalid literal"):
        HashTree().add(1, "not a hash")


def test_copies_are_found_on_the_other_side() -> None:
    assert copies(["ff00ff00ff00ff00", "0123456789abcdef"], ["fedcba9876543210"]) == {}
    assert copies(["ff00ff00ff00ff00", "0123456789abcdef"], ["00ff", "0123456789abcdcf"]) == {1: 1}
    assert copies([], ["00ff"]) == copies(["00ff"], []) == {}


def test_overlap() -> None:
    assert overlap(Box(0, 0, 10, 10), Box(0, 0, 10, 10)) == 1.0
    assert overlap(Box(0, 0, 10, 10), Box(5, 0, 15, 10)) == pytest.approx(1 / 3)
    assert overlap(Box(0, 0, 10, 10), Box(20, 20, 30, 30)) == 0.0


def _faces(rng: np.random.Generator, centres: list[int], spread: float) -> np.ndarray:
    basis = np.eye(32, dtype=np.float32)
    rows = np.stack([basis[c] for c in centres]) + rng.normal(0, spread, (len(centres), 32))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def test_who_keeps_turning_up_is_found_among_strangers() -> None:
    rng = np.random.default_rng(2)
    repeated = _faces(rng, [0] * 7 + [1] * 9, 0.06)
    strangers = rng.normal(size=(12, 32)).astype(np.float32)
    strangers /= np.linalg.norm(strangers, axis=1, keepdims=True)
    clusters = find_clusters(np.concatenate([repeated, strangers]))
    assert [set(c.members) for c in clusters] == [set(range(7, 16)), set(range(7))]


def test_thirty_newcomers_are_thirty_clusters() -> None:
    rng = np.random.default_rng(3)
    centres = rng.normal(size=(30, 256))
    faces = np.repeat(centres, 7, axis=0) + rng.normal(0, 0.5, (210, 256))
    rows = np.concatenate([faces, rng.normal(size=(60, 256))]).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    found = {frozenset(c.members) for c in find_clusters(rows)}
    assert found == {frozenset(range(n * 7, n * 7 + 7)) for n in range(30)}


def test_a_single_newcomer_is_a_cluster() -> None:
    vectors = _faces(np.random.default_rng(4), [3] * 8, 0.05)
    assert [len(c.members) for c in find_clusters(vectors)] == [8]


def test_one_picture_posted_often_is_no_cluster() -> None:
    vectors = np.repeat(_faces(np.random.default_rng(1), [0], 0.0), 9, axis=0)
    assert find_clusters(vectors, groups=[5] * 9) == []


def test_scattered_strangers_are_no_cluster() -> None:
    rng = np.random.default_rng(7)
    vectors = rng.normal(size=(20, 256)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    assert find_clusters(vectors) == []
