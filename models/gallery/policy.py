"""What a name must be to be said: the three tiers of an answer, and where their limits are.

The only place that turns a probability into a tier. Texts, JSON, statistics and sorting read the
tier that a face got here, and the number that it got it by.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from models.types import Tier

NAMED: Final = 0.9
PROBABLY: Final = 0.5
UNKNOWN_SHARE: Final = 0.5
_LEAST: Final = 1e-12


@dataclass(frozen=True, slots=True)
class NamingPolicy:
    """From which probability on a name is said, and how many unknown identities are expected.

    All are 0 to 1. `named` and `probably` are the least probabilities of these two tiers.
    `unknown_share` is the share of faces that show nobody of the gallery; probabilities count it
    in.
    """

    named: float = NAMED
    probably: float = PROBABLY
    unknown_share: float = UNKNOWN_SHARE

    def stated(self, probability: float, fpir_limit: float) -> float:
        """Return the number that is stated for a best guess, so that it means one tier, 0 to 1.

        `fpir_limit` is the least probability that keeps the FPIR of the gallery at what it
        promises. Where it asks for more than `named`, what is likelier than `probably` is stated
        lower: whatever reaches the limit reaches `named`, and nothing else does. Who set `named`
        below its default asked for more names, and gets them.
        """
        start = self.probably if self.probably < self.named else min(PROBABLY, self.named / 2)
        if self.named < NAMED or fpir_limit <= self.named or probability <= start:
            return probability
        low, named, limit = (_log_odds(value) for value in (start, self.named, fpir_limit))
        odds = _log_odds(probability)
        if probability >= fpir_limit:
            return max(self.named, _probability(odds - limit + named))
        lowered = _probability(low + (odds - low) * (named - low) / (limit - low))
        return min(lowered, math.nextafter(self.named, 0.0))

    def tier(self, probability: float) -> Tier:
        """Return the tier of a best guess by the number that is stated for it, 0 to 1."""
        if probability >= self.named:
            return Tier.NAMED
        return Tier.PROBABLY if probability >= self.probably else Tier.NOT_KNOWN


def _log_odds(probability: float) -> float:
    inside = min(max(probability, _LEAST), 1 - _LEAST)
    return math.log(inside / (1 - inside))


def _probability(odds: float) -> float:
    return 1 / (1 + math.exp(-odds))
