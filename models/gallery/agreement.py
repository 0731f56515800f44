"""How far labellers agree beyond chance: Cohen's kappa of two, Fleiss' kappa of all.

Cohen's is scikit-learn's. Fleiss' is written out: its libraries are under the GPL, bring pandas, or
want as many ratings of each face, which faces in a chat never have.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def cohen_kappa(first: Sequence[str], second: Sequence[str]) -> float | None:
    """Return Cohen's kappa of two raters' labels of the same items, -1 to 1 (Cohen, 1960).

    None where nothing was rated, or both always said the same one thing, which may be chance.
    """
    if not first or len({*first, *second}) < 2:
        return None
    # scikit-learn is heavy, and few look at the agreement.
    from sklearn.metrics import cohen_kappa_score

    return float(cohen_kappa_score(first, second))


def fleiss_kappa(items: Sequence[Mapping[str, int]]) -> float | None:
    """Return Fleiss' kappa of items, each with how many raters gave it each label; -1 to 1.

    Items with fewer than two ratings say nothing. Where their numbers differ it is the
    generalisation by Gwet (Handbook of Inter-Rater Reliability, 2014): agreement and chance are
    means over items; where they are equal it is that of Fleiss (1971). None where nothing was rated
    twice, or all said the same one thing.
    """
    rated = [item for item in items if sum(item.values()) >= 2]
    if not rated:
        return None
    agreed = 0.0
    shares: defaultdict[str, float] = defaultdict(float)
    for item in rated:
        count = sum(item.values())
        agreed += sum(n * (n - 1) for n in item.values()) / (count * (count - 1)) / len(rated)
        for label, n in item.items():
            shares[label] += n / count / len(rated)
    chance = sum(share**2 for share in shares.values())
    return None if chance > 1 - 1e-12 else (agreed - chance) / (1 - chance)
