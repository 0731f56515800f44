"""What the process has counted since its start, read from the figures that Prometheus gets."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bot import metrics

if TYPE_CHECKING:
    from collections.abc import Sequence

    from prometheus_client import Counter, Gauge, Histogram

STAGES: Final = ("wait", "decode", "detect", "crop", "cluster", "gather", "embed", "name", "ask")
"""In the order of a picture's way; what a worker has beside them comes after."""


@dataclass(frozen=True, slots=True)
class Timing:
    """How long a stage took: `count` of them, and seconds."""

    name: str
    count: int
    mean: float
    median: float
    p95: float


def counts(metric: Counter | Gauge, label: str) -> dict[str, float]:
    """Return the values of a figure by one of its labels, summed over the others."""
    (family,) = metric.collect()
    found: defaultdict[str, float] = defaultdict(float)
    for each in family.samples:
        if not each.name.endswith("_created"):
            found[each.labels[label]] += each.value
    return dict(found)


def stages() -> list[Timing]:
    """Return how long each stage took, in the order of a picture's way, and the whole of it."""
    found = _timings(metrics.STAGE_SECONDS, "stage")
    places = {name: place for place, name in enumerate(STAGES)}
    found.sort(key=lambda each: places.get(each.name, len(places)))
    return found + _timings(metrics.PICTURE_SECONDS, "")


def requests() -> list[Timing]:
    """Return how long a request in chat took, where there was one."""
    return _timings(metrics.REQUEST_SECONDS, "")


def quantile(ends: Sequence[tuple[float, float]], share: float) -> float:
    """Return a quantile of a histogram as Prometheus's `histogram_quantile` does.

    `ends` are the bins' upper ends, rising, each with how many were at most that; the last has no
    end. What lies in it counts as the end before.
    """
    wanted = share * ends[-1][1]
    low, below = 0.0, 0.0
    for end, upto in ends:
        if upto >= wanted and upto > below:
            if end == float("inf"):
                return low
            return low + (end - low) * (wanted - below) / (upto - below)
        low, below = end, upto
    return low


def _timings(histogram: Histogram, label: str) -> list[Timing]:
    (family,) = histogram.collect()
    ends: dict[str, list[tuple[float, float]]] = {}
    sums: dict[str, float] = {}
    for each in family.samples:
        name = each.labels.get(label, "")
        if each.name.endswith("_bucket"):
            ends.setdefault(name, []).append((float(each.labels["le"]), each.value))
        elif each.name.endswith("_sum"):
            sums[name] = each.value
    return [
        Timing(name, int(n), sums[name] / n, quantile(bins, 0.5), quantile(bins, 0.95))
        for name, bins in ends.items()
        if (n := bins[-1][1])
    ]
