"""Shares and differences with their uncertainty; light, so that the bot needs no model for them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

RESAMPLES: Final = 2000


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
        # SciPy's statistics take half a second to import: only whoever shows an interval pays.
        from scipy.stats import binomtest

        found = binomtest(self.hits, self.total).proportion_ci(0.95, method="wilson")
        return float(found.low), float(found.high)

    def as_dict(self) -> dict:
        """For JSON: hits, total, share and interval."""
        low, high = self.interval
        return {**asdict(self), "share": self.value, "interval": [low, high]}

    def __str__(self) -> str:
        low, high = self.interval
        return f"{100 * self.value:.1f} % ({100 * low:.1f} to {100 * high:.1f}; n = {self.total})"

    def __add__(self, other: Share) -> Share:
        return Share(self.hits + other.hits, self.total + other.total)


def paired_interval(
    new: NDArray[np.float64], old: NDArray[np.float64], seed: int = 0
) -> tuple[float, float]:
    """Return the 95 % bootstrap interval of the mean difference of paired results, (n,) each."""
    difference = new - old
    if len(difference) < 2:  # nothing to draw from
        only = float(difference[0]) if len(difference) else 0.0
        return only, only
    from scipy.stats import bootstrap

    found = bootstrap(
        (difference,), lambda sample, axis: sample.mean(axis=axis), n_resamples=RESAMPLES,
        method="percentile", vectorized=True, rng=seed,
    ).confidence_interval  # fmt: skip
    return float(found.low), float(found.high)
