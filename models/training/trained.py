"""Class weights on disk, and the vectors of samples by a network in Keras; light, without Keras."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from models.gallery.gallery import unit
from models.training.augmentation import framed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import keras
    from numpy.typing import NDArray

    from models.training.dataset import Sample
    from models.types import Vectors

CLASS_WEIGHTS_FILE: Final = "trained_classes.npz"
"""The class weights of a run of one backbone."""

FUSED_CLASS_WEIGHTS_FILE: Final = "classes.npz"
"""The class weights of a fused embedding."""

USED_SIDE: Final = 144
"""The side at which faces are embedded in use, in pixels.

The backbone's last block is 3 by 3 from 139 to 170 pixels and 2 by 2 below: the least side that has
nine places, with a little air. Larger ones would take more than 15 ms a face on two cores.
"""


def trained_class_weights(folder: Path) -> dict[str, NDArray[np.float32]]:
    """The class weights that a run has learned, by label; unit length."""
    return _read_class_weights(folder / CLASS_WEIGHTS_FILE)


def class_weights(folder: Path) -> dict[str, NDArray[np.float32]]:
    """The class weights of a fused embedding, by label; unit length."""
    return _read_class_weights(folder / FUSED_CLASS_WEIGHTS_FILE)


def _read_class_weights(path: Path) -> dict[str, NDArray[np.float32]]:
    with np.load(path) as file:
        return dict(zip(file["labels"].tolist(), file["weights"], strict=True))


def save_class_weights(path: Path, weights: Mapping[str, NDArray[np.float32]]) -> None:
    """Write class weights by label, scaled to unit length."""
    np.savez(path, labels=np.array(list(weights)), weights=unit(np.stack([*weights.values()])))


def embed_samples(
    network: keras.Model, samples: Sequence[Sample], side: int, batch: int = 32
) -> Vectors:
    """The network's output for each sample, unchanged but framed; (n, outputs) float32."""
    parts: list[Vectors] = [np.empty((0, network.output_shape[-1]), np.float32)]
    for first in range(0, len(samples), batch):
        crops = np.zeros((batch, side, side, 3), np.float32)
        for row, sample in enumerate(samples[first : first + batch]):
            crops[row] = framed(sample.pixels, side)
        parts.append(np.asarray(network.predict_on_batch(crops / 127.5 - 1), np.float32))
    return np.concatenate(parts)[: len(samples)]
