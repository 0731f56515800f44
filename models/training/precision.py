"""Which arithmetic trains fastest here: bfloat16 where the processor has it, else single precision.

A processor without bfloat16 instructions emulates them and is far slower, one with them is faster;
so it is tried, not guessed.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np

from models.training.quiet_keras import keras

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SINGLE: Final = "float32"
MIXED: Final = "mixed_bfloat16"

TRIES: Final = 12


@cache
def has_fast_bfloat16() -> bool:
    """Tell whether convolutions in bfloat16 are clearly faster here than in single precision."""
    seconds = _seconds((MIXED, SINGLE))
    return seconds[MIXED] < 0.9 * seconds[SINGLE]


def _seconds(policies: Sequence[str]) -> dict[str, float]:
    """The least time of a convolution by each policy, in turns: others may use the processor."""
    pixels = np.ones((16, 35, 35, 64), np.float32)
    layers = {p: keras.layers.Conv2D(96, 3, padding="same", dtype=p) for p in policies}
    tries: dict[str, list[float]] = {policy: [] for policy in policies}
    for _ in range(TRIES):
        for policy, layer in layers.items():
            begun = time.perf_counter()
            keras.ops.convert_to_numpy(layer(pixels))
            tries[policy].append(time.perf_counter() - begun)
    return {policy: min(times) for policy, times in tries.items()}


@contextmanager
def training_policy() -> Iterator[None]:
    """Make networks that are built inside train in the fastest arithmetic."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(MIXED if has_fast_bfloat16() else SINGLE)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
