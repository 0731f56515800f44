"""The networks as Keras models, to train, and the weights files that they are kept in."""

# Keras's annotations name one backend's tensors and too narrow arguments.
# pyright: reportArgumentType=false, reportReturnType=false, reportOperatorIssue=false, reportGeneralTypeIssues=false, reportOptionalIterable=false

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Final

import numpy as np
from safetensors.numpy import save_file

from models.detection.headmap import lay_headmap
from models.embedding.compact import packed, unpacked
from models.embedding.embedder import Settings, lay_embedding, opened, settings_in
from models.embedding.trunk import lay_trunks, prefix_of
from models.training.quiet_keras import keras, ops
from models.training.start import StartError, folded

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from models.embedding.embedder import Structure
    from models.embedding.layers import Activation, Padding

PARTS: Final = ("kernel", "bias")
"""The weights of a layer, in Keras's order."""


class KerasLayers:
    """Makes Keras's layers; `models.embedding.layers.Layers` says what each does."""

    def conv(
        self,
        x: keras.KerasTensor,
        filters: int,
        kernel: int | tuple[int, int],
        name: str,
        *,
        stride: int = 1,
        padding: Padding = "same",
        activation: Activation | None = "relu",
    ) -> keras.KerasTensor:
        """Convolve."""
        layer = keras.layers.Conv2D(
            filters, kernel, strides=stride, padding=padding, activation=activation, name=name
        )
        return layer(x)

    def depthwise(
        self,
        x: keras.KerasTensor,
        name: str,
        *,
        stride: int = 1,
        padding: Padding = "same",
        activation: Activation | None = "relu6",
    ) -> keras.KerasTensor:
        """Convolve each channel for itself."""
        layer = keras.layers.DepthwiseConv2D(
            3, strides=stride, padding=padding, activation=activation, name=name
        )
        return layer(x)

    def dense(self, x: keras.KerasTensor, units: int, name: str) -> keras.KerasTensor:
        """Project, in single precision."""
        return keras.layers.Dense(units, dtype="float32", name=name)(x)

    def max_pool(self, x: keras.KerasTensor) -> keras.KerasTensor:
        """Take the largest of windows."""
        return keras.layers.MaxPooling2D(3, 2)(x)

    def average_pool(
        self, x: keras.KerasTensor, padding: Padding, name: str | None = None
    ) -> keras.KerasTensor:
        """Average windows."""
        return keras.layers.AveragePooling2D(3, 1, padding, name=name)(x)

    def average(self, x: keras.KerasTensor, name: str) -> keras.KerasTensor:
        """Average over all places."""
        return keras.layers.GlobalAveragePooling2D(name=name)(x)

    def concatenate(self, parts: Sequence[keras.KerasTensor], name: str) -> keras.KerasTensor:
        """Put channels side by side."""
        return keras.layers.Concatenate(name=name)(list(parts))

    def add(self, one: keras.KerasTensor, other: keras.KerasTensor) -> keras.KerasTensor:
        """Add two."""
        return keras.layers.Add()([one, other])

    def pad_end(self, x: keras.KerasTensor) -> keras.KerasTensor:
        """Add a row and a column of noughts."""
        return keras.layers.ZeroPadding2D(((0, 1), (0, 1)))(x)

    def double(self, x: keras.KerasTensor) -> keras.KerasTensor:
        """Double height and width."""
        return Doubled()(x)

    def root(self, x: keras.KerasTensor, name: str) -> keras.KerasTensor:
        """Take square roots, in single precision."""
        return keras.layers.Activation(ops.sqrt, dtype="float32", name=name)(x)

    def unit(self, x: keras.KerasTensor, name: str) -> keras.KerasTensor:
        """Scale to unit length, in single precision."""
        return keras.layers.UnitNormalization(dtype="float32", name=name)(x)


@keras.saving.register_keras_serializable("moedex")
class Doubled(keras.layers.Layer):
    """Doubles height and width bilinearly, (n, h, w, c) -> (n, 2h, 2w, c), edges repeated.

    `UpSampling2D` computes the same, but needs a graph of its own for each size of picture.
    """

    def call(self, inputs: keras.KerasTensor) -> keras.KerasTensor:
        """Double the rows, then the columns."""
        count, rows, columns, channels = ops.shape(inputs)
        tall = _interleaved(inputs, axis=1)
        tall = ops.reshape(tall, (count, 2 * rows, columns, channels))
        wide = _interleaved(tall, axis=2)
        return ops.reshape(wide, (count, 2 * rows, 2 * columns, channels))

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """(n, 2h, 2w, c)."""
        count, rows, columns, channels = input_shape
        return count, rows and 2 * rows, columns and 2 * columns, channels


