"""Batches for the backbone: class-balanced draws, augmented on the fly."""

from __future__ import annotations

from typing import TYPE_CHECKING

import keras
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from models.augment import Augmentation
    from models.types import Pixels


class BalancedBatches(keras.utils.PyDataset):
    """`steps` batches an epoch; pixels (n, side, side, 3) float32, -1 to 1; labels (n,) int32.

    A class of n pictures is drawn in proportion to n ** `power`: 1 is by picture, 0 gives every
    class the same share. `side` may be changed between batches. Batch `i` of epoch `e` depends on
    the seed, `i` and `e` alone, so that a resumed run sees what an unbroken one would have.
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
        seed: int = 0,
        epoch: int = 0,
    ) -> None:
        super().__init__(workers=1, max_queue_size=8)
        self.side = side
        self.epoch = epoch
        self._pictures = pictures
        self._labels = labels
        self._augmentation = augmentation
        self._batch = batch
        self._steps = steps
        self._seed = seed
        counts = np.bincount(labels)
        weights = counts[labels] ** (power - 1.0)
        self._cumulative = np.cumsum(weights / weights.sum())

    def __len__(self) -> int:
        return self._steps

    def __getitem__(self, index: int) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
        rng = np.random.default_rng((self._seed, self.epoch, index))
        points = (np.arange(self._batch) + rng.random(self._batch)) / self._batch
        chosen = np.minimum(np.searchsorted(self._cumulative, points), len(self._labels) - 1)
        side = self.side
        pixels = np.stack([self._augmentation(self._pictures[i], side, rng) for i in chosen])
        return pixels.astype(np.float32) / 127.5 - 1, self._labels[chosen]

    def on_epoch_end(self) -> None:
        """Go on to the next epoch's draws."""
        self.epoch += 1
