"""Who is posted in a server: what its past says of the next picture, as log priors of scores.

A server's own characters were made because they are posted there, so they are likelier than any of
thousands of others. Whoever was settled or surely named there before is likelier too, and so is who
belongs to a series of which somebody was, or that own characters are of (the logarithm of a
Dirichlet posterior, up to what is the same for all). What is long ago counts less.

The weights say how much one of these priors counts beside the others. How much all of them count in
a server is fitted to impostors (`models.gallery.tuning`): the fewer own characters there are, the
more. The rule by which the weights were chosen is in docs/learning.md.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from numpy.typing import NDArray

    from models.types import Character

HALF_LIFE_DAYS: Final = 90.0
"""Days after which a face that was seen counts half."""


@dataclass(frozen=True, slots=True)
class PriorWeights:
    """How much is added to scores, which are cosines.

    `own`: for each character of a server's own. `character`, `series`: of the log prior of who, and
    which series, was seen there before; so many faces, `characters_seen` and `series_seen`, are the
    Dirichlet prior's own. They are the most that is added: a server's gallery takes a share.
    """

    own: float
    character: float
    series: float
    characters_seen: float = 1.0
    series_seen: float = 3.0


PRIOR_WEIGHTS: Final = PriorWeights(own=0.45, character=0.2, series=0.1)
NO_PRIOR: Final = PriorWeights(own=0.0, character=0.0, series=0.0)


@dataclass(frozen=True, slots=True)
class Seen:
    """A face that was settled or surely named in a server, `days` ago."""

    character_id: str
    days: float


def log_priors(
    characters: Collection[Character],
    own: Collection[str],
    seen: Iterable[Seen],
    weights: PriorWeights,
) -> NDArray[np.float32]:
    """Return what is added to the scores of a server's `characters`, (characters,).

    `own` are the ids of its own ones: each counts as a face of its series that was seen.
    """
    result = np.zeros(len(characters), np.float32)
    place = {character.id: row for row, character in enumerate(characters)}
    series = [character.series for character in characters]
    rows = [place[key] for key in own if key in place]
    if rows:
        result[rows] = weights.own
    who: Counter[str] = Counter()
    where: Counter[str] = Counter(series[row] for row in rows)
    for face in seen:
        if face.character_id in place:
            count = 0.5 ** (max(face.days, 0.0) / HALF_LIFE_DAYS)
            who[face.character_id] += count
            where[series[place[face.character_id]]] += count
    for key, count in who.items():
        result[place[key]] += weights.character * float(np.log1p(count / weights.characters_seen))
    del where[""]
    if where:
        of_series = {
            name: weights.series * float(np.log1p(count / weights.series_seen))
            for name, count in where.items()
        }
        result += np.array([of_series.get(name, 0.0) for name in series], np.float32)
    return result
