"""Networks that answer compute what those that are trained do, whatever they are given."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from models.detection.headmap import lay_headmap
from models.embedding.embedder import Blend, Structure, lay_embedding
from models.embedding.lite import ALIGNMENT, LiteLayers, LiteNetwork
from models.training.networks import build_embedding_network, build_headmap

if TYPE_CHECKING:
    from collections.abc import Callable

    import keras
    from numpy.typing import NDArray

SIDE = 75
STRUCTURE = Structure(("mixed8", "mixed6"), 8, Blend(("mixed3", "mixed4"), 6, 12))


def _weights_of(network: keras.Model) -> Callable[[str], NDArray[np.float32]]:
    return {weight.path: weight.numpy() for weight in network.weights}.__getitem__


def _pictures(*shape: int) -> NDArray[np.float32]:
    return np.random.default_rng(0).uniform(-1, 1, (*shape, 3)).astype(np.float32)


@pytest.fixture(scope="module")
def embedding() -> keras.Model:
    return build_embedding_network(SIDE, STRUCTURE)


def _laid(embedding: keras.Model, *, integers: bool) -> bytes:
    layers = LiteLayers(_weights_of(embedding), integers=integers)
    pixels = layers.pixels(SIDE, SIDE)
    return layers.finished(pixels, lay_embedding(layers, pixels, STRUCTURE))


@pytest.fixture(scope="module")
def headmap() -> keras.Model:
    network = build_headmap()
    rng = np.random.default_rng(0)
    for layer in network.layers:  # of biases that differ, unlike those of a network just built
        if weights := layer.get_weights():
            layer.set_weights([weights[0], rng.normal(0, 0.2, weights[1].shape)])
    return network


def _laid_headmap(headmap: keras.Model) -> LiteNetwork:
    layers = LiteLayers(_weights_of(headmap), integers=False)
    pixels = layers.pixels(192, 192)
    return LiteNetwork(layers.finished(pixels, lay_headmap(layers, pixels)))


def test_in_single_precision_it_embeds_as_keras_does(embedding: keras.Model) -> None:
    pictures = _pictures(3, SIDE, SIDE)
    told = LiteNetwork(_laid(embedding, integers=False))(pictures)
    assert told.dtype == np.float32
    np.testing.assert_allclose(told, embedding.predict_on_batch(pictures), atol=1e-4)


def test_in_integers_it_embeds_nearly_so_in_a_quarter_of_the_size(embedding: keras.Model) -> None:
    pictures = _pictures(3, SIDE, SIDE)
    file = _laid(embedding, integers=True)
    told = LiteNetwork(file)(pictures)
    assert (told * embedding.predict_on_batch(pictures)).sum(1).min() > 0.99
    np.testing.assert_allclose(np.linalg.norm(told, axis=1), 1, atol=1e-5)
    assert len(file) < 0.27 * len(_laid(embedding, integers=False))


def test_it_finds_heads_as_keras_does_whatever_the_shape(headmap: keras.Model) -> None:
    network = _laid_headmap(headmap)
    for shape in ((1, 192, 192), (1, 192, 128), (2, 256, 160), (1, 32, 64), (1, 192, 192)):
        pictures = _pictures(*shape)
        expected = headmap.predict_on_batch(pictures)
        np.testing.assert_allclose(network(pictures), expected, rtol=1e-3, atol=1e-3)


def test_weights_lie_where_they_can_be_read_in_place(embedding: keras.Model) -> None:
    model = schema.Model.GetRootAs(_laid(embedding, integers=True))
    offsets: list[int] = []
    for number in range(model.BuffersLength()):
        buffer = model.Buffers(number)
        assert buffer is not None
        if data := buffer._tab.Offset(4):
            offsets.append(buffer._tab.Vector(data))
    assert len(offsets) > 100
    assert not any(offset % ALIGNMENT for offset in offsets)


def test_threads_share_it(headmap: keras.Model) -> None:
    network = _laid_headmap(headmap)
    batches = [_pictures(1, 64, 64), _pictures(2, 32, 96), _pictures(1, 96, 32)] * 4
    expected = [network(batch) for batch in batches]
    with ThreadPoolExecutor(3) as pool:
        for told, wanted in zip(pool.map(network, batches), expected, strict=True):
            np.testing.assert_array_equal(told, wanted)


def test_weights_of_another_network_are_refused(embedding: keras.Model) -> None:
    weights = _weights_of(embedding)
    layers = LiteLayers(lambda name: weights(name)[..., :-1], integers=True)
    with pytest.raises(ValueError, match="conv_01 is of another shape"):
        lay_embedding(layers, layers.pixels(SIDE, SIDE), STRUCTURE)


WITHOUT_TENSORFLOW = """
import sys
import numpy as np
from models.identify import Identifier
Identifier.load().warm_up()
print(*(name for name in ("tensorflow", "keras", "matplotlib", "h5py") if name in sys.modules))
"""


def test_answering_loads_no_tensorflow_and_says_nothing() -> None:
    code = [sys.executable, "-c", WITHOUT_TENSORFLOW]
    done = subprocess.run(code, capture_output=True, text=True)  # noqa: S603
    assert (done.returncode, done.stdout, done.stderr) == (0, "\n", "")
