"""The network of the learned detector: MobileNetV2 with a light feature pyramid and one heat map.

Methods: Sandler et al., "MobileNetV2: Inverted Residuals and Linear Bottlenecks" (2018) for the
trunk (width 1.0 up to its fifteenth block, batch norms folded); Lin et al., "Feature Pyramid
Networks for Object Detection" (2017) for the way back up to a stride of 8 pixels; Zhou et al.,
"Objects as Points" (2019) for heads as peaks of a heat map. 1.1 million weights.

A cell (row, column) of the map stands for the pixel ((column + 0.5) * 8, (row + 0.5) * 8). Its four
channels: logit that a head's centre lies here; log(side / 32 px); the centre's distance from the
cell in x and in y, in sides of the head.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from models.embedding.layers import Activation, Layers, Padding, T

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


def lay_headmap(layers: Layers[T], pixels: T) -> T:
    """Lay the network; see the module for the map that it returns, (n, height / 8, width / 8, 4).

    `pixels`: (n, height, width, 3) float32, RGB, -1 to 1, sides multiples of 32.
    """
    x = _conv(layers, pixels, 32, 3, "Conv1", stride=2)
    skips: dict[int, T] = {}
    stride, channels, index = 2, 32, 0
    for expansion, filters, count, first_stride in (*STAGES, LAST_STAGE):
        for block in range(count):
            step = first_stride if block == 0 else 1
            if step == 2:
                skips[stride] = x
                stride *= 2
            x = _bottleneck(layers, x, channels, filters, expansion, step, index)
            channels, index = filters, index + 1
    top = _conv(layers, x, PYRAMID_WIDTH, 1, "lateral_32")
    for level in (16, 8):
        top = layers.double(top)
        lateral = _conv(layers, skips[level], PYRAMID_WIDTH, 1, f"lateral_{level}")
        top = _depthwise(layers, layers.add(top, lateral), f"smooth_{level}_depthwise")
        top = _conv(layers, top, PYRAMID_WIDTH, 1, f"smooth_{level}")
    head = _conv(layers, top, PYRAMID_WIDTH, 3, "head")
    return _conv(layers, head, 4, 1, "map", activation=None)


def _bottleneck(
    layers: Layers[T],
    x: T,
    channels: int,
    filters: int,
    expansion: int,
    stride: int,
    index: int,
) -> T:
    name = f"block_{index}" if index else "expanded_conv"
    y = _conv(layers, x, channels * expansion, 1, f"{name}_expand") if index else x
    y = _depthwise(layers, y, f"{name}_depthwise", stride)
    y = _conv(layers, y, filters, 1, f"{name}_project", activation=None)
    return layers.add(x, y) if stride == 1 and channels == filters else y


def _conv(
    layers: Layers[T],
    x: T,
    filters: int,
    kernel: int,
    name: str,
    stride: int = 1,
    activation: Activation | None = "relu6",
) -> T:
    x, padding = _padded(layers, x, stride)
    return layers.conv(
        x, filters, kernel, name, stride=stride, padding=padding, activation=activation
    )


def _depthwise(layers: Layers[T], x: T, name: str, stride: int = 1) -> T:
    x, padding = _padded(layers, x, stride)
    return layers.depthwise(x, name, stride=stride, padding=padding)


def _padded(layers: Layers[T], x: T, stride: int) -> tuple[T, Padding]:
    """Pad below and to the right before a stride, as MobileNetV2's weights expect."""
    return (x, "same") if stride == 1 else (layers.pad_end(x), "valid")


def normalised(pixels: np.ndarray) -> np.ndarray:
    """Scale uint8 pixels to float32, -1 to 1, as the network takes them."""
    return pixels.astype(np.float32) / np.float32(127.5) - np.float32(1)
