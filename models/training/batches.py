"""Batches for the backbone: class-balanced draws, augmented on the fly."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from models.training.recast import TURNS, recast

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from models.augment import Augmentation
    from models.training.recast import Colouring
    from models.types import Pixels


class BalancedBatches:
    """`steps` batches an epoch; pixels (n, side, side, 3) float32, -1 to 1; labels (n,) int32.

    A class of n pictures is drawn in proportion to n ** `power`: 1 is by picture, 0 gives every
    class the same share. With the chance `recast` a picture becomes another character by one of the
    `colourings`: class `label + way * classes`, `way` from 1. Batch `i` of
    epoch `e` depends on the seed, `i` and `e` alone, so
    that a resumed run sees what an unbroken one would have.
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
        recast: float = 0.0,
        colourings: Sequence[Colouring] = TURNS,
        seed: int = 0,
        epoch: int = 0,
    ) -> None:
        self.side = side
        self.epoch = epoch
        self._pictures = pictures
        self._labels = labels
        self._augmentation = augmentation
        # Without colours, a picture that was recast shows who it was before.
        self._in_colour = replace(augmentation, grey=0.0)
        self._batch = batch
        self._steps = steps
        self._recast = recast
        self._colourings = colourings
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
        drawn = [self._recast_or_not(i, rng) for i in chosen]
        changes = [
            self._augmentation if label < self._classes else self._in_colour for _, label in drawn
        ]
        pixels = np.stack(
            [
                change(picture, side, rng)
                for change, (picture, _) in zip(changes, drawn, strict=True)
            ]
        )
        labels = np.array([label for _, label in drawn], np.int32)
        return pixels.astype(np.float32) / 127.5 - 1, labels

    def _recast_or_not(self, index: int, rng: np.random.Generator) -> tuple[Pixels, int]:
        picture, label = self._pictures[index], int(self._labels[index])
        if rng.random() < self._recast:
            way = int(rng.integers(len(self._colourings)))
            other = recast(picture, self._colourings[way])
            if other is not None:
                return other, label + (way + 1) * self._classes
        return picture, label