def _interleaved(x: keras.KerasTensor, axis: int) -> keras.KerasTensor:
    """Stack, behind `axis`, the values a quarter of a cell before and behind each cell's centre."""
    first, last = ops.take(x, [0], axis), ops.take(x, [-1], axis)
    start = [slice(None)] * axis
    before = ops.concatenate([first, x[(*start, slice(None, -1))]], axis)
    behind = ops.concatenate([x[(*start, slice(1, None))], last], axis)
    return ops.stack([0.75 * x + 0.25 * before, 0.75 * x + 0.25 * behind], axis + 1)


def build_trunks(side: int | None, cuts: Sequence[str]) -> keras.Model:
    """Build trunks with random weights; outputs: the blocks where they are cut.

    `side` None leaves the size of the pictures open. Raises ValueError for a cut that can't be, or
    a side below 75 pixels.
    """
    pixels = _pixels(side)
    blocks = lay_trunks(KerasLayers(), pixels, cuts)
    ends = [blocks[prefix_of(number) + cut] for number, cut in enumerate(cuts)]
    return keras.Model(pixels, ends, name="trunks")


def build_embedding_network(side: int | None, structure: Structure) -> keras.Model:
    """Build the network with random weights: (n, side, side, 3) in -1 to 1 -> (n, dimensions).

    `side` None leaves the size of the pictures open, as training at growing sizes needs it. The
    layer `pooled` gives what the projection sees, the averages in the order of the blocks. Raises
    ValueError as `build_trunks` does.
    """
    pixels = _pixels(side)
    return keras.Model(pixels, lay_embedding(KerasLayers(), pixels, structure), name="embedding")


def _pixels(side: int | None) -> keras.KerasTensor:
    if side is not None and side < 75:
        raise ValueError(f"Inception-v3 needs pictures of 75 pixels or more, not {side}")
    return keras.Input((side, side, 3), name="pixels")


def load_start(trunk: keras.Model, tensors: Mapping[str, NDArray[np.float32]]) -> None:
    """Load the tensors of `read_start` into a trunk. Raises StartError if they don't fit."""
    for layer in trunk.layers:
        if not isinstance(layer, keras.layers.Conv2D):
            continue
        number = int(layer.name.rsplit("_", 1)[1])
        try:
            layer.set_weights(list(folded(tensors, number)))
        except (KeyError, ValueError) as error:
            raise StartError(f"the starting weights don't fit {layer.name}: {error}") from error


def weighted_layers(network: keras.Model) -> list[keras.Layer]:
    """The layers of an embedding network that have a kernel and a bias."""
    kinds = keras.layers.Conv2D | keras.layers.Dense
    return [layer for layer in network.layers if isinstance(layer, kinds)]


def save_embedding(
    network: keras.Model, path: Path, structure: Structure, *, side: int, mirrored: bool
) -> None:
    """Write the network with what `Embedder` needs to rebuild it."""
    tensors: dict[str, NDArray[np.float32]] = {}
    for layer in weighted_layers(network):
        for part, weights in zip(PARTS, layer.get_weights(), strict=True):
            tensors[f"{layer.name}/{part}"] = np.asarray(weights, np.float32)
    settings = {"side": side, "mirrored": mirrored, **asdict(structure)}
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file(packed(tensors), path, {"moedex": json.dumps(settings)})


def load_network(path: Path, side: int | None = None) -> tuple[keras.Model, Settings]:
    """Rebuild a saved network; returns it with its settings.

    `side` 0 leaves the size open, None takes the file's. Raises WeightsError.
    """
    with opened(path) as file:
        settings = settings_in(file)
        size = settings.side if side is None else side or None
        network = build_embedding_network(size, settings.structure)
        for layer in weighted_layers(network):
            layer.set_weights([unpacked(file, f"{layer.name}/{part}") for part in PARTS])
    return network, settings


def build_headmap(height: int | None = None, width: int | None = None) -> keras.Model:
    """Build the detector's network with random weights; None leaves a length open."""
    pixels = keras.Input((height, width, 3), name="pixels")
    network = keras.Model(pixels, lay_headmap(KerasLayers(), pixels), name="headmap")
    last = network.get_layer("map")
    few_cells_hold_a_centre = np.array([-4, 0, 0, 0], np.float32)
    last.set_weights([last.get_weights()[0], few_cells_hold_a_centre])
    return network


def save_headmap(network: keras.Model, path: Path, settings: Mapping[str, object]) -> None:
    """Write the weights as float16 safetensors, with settings that go to JSON."""
    tensors = {
        weight.path: np.asarray(keras.ops.convert_to_numpy(weight), np.float16)
        for weight in network.weights
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file(tensors, path, {"moedex": json.dumps(dict(settings))})


def load_headmap(network: keras.Model, path: Path) -> dict[str, object]:
    """Load a file of `save_headmap` into the network; return its settings.

    Raises WeightsError: the file can't be read, or is of another network.
    """
    with opened(path, "the detector's", "detector") as file:
        if {weight.path for weight in network.weights} != set(file.keys()):
            raise ValueError("it is of another network")
        for weight in network.weights:
            weight.assign(file.get_tensor(weight.path).astype(np.float32))
        return json.loads((file.metadata() or {}).get("moedex", "{}"))
