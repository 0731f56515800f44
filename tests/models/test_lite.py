"""The network in integers: what it answers, and what is kept of the conversion."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
import platformdirs
import pytest

from models import embedding, lite
from models.embedding import (
    Embedder,
    Structure,
    build_embedding_network,
    load_network,
    save_embedding,
)
from models.lite import KEPT, LiteError, LiteNetwork, load_lite

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

SIDE = 75


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    structure = Structure(("mixed6",), 8)
    path = tmp_path_factory.mktemp("weights") / "embedding.safetensors"
    network = build_embedding_network(SIDE, structure)
    save_embedding(network, path, structure, side=SIDE, mirrored=True)
    return path


@pytest.fixture(scope="module")
def converted(weights: Path) -> Path:
    target = weights.with_suffix(".tflite")
    lite.convert(weights, target)
    return target


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(platformdirs, "user_cache_path", lambda *_, **__: tmp_path / "cache")
    return tmp_path / "cache"


def _pictures(count: int) -> NDArray[np.float32]:
    rng = np.random.default_rng(0)
    return rng.uniform(-1, 1, (count, SIDE, SIDE, 3)).astype(np.float32)


def test_it_answers_as_the_network_does(weights: Path, converted: Path) -> None:
    pictures = _pictures(5)
    expected = load_network(weights)[0].predict_on_batch(pictures)
    network = LiteNetwork(converted)
    told = network(pictures)
    assert told.shape == (5, 8)
    assert told.dtype == np.float32
    assert (told * expected).sum(1).min() > 0.99
    np.testing.assert_allclose(network(pictures[2:3]), told[2:3], atol=5e-3)
    assert converted.stat().st_size < 1.1 * weights.stat().st_size


def test_threads_share_it(converted: Path) -> None:
    network, pictures = LiteNetwork(converted), _pictures(6)
    expected = network(pictures)
    with ThreadPoolExecutor(3) as pool:
        for told in pool.map(lambda _: network(pictures), range(6)):
            np.testing.assert_array_equal(told, expected)


def test_it_is_converted_once(
    weights: Path, converted: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    conversions: list[Path] = []

    def conversion(_: Path, target: Path) -> None:
        conversions.append(target)
        target.write_bytes(converted.read_bytes())

    monkeypatch.setattr(lite, "_convert_apart", conversion)
    first, again = load_lite(weights), load_lite(weights)
    assert conversions == list(cache.iterdir())
    np.testing.assert_array_equal(first(_pictures(1)), again(_pictures(1)))

    for number in range(KEPT + 1):  # other weights, longer ago
        other = cache / f"embedding-{number}.tflite"
        other.touch()
        os.utime(other, (number, number))
    changed = weights.with_name("changed.safetensors")
    changed.write_bytes(weights.read_bytes() + b" ")
    load_lite(changed)
    assert len(list(cache.iterdir())) == KEPT
    assert set(conversions) <= set(cache.iterdir())


def test_what_can_t_be_converted_says_why(tmp_path: Path, cache: Path) -> None:
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(b"nothing")
    with pytest.raises(LiteError, match=r"broken\.safetensors can't be read"):
        load_lite(broken)
    assert list(cache.iterdir()) == []


def test_where_nothing_can_be_kept_it_says_so(weights: Path, cache: Path) -> None:
    cache.write_bytes(b"a file where the folder should be")
    with pytest.raises(LiteError, match="FileExistsError"):
        load_lite(weights)


def test_shipped_weights_are_slower_where_they_can_t_be_converted(
    weights: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refused(_: Path) -> LiteNetwork:
        raise LiteError("no room")

    monkeypatch.setattr(embedding, "EMBEDDING_FILE", weights)
    monkeypatch.setattr(embedding, "has_fast_bfloat16", lambda: False)
    monkeypatch.setattr(embedding, "load_lite", refused)
    crop = np.zeros((1, SIDE, SIDE, 3), np.uint8)
    assert Embedder.load().embed(crop).shape == (1, 8)
    assert "single precision, which is slower: no room" in caplog.text


def test_with_bfloat16_nothing_is_converted(weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unwanted(_: Path) -> LiteNetwork:
        raise AssertionError

    monkeypatch.setattr(embedding, "EMBEDDING_FILE", weights)
    monkeypatch.setattr(embedding, "has_fast_bfloat16", lambda: True)
    monkeypatch.setattr(embedding, "load_lite", unwanted)
    assert Embedder.load().side == SIDE
