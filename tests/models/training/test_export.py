"""Exported files compute what their networks do, and come back to be trained further."""

from __future__ import annotations

import shutil
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pytest

from models.embedding.embedder import EMBEDDING_FILE, Embedder
from models.session import Session
from models.training import export
from models.training.detector.network import build_heat_map_network
from models.training.embedding_network import build_embedding_network, weighted_layers
from models.training.export import (
    ExportError,
    export_detector,
    export_embedding,
    load_detector,
    load_embedding,
    read_structure,
)
from models.training.structure import Fusion, Structure
from models.weight_files import WeightsError

if TYPE_CHECKING:
    from pathlib import Path

    import keras
    from numpy.typing import NDArray

SIDE = 75
STRUCTURE = Structure(("mixed6",), 8, Fusion(("mixed3", "mixed4"), 6, 12))


def _pictures(*shape: int) -> NDArray[np.float32]:
    return np.random.default_rng(0).uniform(-1, 1, (*shape, 3)).astype(np.float32)


def _with_biases(network: keras.Model) -> keras.Model:
    """Biases that differ, unlike those of a network just built."""
    rng = np.random.default_rng(0)
    for layer in weighted_layers(network):
        kernel, bias = layer.get_weights()
        layer.set_weights([kernel, rng.normal(0, 0.2, bias.shape)])
    return network


@pytest.fixture(scope="module")
def embedding() -> keras.Model:
    return _with_biases(build_embedding_network(SIDE, STRUCTURE))


@pytest.fixture(scope="module")
def embedding_file(embedding: keras.Model, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("exported") / "embedding.tflite"
    export_embedding(embedding, path, STRUCTURE)
    return path


@pytest.fixture(scope="module")
def heat_map() -> keras.Model:
    return _with_biases(build_heat_map_network())


@pytest.fixture(scope="module")
def detector_file(heat_map: keras.Model, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("exported") / "detector.tflite"
    export_detector(heat_map, path)
    return path


def test_it_embeds_nearly_as_keras_does_in_a_quarter_of_the_size(
    embedding: keras.Model, embedding_file: Path
) -> None:
    pictures = _pictures(3, SIDE, SIDE)
    vectors = Session(embedding_file, "the", "all")(pictures)
    assert (vectors * np.asarray(embedding(pictures))).sum(1).min() > 0.99
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert embedding_file.stat().st_size < 0.27 * 4 * embedding.count_params()
    embedder = Embedder.load(embedding_file)
    assert (embedder.side, embedder.dimensions) == (SIDE, STRUCTURE.dimensions)


def test_an_exported_embedding_comes_back(embedding: keras.Model, embedding_file: Path) -> None:
    again, structure = load_embedding(embedding_file)
    assert structure == read_structure(embedding_file) == STRUCTURE
    for layer, other in zip(weighted_layers(embedding), weighted_layers(again), strict=True):
        assert layer.name == other.name
        for weights, found in zip(layer.get_weights(), other.get_weights(), strict=True):
            np.testing.assert_allclose(found, weights, atol=np.abs(weights).max() / 127)
    pictures = _pictures(2, SIDE, SIDE)
    cosines = np.asarray(embedding(pictures)) * np.asarray(again(pictures))
    assert cosines.sum(1) == pytest.approx(1, abs=0.01)


def test_it_finds_heads_as_keras_does_whatever_the_shape(
    heat_map: keras.Model, detector_file: Path
) -> None:
    session = Session(detector_file, "the", "detector", side=64)
    for shape in ((1, 192, 192), (1, 192, 128), (2, 256, 160), (1, 32, 64), (1, 192, 192)):
        pictures = _pictures(*shape)
        expected = np.asarray(heat_map(pictures))
        np.testing.assert_allclose(session(pictures), expected, rtol=0.01, atol=0.01)


def test_an_exported_detector_comes_back(heat_map: keras.Model, detector_file: Path) -> None:
    again = build_heat_map_network(64, 64)
    load_detector(again, detector_file)
    for weights, found in zip(heat_map.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_allclose(found, weights, rtol=1e-3, atol=1e-5)


def test_a_file_of_another_network_is_refused(detector_file: Path, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"structure\.json"):
        load_embedding(detector_file)
    with pytest.raises(WeightsError, match="another network"):
        load_detector(build_heat_map_network(64, 64), EMBEDDING_FILE)
    with pytest.raises(WeightsError, match=r"gone\.tflite can't be read"):
        load_detector(build_heat_map_network(64, 64), tmp_path / "gone.tflite")


def test_a_file_that_computes_something_else_is_not_taken(
    monkeypatch: pytest.MonkeyPatch, detector_file: Path, tmp_path: Path
) -> None:
    def wrongly_converted(_network: keras.Model, path: Path, _weights: object) -> None:
        shutil.copyfile(detector_file, path)

    monkeypatch.setattr(export, "_convert", wrongly_converted)
    with pytest.raises(ExportError, match="differs"):
        export_detector(build_heat_map_network(), tmp_path / "detector.tflite")


def test_the_same_weights_are_the_same_file(
    embedding: keras.Model, embedding_file: Path, tmp_path: Path
) -> None:
    again = build_embedding_network(SIDE, STRUCTURE)
    again.set_weights(embedding.get_weights())
    export_embedding(again, tmp_path / "again.tflite", STRUCTURE)
    assert (tmp_path / "again.tflite").read_bytes() == embedding_file.read_bytes()


def test_no_layer_is_numbered_by_what_was_built_before() -> None:
    """A file holds the names of its layers; Keras counts up the names that it gives itself."""
    two = Structure(("mixed7", "mixed8"), 8, Fusion(("mixed3",), 6, 12))
    for build in (build_heat_map_network, partial(build_embedding_network, SIDE, two)):
        first, second = ([layer.name for layer in build().layers] for _ in range(2))
        assert first == second


def test_a_structure_without_a_fusion_goes_through_json() -> None:
    alone = replace(STRUCTURE, cuts=("mixed6",), fusion=None)
    assert Structure.of({"cuts": ["mixed6"], "axes": 8, "fusion": None}) == alone
