"""The learned detector's network in Keras: MobileNetV2 with a light feature pyramid, one heat map.

Methods: Sandler et al., "MobileNetV2: Inverted Residuals and Linear Bottlenecks" (2018) for the
backbone (width 1.0 up to its fifteenth block, batch norms folded); Lin et al., "Feature Pyramid
Networks for Object Detection" (2017) for the way back up to a stride of 8 pixels; Zhou et al.,
"Objects as Points" (2019) for heads as peaks of a heat map. 1.1 million weights.
`models.detection.heat_map` says what the map holds.
"""

# Keras's annotations name one backend's tensors and too narrow arguments.
# pyright: reportArgumentType=false, reportReturnType=false, reportAttributeAccessIssue=false, reportOptionalSubscript=false

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import tensorflow as tf

from models.training.quiet_keras import keras, ops

if TYPE_CHECKING:
    Tensor = keras.KerasTensor

PYRAMID_WIDTH: Final = 64
STAGES: Final = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1))
"""MobileNetV2's stages: expansion, channels, blocks, stride of the first block."""

LAST_STAGE: Final = (6, 160, 2, 2)
"""The stage at stride 32, cut after two of its three blocks."""


def build_heat_map_network(height: int | None = None, width: int | None = None) -> keras.Model:
    """Build the network with random weights.

    (n, height, width, 3) RGB, -1 to 1, sides multiples of 32 -> (n, height / 8, width / 8, 4). None
    leaves a length open.
    """
    pixels = keras.Input((height, width, 3), name="pixels")
    x = _conv(pixels, 32, 3, "Conv1", stride=2)
    skips: dict[int, Tensor] = {}
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
        lateral = _conv(skips[level], PYRAMID_WIDTH, 1, f"lateral_{level}")
        doubled = Doubled(name=f"doubled_{level}")(top)
        top = keras.layers.Add(name=f"add_{level}")([doubled, lateral])
        top = _depthwise(top, f"smooth_{level}_depthwise")
        top = _conv(top, PYRAMID_WIDTH, 1, f"smooth_{level}")
    head = _conv(top, PYRAMID_WIDTH, 3, "head")
    network = keras.Model(pixels, _conv(head, 4, 1, "map", activation=None), name="heat_map")
    last = network.get_layer("map")
    few_cells_hold_a_centre = np.array([-4, 0, 0, 0], np.float32)
    last.set_weights([last.get_weights()[0], few_cells_hold_a_centre])
    return network


@keras.saving.register_keras_serializable("moedex")
class Doubled(keras.layers.Layer):
    """Doubles height and width bilinearly, (n, h, w, c) -> (n, 2h, 2w, c), edges repeated.

    `UpSampling2D` computes the same, but is exported as an operator that takes one size of picture
    alone. Four depthwise convolutions give the four corners of each cell.
    """

    def call(self, inputs: Tensor) -> Tensor:
        """Repeat the edges, weigh each cell's neighbours, and put the corners in their places."""
        rows = ops.concatenate([inputs[:, :1], inputs, inputs[:, -1:]], 1)
        padded = ops.concatenate([rows[:, :, :1], rows, rows[:, :, -1:]], 2)
        before, behind = (0.25, 0.75, 0.0), (0.0, 0.75, 0.25)
        corners = [
            ops.depthwise_conv(padded, _window(vertical, horizontal, inputs))
            for vertical in (before, behind)
            for horizontal in (before, behind)
        ]
        return tf.nn.depth_to_space(ops.concatenate(corners, -1), 2)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """(n, 2h, 2w, c)."""
        count, rows, columns, channels = input_shape
        return count, rows and 2 * rows, columns and 2 * columns, channels


def _window(vertical: tuple[float, ...], horizontal: tuple[float, ...], inputs: Tensor) -> Tensor:
    """The kernel of a depthwise convolution that is the same for each channel of `inputs`."""
    window = np.outer(vertical, horizontal)[..., None, None]
    return ops.cast(np.tile(window, (1, 1, inputs.shape[-1], 1)), inputs.dtype)


def _bottleneck(
    x: Tensor, channels: int, filters: int, expansion: int, stride: int, index: int
) -> Tensor:
    name = f"block_{index}" if index else "expanded_conv"
    y = _conv(x, channels * expansion, 1, f"{name}_expand") if index else x
    y = _depthwise(y, f"{name}_depthwise", stride)
    y = _conv(y, filters, 1, f"{name}_project", activation=None)
    if stride != 1 or channels != filters:
        return y
    return keras.layers.Add(name=f"{name}_add")([x, y])


def _conv(
    x: Tensor,
    filters: int,
    kernel: int,
    name: str,
    stride: int = 1,
    activation: str | None = "relu6",
) -> Tensor:
    x, padding = _padded(x, stride, f"{name}_pad")
    layer = keras.layers.Conv2D(filters, kernel, stride, padding, activation=activation, name=name)
    return layer(x)


def _depthwise(x: Tensor, name: str, stride: int = 1) -> Tensor:
    x, padding = _padded(x, stride, f"{name}_pad")
    return keras.layers.DepthwiseConv2D(3, stride, padding, activation="relu6", name=name)(x)


def _padded(x: Tensor, stride: int, name: str) -> tuple[Tensor, str]:
    """Pad below and to the right before a stride, as MobileNetV2's weights expect."""
    if stride == 1:
        return x, "same"
    return keras.layers.ZeroPadding2D(((0, 1), (0, 1)), name=name)(x), "valid"
