"""A projection that is learned anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from models.training.breadth.faces import Face, FaceSet
from models.training.breadth.relearn import BATCH, features_of, relearned

if TYPE_CHECKING:
    from pathlib import Path


def test_features_go_on_where_they_broke_off(tmp_path: Path) -> None:
    count, side = BATCH + 5, 8
    pixels = np.random.default_rng(0).integers(0, 256, (count, side, side, 3), np.uint8)
    places = np.array([(i * side * side * 3, side, side) for i in range(count)])
    faces = FaceSet([Face(str(i), "a", "b", 0) for i in range(count)], places, pixels.reshape(-1))
    asked: list[int] = []

    def outputs(crops: np.ndarray) -> np.ndarray:
        asked.append(len(crops))
        return crops.mean((1, 2))

    kept = tmp_path / "features.npy"
    found = features_of(outputs, faces, range(count), side, kept)
    assert found.shape == (count, 3)
    assert np.allclose(found[-1], pixels[-1].mean((0, 1)) / 127.5 - 1, atol=1e-2)
    np.save(kept, found[:BATCH].astype(np.float16))
    asked.clear()
    again = features_of(outputs, faces, range(count), side, kept)
    assert asked == [BATCH]
    assert np.allclose(again, found, atol=1e-2)


def test_what_characters_differ_in_is_kept_and_the_rest_is_not() -> None:
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(60), 2)
    features = np.concatenate(
        [2 * rng.standard_normal((60, 4))[labels], rng.standard_normal((120, 4))], axis=1
    ).astype(np.float32)
    kernel, bias = relearned(features, labels, 4)
    assert kernel.shape == (8, 4)
    assert np.abs(kernel[:4]).sum() > 2 * np.abs(kernel[4:]).sum()
    assert np.allclose((features @ kernel + bias).mean(0), 0, atol=1e-4)
