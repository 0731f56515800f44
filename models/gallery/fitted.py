"""What is fitted to a gallery: the calibration of probabilities, and the threshold for a name."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from models.gallery.former_names import threshold_fields


@dataclass(frozen=True, slots=True)
class Calibration:
    """Turns scores into probabilities.

    `weights`: of the confidence features (see `confidence_features`); their sum orders faces by how
    sure the name is. `slope` and `offset` make that a probability. `temperature` spreads what is
    left over the other guesses.
    """

    weights: tuple[float, float, float] = (0.5, 0.45, 0.05)
    slope: float = 20.0
    offset: float = -8.0
    temperature: float = 0.06


@dataclass(frozen=True, slots=True)
class Threshold:
    """What the best probability must reach to be shown as a name, else the face is "unknown".

    `least`, 0 to 1, is fitted in a gallery of `characters`. In a larger one an impostor has more to
    be taken for, so the FPIR would grow: the log odds that are asked for rise by `per_doubling`
    with every doubling of the characters. They don't fall in a smaller one.
    """

    least: float
    characters: int
    per_doubling: float

    @classmethod
    def read(cls, written: dict[str, Any] | float) -> Threshold:
        """Make it from its `asdict`, or from what former versions wrote.

        Raises TypeError and ValueError where it is neither.
        """
        return cls(**threshold_fields(written))

    def among(self, characters: int) -> float:
        """The least probability, 0 to 1, in a gallery of so many characters."""
        doublings = math.log2(max(characters / self.characters, 1))
        if not self.per_doubling * doublings or not 0 < self.least < 1:
            return self.least
        odds = math.log(self.least / (1 - self.least)) + self.per_doubling * doublings
        return 1 / (1 + math.exp(-odds))
