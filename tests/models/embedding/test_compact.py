"""Weights in a byte each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from safetensors import safe_open
from safetensors.numpy import save_file

from models.embedding.compact import packed, unpacked

if TYPE_CHECKING:
    from pathlib import Path


def test_tensors_come_back_within_half_a_step(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    kernel = rng.normal(size=(3, 3, 8, 40)).astype(np.float32) * np.geomspace(1e-4, 10, 40)
    tensors = {
        "kernel": kernel.astype(np.float32),
        "bias": rng.normal(size=40).astype(np.float32),
        "nothing": np.zeros((4, 5), np.float32),
    }
    path = tmp_path / "weights.safetensors"
    save_file(packed(tensors), path)
    with safe_open(path, "numpy") as file:
        back = {name: unpacked(file, name) for name in tensors}
    step = np.abs(kernel).max(axis=(0, 1, 2)) / 127
    assert (np.abs(back["kernel"] - kernel) <= 0.51 * step).all()
    np.testing.assert_allclose(back["bias"], tensors["bias"], rtol=1e-3)
    assert not back["nothing"].any()
    assert packed(tensors)["kernel"].dtype == np.int8
