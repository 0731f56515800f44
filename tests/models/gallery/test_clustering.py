"""Clusters of unknown faces."""

from __future__ import annotations

import numpy as np

from models.gallery.clustering import LIKENESS, find_clusters, likeness_of


def _faces(rng: np.random.Generator, centres: list[int], spread: float) -> np.ndarray:
    basis = np.eye(32, dtype=np.float32)
    rows = np.stack([basis[c] for c in centres]) + rng.normal(0, spread, (len(centres), 32))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def test_who_keeps_turning_up_is_found_among_impostors() -> None:
    rng = np.random.default_rng(2)
    repeated = _faces(rng, [0] * 7 + [1] * 9, 0.06)
    others = rng.normal(size=(12, 32)).astype(np.float32)
    others /= np.linalg.norm(others, axis=1, keepdims=True)
    clusters = find_clusters(np.concatenate([repeated, others]))
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


def test_scattered_faces_are_no_cluster() -> None:
    rng = np.random.default_rng(7)
    vectors = rng.normal(size=(20, 256)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    assert find_clusters(vectors) == []


def test_faces_between_two_people_join_neither() -> None:
    """Density would follow the chain from one to the other; a cluster must be one person."""
    angles = np.linspace(0, np.pi / 2, 19)
    chain = np.zeros((19, 32), np.float32)
    chain[:, 0], chain[:, 1] = np.cos(angles), np.sin(angles)
    for cluster in find_clusters(chain, smallest=5):
        rows = chain[list(cluster.members)]
        assert (rows @ rows.T).min() >= LIKENESS - 1e-6
        assert len(cluster.members) < 19


def test_faces_are_alike_from_where_few_pairs_of_strangers_are() -> None:
    rng = np.random.default_rng(3)
    vectors = rng.normal(size=(200, 64)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    found = likeness_of(vectors, [str(n) for n in range(200)])
    cosines = (vectors @ vectors.T)[np.triu_indices(200, 1)]
    assert np.isclose((cosines >= found).mean(), 0.01, atol=0.001)
    # Copies of a face are no pair of different identities.
    twice = np.concatenate([vectors, vectors])
    assert np.isclose(likeness_of(twice, [str(n % 200) for n in range(400)]), found, atol=0.01)


def test_copies_are_in_the_cluster_and_do_not_make_it_larger() -> None:
    vectors = _faces(np.random.default_rng(1), [0] * 7, 0.05)
    copied = np.concatenate([vectors, vectors[:1]])
    assert len(find_clusters(copied, [*range(7), 0], smallest=7)[0].members) == 8
    assert find_clusters(copied, [*range(7), 0], smallest=8) == []
