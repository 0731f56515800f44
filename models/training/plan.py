"""The recipe of a backbone's run, and the learning rate along it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Final

from models.training.augmentation import Augmentation
from models.training.structure import SHARED, Structure


@dataclass(frozen=True, slots=True)
class BackbonePlan:
    """The recipe of one run.

    `sides`: (side in pixels, share of the run) in order. `minutes`: where given, the schedule
    follows the clock and the run ends on time; else it makes `passes` over the data. `frozen`: the
    last block whose layers, and all before, keep their start. `power`, `hue_shifted`,
    `hues`: see `BalancedBatches`.
    """

    cut: str = "mixed8"
    axes: int = 256
    sides: tuple[tuple[int, float], ...] = ((112, 0.55), (144, 0.45))
    passes: float = 80
    minutes: float | None = None
    frozen: str = SHARED
    batch: int = 48
    steps_an_epoch: int = 80
    rate: float = 1e-3
    last_rate: float = 1e-5
    decay: float = 0.05
    warm_up: float = 0.04
    average: float = 0.997
    margin: float = 0.25
    scale: float = 32.0
    smoothing: float = 0.1
    power: float = 0.6
    hue_shifted: float = 0.45
    hues: int = 4
    seed: int = 0
    augmentation: Augmentation = field(default_factory=Augmentation)

    @property
    def structure(self) -> Structure:
        """Of the network that is trained."""
        return Structure((self.cut,), self.axes)


LEAST_WARM_UP: Final = 120
"""Steps that the rate rises at least: by the clock, a slow machine would have hardly any, and what
the start knows would be lost in the first of them."""


def rate_at(plan: BackbonePlan, progress: float, step: int) -> float:
    """The learning rate after `progress` (0 to 1) and `step`: linear warm-up, then cosine."""
    warmed = max(min(progress / plan.warm_up, step / LEAST_WARM_UP, 1.0), 0.02)
    turn = max(progress - plan.warm_up, 0.0) / (1 - plan.warm_up)
    cosine = 0.5 * (1 + math.cos(math.pi * turn))
    return warmed * (plan.last_rate + (plan.rate - plan.last_rate) * cosine)
