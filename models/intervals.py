"""A share of something with its uncertainty; light, so that the bot can use it without a model."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Share:
    """`hits` of `total`, with the 95 % Wilson interval; shares are 0 to 1."""

    hits: int
    total: int

    @classmethod
    def of(cls, hits: NDArray[np.bool_]) -> Share:
        """The share of true values."""
        return cls(int(hits.sum()), len(hits))

    @property
    def value(self) -> float:
        """The share itself; 0 where there was nothing to count."""
        return self.hits / self.total if self.total else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's score interval at 95 %."""
        if self.total == 0:
            return 0.0, 1.0
        z = 1.959964
        share, n = self.value, self.total
        middle = share + z * z / (2 * n)
        reach = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
        scale = 1 + z * z / n
        return max((middle - reach) / scale, 0.0), min((middle + reach) / scale, 1.0)

    def as_dict(self) -> dict:
        """For JSON: hits, total, share and interval."""
        low, high = self.interval
        return {**asdict(self), "share": self.value, "interval": [low, high]}

    def __str__(self) -> str:
        low, high = self.interval
        return f"{100 * self.value:.1f} % ({100 * low:.1f} to {100 * high:.1f}; n = {self.total})"

    def __add__(self, other: Share) -> Share:
        return Share(self.hits + other.hits, self.total + other.total)
