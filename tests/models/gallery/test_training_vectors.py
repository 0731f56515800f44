"""The shipped vectors that heads are fitted beside."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from models.gallery.training_vectors import VectorSet

if TYPE_CHECKING:
    from pathlib import Path


def test_shipped_vectors_are_bound_to_their_backbone(data: VectorSet, tmp_path: Path) -> None:
    file = tmp_path / "vectors.safetensors"
    assert VectorSet.load(file, "b1") is None
    data.save(file, "b1")
    back = VectorSet.load(file, "b1")
    assert back is not None
    assert (back.labels, back.groups) == (data.labels, data.groups)
    assert np.abs(back.vectors - data.vectors).max() < 1e-3
    assert VectorSet.load(file, "another") is None
