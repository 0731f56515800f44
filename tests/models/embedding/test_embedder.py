"""The embedder with the shipped weights."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import save_file

from models.embedding.embedder import AT_ONCE, Blend, Embedder, Settings, Structure, WeightsError
from models.training.networks import (
    build_embedding_network,
    load_network,
    save_embedding,
    weighted_layers,
)
from models.training.quiet_keras import keras

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


ROUNDED = 1e-6
"""Each picture is brought to bytes by its own range, so its batch makes no difference."""


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


def test_a_face_and_its_mirror_image_have_the_same_vector(crops: NDArray[np.uint8]) -> None:
    both_ways, one_way = Embedder.load(mirrored=True), Embedder.load(mirrored=False)
    turned = np.ascontiguousarray(crops[:, :, ::-1])
    vectors = both_ways.embed(crops)
    np.testing.assert_allclose(vectors, both_ways.embed(turned), atol=ROUNDED)
    halves = one_way.embed(crops) + one_way.embed(turned)
    halves /= np.linalg.norm(halves, axis=1, keepdims=True)
    np.testing.assert_allclose(vectors, halves, atol=ROUNDED)


def test_more_crops_than_a_batch_holds_keep_their_order(
    embedder: Embedder, crops: NDArray[np.uint8]
) -> None:
    many = crops[np.arange(AT_ONCE + 2) % 3]
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
    with pytest.raises(WeightsError, match=r"gone\.safetensors"):
        Embedder.load(tmp_path / "gone.safetensors")


TINY = Structure(("mixed6",), 8, Blend(("mixed3", "mixed4"), 6, 12))


def test_a_saved_network_comes_back(tmp_path: Path) -> None:
    network = build_embedding_network(75, TINY)
    path = tmp_path / "embedding.safetensors"
    save_embedding(network, path, TINY, side=75, mirrored=True)
    again, settings = load_network(path)
    pixels = np.random.default_rng(0).uniform(-1, 1, (2, 75, 75, 3)).astype(np.float32)

    assert settings == Settings(TINY, side=75, mirrored=True)
    before, after = network.predict_on_batch(pixels), again.predict_on_batch(pixels)
    assert (before * after).sum(1) == pytest.approx(1, abs=0.01)
    weights = sum(
        array.nbytes for layer in weighted_layers(network) for array in layer.get_weights()
    )
    assert path.stat().st_size < 0.27 * weights


def test_a_trunk_alone_needs_no_blend_and_several_do(tmp_path: Path) -> None:
    alone = replace(TINY, blend=None)
    network = build_embedding_network(75, alone)
    assert network.output_shape[-1] == alone.dimensions == 8
    path = tmp_path / "trained.safetensors"
    save_embedding(network, path, alone, side=75, mirrored=True)
    assert load_network(path)[1].structure == alone
    with pytest.raises(ValueError, match="need a blend"):
        build_embedding_network(75, replace(alone, cuts=("mixed6", "mixed7")))


def test_a_trunk_of_a_former_version_is_read(tmp_path: Path) -> None:
    alone = replace(TINY, blend=None)
    path = tmp_path / "trained.safetensors"
    save_embedding(build_embedding_network(75, alone), path, alone, side=75, mirrored=True)
    with safe_open(path, "numpy") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    former = {"cuts": ["mixed6"], "dimensions": 8, "taps": [], "side": 75, "mirrored": True}
    save_file(tensors, path, {"moedex": json.dumps(former)})
    assert load_network(path)[1].structure == alone
    former |= {"dimensions": 12, "taps": ["mixed4"]}
    save_file(tensors, path, {"moedex": json.dumps(former)})
    with pytest.raises(WeightsError, match="can't be read"):
        Embedder.load(path)


def test_a_blend_sees_all_parts_at_unit_length_and_the_earlier_blocks_first() -> None:
    network = build_embedding_network(75, replace(TINY, cuts=("mixed6", "mixed7")))
    pixels = np.random.default_rng(0).uniform(-1, 1, (2, 75, 75, 3)).astype(np.float32)
    parts = network.get_layer("together")
    given = keras.Model(network.input, parts.output).predict_on_batch(pixels)
    for part in np.split(given, [6, 14], axis=1):
        np.testing.assert_allclose(np.linalg.norm(part, axis=1), 1, atol=1e-3)
    assert [tensor.name for tensor in network.get_layer("averages").input] == [
        network.get_layer(f"{block}_average").output.name
        for block in ("mixed3", "mixed4", "trunk2_mixed3", "trunk2_mixed4")
    ]
    roots = keras.Model(
        network.input, [network.get_layer(name).output for name in ("averages", "early")]
    )
    averages, early = roots.predict_on_batch(pixels)
    np.testing.assert_allclose(early**2, averages, atol=1e-4)


def test_the_middle_counts_more_in_the_tapped_block() -> None:
    network = build_embedding_network(144, TINY)
    places = network.get_layer("mixed4").output.shape[1:]
    tapped = keras.Model(
        network.get_layer("mixed4").output, network.get_layer("mixed4_average").output
    )

    def counted(row: int, column: int) -> float:
        seen = np.zeros((1, *places), np.float32)
        seen[0, row, column] = 1
        return float(tapped.predict_on_batch(seen)[0, 0])

    middle, last = places[0] // 2, places[0] - 1
    assert counted(middle, middle) == pytest.approx(9 * counted(0, 0), rel=0.02)
    assert counted(middle, 0) == pytest.approx(counted(last, middle), rel=0.02)
    assert counted(middle, middle) > counted(middle, 0) > counted(0, 0)
