"""Batches for the backbone: class-balanced draws, augmented on the fly."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from models.training.augmentation import hue_shifts, shifted_hues

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from models.training.augmentation import Augmentation
    from models.types import Pixels


class BalancedBatches:
    """`steps` batches an epoch; pixels (n, side, side, 3) float32, -1 to 1; labels (n,) int32.

    A class of n pictures is drawn in proportion to n ** `power`: 1 is by picture, 0 gives every
    class the same share. With the chance `hue_shifted` a picture's hues are shifted in one of
    `hues` ways, which makes it a synthetic identity: class `label + way * classes`, `way` from 1.
    Batch `i` of epoch `e` depends on the seed, `i` and `e` alone, so that a resumed run draws what
    an unbroken one would have.
    """

    def __init__(
        self,
        pictures: Sequence[Pixels],
        labels: NDArray[np.int32],
        augmentation: Augmentation,
        *,
        side: int,
        batch: int,
        steps: int,
        power: float = 0.5,
        hue_shifted: float = 0.0,
        hues: int = 1,
        seed: int = 0,
        epoch: int = 0,
    ) -> None:
        self.side = side
        self.epoch = epoch
        self._pictures = pictures
        self._labels = labels
        self._augmentation = augmentation
        self._batch = batch
        self._steps = steps
        self._hue_shifted = hue_shifted
        self._shifts = hue_shifts(hues)
        self._seed = seed
        counts = np.bincount(labels)
        self._classes = len(counts)
        weights = counts[labels] ** (power - 1.0)
        self._cumulative = np.cumsum(weights / weights.sum())

    def __len__(self) -> int:
        return self._steps

    def __getitem__(self, index: int) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
        rng = np.random.default_rng((self._seed, self.epoch, index))
        points = (np.arange(self._batch) + rng.random(self._batch)) / self._batch
        chosen = np.minimum(np.searchsorted(self._cumulative, points), len(self._labels) - 1)
        side = self.side
        drawn = [self._draw(i, rng) for i in chosen]
        pixels = np.stack([self._augmentation(picture, side, rng) for picture, _ in drawn])
        labels = np.array([label for _, label in drawn], np.int32)
        return pixels.astype(np.float32) / 127.5 - 1, labels

    def _draw(self, index: int, rng: np.random.Generator) -> tuple[Pixels, int]:
        picture, label = self._pictures[index], int(self._labels[index])
        if rng.random() < self._hue_shifted:
            way = int(rng.integers(len(self._shifts)))
            other = shifted_hues(picture, self._shifts[way])
            if other is not None:
                return other, label + (way + 1) * self._classes
        return picture, label
