"""The network of the learned detector: MobileNetV2 with a light feature pyramid and one heat map.

Methods: Sandler et al., "MobileNetV2: Inverted Residuals and Linear Bottlenecks" (2018) for the
trunk (width 1.0 up to its fifteenth block, batch norms folded); Lin et al., "Feature Pyramid
Networks for Object Detection" (2017) for the way back up to a stride of 8 pixels; Zhou et al.,
"Objects as Points" (2019) for heads as peaks of a heat map. 1.1 million weights.

A cell (row, column) of the map stands for the pixel ((column + 0.5) * 8, (row + 0.5) * 8). Its four
channels: logit that a head's centre lies here; log(side / 32 px); the centre's distance from the
cell in x and in y, in sides of the head.
"""

# Keras's annotations name one backend's tensors and too narrow arguments.
# pyright: reportArgumentType=false, reportReturnType=false, reportOperatorIssue=false, reportGeneralTypeIssues=false, reportOptionalIterable=false

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from models.lean_keras import keras

if TYPE_CHECKING:
    from collections.abc import Mapping

ops = keras.ops

STRIDE: Final = 8
"""Pixels of the network's input a cell of its map."""

MULTIPLE: Final = 32
"""Heights and widths of the input are multiples of this."""

SIDE_UNIT: Final = 32.0
"""The head's side, in pixels of the input, whose logarithm is 0 in the map."""

PYRAMID_WIDTH: Final = 64
STAGES: Final = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1))
"""MobileNetV2's stages: expansion, channels, blocks, stride of the first block."""

LAST_STAGE: Final = (6, 160, 2, 2)
"""The stage at stride 32, cut after two of its three blocks."""


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


def build_headmap(height: int | None = None, width: int | None = None) -> keras.Model:
    """Build the network with random weights.

    Input: (n, height, width, 3) float32, RGB, -1 to 1, sides multiples of 32. Output:
    (n, height / 8, width / 8, 4) float32, see the module.
    """
    inputs = keras.Input((height, width, 3), name="pixels")
    x = _conv(inputs, 32, 3, "Conv1", stride=2)
    skips: dict[int, keras.KerasTensor] = {}
    stride, channels, index = 2, 32, 0
    for expansion, filters, count, first_stride in (*STAGES, LAST_STAGE):
        for block in range(count):
            step = first_stride if block == 0 else 1
            if step == 2:
                skips[stride] = x
                stride *= 2
            x = _bottleneck(x, channels, filters, expansion, step, index)
            channels, index = filters, index + 1
    top = _conv(x, PYRAMID_WIDTH, 1, "lateral_32")
    for level in (16, 8):
        top = Doubled()(top)
        lateral = _conv(skips[level], PYRAMID_WIDTH, 1, f"lateral_{level}")
        top = _depthwise(keras.layers.Add()([top, lateral]), f"smooth_{level}_depthwise")
        top = _conv(top, PYRAMID_WIDTH, 1, f"smooth_{level}")
    head = _conv(top, PYRAMID_WIDTH, 3, "head")
    start = keras.initializers.Constant([-4.0, 0.0, 0.0, 0.0])  # few cells hold a centre
    outputs = keras.layers.Conv2D(4, 1, bias_initializer=start, name="map", dtype="float32")(head)
    return keras.Model(inputs, outputs, name="headmap")


def _bottleneck(
    x: keras.KerasTensor, channels: int, filters: int, expansion: int, stride: int, index: int
) -> keras.KerasTensor:
    name = f"block_{index}" if index else "expanded_conv"
    y = _conv(x, channels * expansion, 1, f"{name}_expand") if index else x
    y = _depthwise(y, f"{name}_depthwise", stride)
    y = _conv(y, filters, 1, f"{name}_project", activation=None)
    return keras.layers.Add()([x, y]) if stride == 1 and channels == filters else y


def _conv(
    x: keras.KerasTensor,
    filters: int,
    kernel: int,
    name: str,
    stride: int = 1,
    activation: str | None = "relu6",
) -> keras.KerasTensor:
    x, padding = _padded(x, stride)
    layer = keras.layers.Conv2D(
        filters, kernel, strides=stride, padding=padding, activation=activation, name=name
    )
    return layer(x)


def _depthwise(x: keras.KerasTensor, name: str, stride: int = 1) -> keras.KerasTensor:
    x, padding = _padded(x, stride)
    layer = keras.layers.DepthwiseConv2D(
        3, strides=stride, padding=padding, activation="relu6", name=name
    )
    return layer(x)


def _padded(x: keras.KerasTensor, stride: int) -> tuple[keras.KerasTensor, str]:
    """Pad below and to the right before a stride, as MobileNetV2's weights expect."""
    if stride == 1:
        return x, "same"
    return keras.layers.ZeroPadding2D(((0, 1), (0, 1)))(x), "valid"


def normalised(pixels: np.ndarray) -> np.ndarray:
    """Scale uint8 pixels to float32, -1 to 1, as the network takes them."""
    return pixels.astype(np.float32) / np.float32(127.5) - np.float32(1)


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

    Raises ValueError: the file can't be read, or is of another network.
    """
    try:
        with safe_open(path, "numpy") as file:
            if {weight.path for weight in network.weights} != set(file.keys()):
                raise ValueError("it is of another network")
            for weight in network.weights:
                weight.assign(file.get_tensor(weight.path).astype(np.float32))
            return json.loads((file.metadata() or {}).get("moedex", "{}"))
    except (OSError, SafetensorError, ValueError) as error:
        raise ValueError(f"the detector's weights {path} can't be read: {error}") from error
