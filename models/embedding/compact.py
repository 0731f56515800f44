"""Weights in a byte each: how networks are kept in safetensors files.

A tensor of more than one axis becomes int8, scaled by the largest value at each place of its
longest axis: a convolution's values differ most from channel to channel, a projection's from one
feature that it sees to the next. Biases stay float16.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray
    from safetensors import safe_open

SCALE: Final = "/scale"
"""What a tensor's scale is called after its name."""

LARGEST: Final = 127


def in_bytes(tensor: NDArray[np.float32], axis: int) -> tuple[NDArray[np.int8], NDArray]:
    """Return a tensor as bytes, and float32 what they are to be multiplied with.

    That is one number for each place of `axis`, of the shape of `tensor` but 1 on the other axes.
    """
    others = tuple(other for other in range(tensor.ndim) if other != axis)
    scale = np.abs(tensor).max(axis=others, keepdims=True).astype(np.float32) / LARGEST
    scale = np.maximum(scale, np.float32(1e-12))
    return np.round(tensor / scale).astype(np.int8), scale


def packed(tensors: Mapping[str, NDArray[np.float32]]) -> dict[str, NDArray]:
    """Return what is written for float32 `tensors`, by name."""
    result: dict[str, NDArray] = {}
    for name, tensor in tensors.items():
        if tensor.ndim < 2:
            result[name] = tensor.astype(np.float16)
        else:
            result[name], result[name + SCALE] = in_bytes(tensor, int(np.argmax(tensor.shape)))
    return result


def unpacked(file: safe_open, name: str) -> NDArray[np.float32]:
    """Read a tensor of an open file of packed ones.

    Raises SafetensorError where there is none.
    """
    tensor = file.get_tensor(name).astype(np.float32)
    return tensor if tensor.ndim < 2 else tensor * file.get_tensor(name + SCALE)
