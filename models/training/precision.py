"""Which arithmetic trains fastest here: bfloat16 where the processor has it, else single precision.

A processor without bfloat16 instructions emulates them and is ten times slower, one with them is
about 1.6 times faster; so it is tried, not guessed.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import keras
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

SINGLE: Final = "float32"
MIXED: Final = "mixed_bfloat16"


def fastest_policy() -> str:
    """The name of Keras's dtype policy, `float32` or `mixed_bfloat16`, that convolves faster."""
    return MIXED if _seconds(MIXED) < 0.9 * _seconds(SINGLE) else SINGLE


def _seconds(policy: str) -> float:
    pixels = np.ones((16, 35, 35, 64), np.float32)
    layer = keras.layers.Conv2D(96, 3, padding="same", dtype=policy)
    keras.ops.convert_to_numpy(layer(pixels))
    tries: list[float] = []
    for _ in range(5):
        begun = time.perf_counter()
        keras.ops.convert_to_numpy(layer(pixels))
        tries.append(time.perf_counter() - begun)
    return min(tries)


@contextmanager
def training_policy() -> Iterator[str]:
    """Make networks that are built inside train in the fastest arithmetic."""
    before = keras.config.dtype_policy()
    policy = fastest_policy()
    keras.config.set_dtype_policy(policy)
    try:
        yield policy
    finally:
        keras.config.set_dtype_policy(before)
