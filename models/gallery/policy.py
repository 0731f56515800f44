"""What a name must be to be said: the three tiers of an answer, and where their limits are.

The only place that turns a probability into a tier. Texts, JSON, statistics and sorting read the
tier that a face got here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from models.types import Tier

NAMED: Final = 0.9
PROBABLY: Final = 0.5
UNKNOWN_SHARE: Final = 0.5


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

    def tier(self, probability: float, fpir_limit: float = 0.0) -> Tier:
        """Return the tier of a best guess that is right with a probability of 0 to 1.

        `fpir_limit` is the least probability that keeps the FPIR of the gallery at what it
        promises. It may ask for more than `named`; who set `named` below its default asked for more
        names, and gets them.
        """
        least = max(self.named, fpir_limit) if self.named >= NAMED else self.named
        if probability >= least:
            return Tier.NAMED
        return Tier.PROBABLY if probability >= self.probably else Tier.NOT_KNOWN
