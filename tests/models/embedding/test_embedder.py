"""The embedder with the shipped weights."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
import pytest

from models.embedding.embedder import BATCH, Embedder, closer
from models.weight_files import WeightsError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


ROUNDED = 1e-6
"""Each picture is quantised by its own range, so its batch makes no difference."""


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    return Embedder.load()


@pytest.fixture(scope="module")
def crops(embedder: Embedder) -> NDArray[np.uint8]:
    rng = np.random.default_rng(0)
    shape = (3, embedder.side, embedder.side, 3)
    return rng.integers(0, 256, shape).astype(np.uint8)


def test_vectors_are_of_unit_length(embedder: Embedder, crops: NDArray[np.uint8]) -> None:
    vectors = embedder.embed(crops)
    assert vectors.shape == (3, embedder.dimensions)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_a_face_has_the_same_vector_in_any_batch(
    embedder: Embedder, crops: NDArray[np.uint8]
) -> None:
    together = embedder.embed(crops)
    alone = np.concatenate([embedder.embed(crop[None]) for crop in crops])
    np.testing.assert_allclose(together, alone, atol=ROUNDED)


def test_a_face_is_seen_twice_the_second_time_closer_and_mirrored(
    crops: NDArray[np.uint8],
) -> None:
    twice, once = Embedder.load(twice=True), Embedder.load(twice=False)
    halves = once.embed(crops) + once.embed(np.stack([*map(closer, crops)]))
    halves /= np.linalg.norm(halves, axis=1, keepdims=True)
    np.testing.assert_allclose(twice.embed(crops), halves, atol=ROUNDED)


def test_a_closer_copy_is_the_middle_mirrored() -> None:
    crop = np.zeros((100, 100, 3), np.uint8)
    crop[40:60, 30:40] = 255
    copy = closer(crop)
    assert copy.shape == crop.shape
    rows, columns = np.nonzero(copy[..., 0] > 127)
    assert (rows.min(), rows.max() + 1) == pytest.approx((36, 64), abs=1)
    assert (columns.min(), columns.max() + 1) == pytest.approx((64, 78), abs=1)


def test_more_crops_than_a_batch_holds_keep_their_order(
    embedder: Embedder, crops: NDArray[np.uint8]
) -> None:
    many = crops[np.arange(BATCH + 2) % 3]
    np.testing.assert_allclose(embedder.embed(many)[-2:], embedder.embed(many[-2:]), atol=ROUNDED)


def test_threads_share_it(embedder: Embedder, crops: NDArray[np.uint8]) -> None:
    expected = embedder.embed(crops)
    with ThreadPoolExecutor(4) as pool:
        for vectors in pool.map(lambda _: embedder.embed(crops), range(8)):
            np.testing.assert_allclose(vectors, expected, atol=ROUNDED)


def test_no_crops_no_vectors(embedder: Embedder) -> None:
    empty = np.empty((0, embedder.side, embedder.side, 3), np.uint8)
    assert embedder.embed(empty).shape == (0, embedder.dimensions)


def test_crops_of_another_size_are_refused(embedder: Embedder) -> None:
    with pytest.raises(ValueError, match=str(embedder.side)):
        embedder.embed(np.zeros((1, 17, 17, 3), np.uint8))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"gone\.tflite"):
        Embedder.load(tmp_path / "gone.tflite")
