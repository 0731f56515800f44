"""What is fitted to a gallery: the calibration of probabilities, and the threshold for a name."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

from models.gallery.former_names import calibration_fields, threshold_fields


@dataclass(frozen=True, slots=True)
class Calibration:
    """Turns confidence features into the probability that the best guess is right.

    `weights`: of the columns of `confidence_features`; their sum with the `offset` is the log odds
    where as many faces show unknown identities as show somebody of the gallery. `mistaken` is the
    share of the faces whose best guess is wrong that do show somebody of the gallery, 0 to 1; it
    says what other shares of unknown identities change. `temperature` spreads what is left over the
    other guesses.
    """

    weights: tuple[float, ...] = (11.0, 9.0)
    offset: float = -8.0
    mistaken: float = 0.5
    temperature: float = 0.06

    @classmethod
    def read(cls, written: dict[str, Any]) -> Calibration:
        """Make it from its `asdict`, or from what former versions wrote.

        Raises KeyError, TypeError and ValueError where it is neither.
        """
        fields = calibration_fields(written)
        return cls(**{**fields, "weights": tuple(float(w) for w in fields["weights"])})

    def rescaled(self, slope: float, offset: float) -> Calibration:
        """Return the calibration whose log odds are `slope` times these, and `offset` more."""
        weights = tuple(slope * weight for weight in self.weights)
        return replace(self, weights=weights, offset=slope * self.offset + offset)

    def shift(self, unknown_share: float) -> float:
        """Return what is added to the log odds where so many faces show unknown identities.

        `unknown_share` is 0 to 1, without its ends.
        """
        known = 1 - unknown_share
        wrong = known * self.mistaken + unknown_share * (1 - self.mistaken)
        return math.log(known / wrong)


@dataclass(frozen=True, slots=True)
class Threshold:
    """The log odds below which no name is said, so that the FPIR stays what it promises.

    In a larger gallery an impostor has more to be taken for, so more is asked for. `terms` are
    those of a parabola of log2(characters): constant, linear, square. It was fitted in galleries of
    `least` to `most` characters; beyond, it goes on with its slope at the end.
    """

    terms: tuple[float, float, float]
    least: int
    most: int

    @classmethod
    def read(cls, written: dict[str, Any] | float) -> Threshold:
        """Make it from its `asdict`, or from what former versions wrote.

        Raises KeyError, TypeError and ValueError where it is neither.
        """
        fields = threshold_fields(written)
        if "terms" not in fields:
            return cls.rising(**fields)
        constant, linear, square = map(float, fields["terms"])
        return cls((constant, linear, square), int(fields["least"]), int(fields["most"]))

    @classmethod
    def rising(cls, least: float, characters: int, per_doubling: float = 0.0) -> Threshold:
        """Make one from a probability, 0 to 1, in a gallery of so many characters.

        The log odds rise by `per_doubling` with every doubling of the gallery.
        """
        inside = min(max(least, 1e-9), 1 - 1e-9)
        odds = math.log(inside / (1 - inside)) - per_doubling * math.log2(max(characters, 1))
        return cls((odds, per_doubling, 0.0), characters, characters)

    def among(self, characters: int) -> float:
        """The log odds that are asked for in a gallery of so many characters."""
        logs = math.log2(max(characters, 1))
        low, high = math.log2(max(self.least, 1)), math.log2(max(self.most, 1))
        nearest = min(max(logs, low), high)
        constant, linear, square = self.terms
        value = constant + linear * nearest + square * nearest * nearest
        return value + (linear + 2 * square * nearest) * (logs - nearest)

    def moved(self, odds: float) -> Threshold:
        """Return the threshold that asks for so much more in galleries of every size."""
        constant, linear, square = self.terms
        return replace(self, terms=(constant + odds, linear, square))
