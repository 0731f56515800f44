"""Who is posted in a server: what its past says of the next picture, as log priors of scores.

A server's own characters were made because they are posted there, so they are likelier than any of
thousands of others. Whoever was settled or surely named there before is likelier too, and so is who
belongs to a series of which somebody was, or that own characters are of. What is long ago counts
less. All of that is one posterior over characters (of a Dirichlet prior; Minka, "Estimating a
Dirichlet distribution", 2000, has its mean), and what is added to a score goes up with its
logarithm: whoever was seen often is hardly likelier than whoever was only taught.

The weights say how much each part counts beside the others. How much all of them count in a server
is fitted to impostors (`models.gallery.tuning`): the fewer own characters there are, the more. The
rule by which the weights were chosen is in docs/learning.md.
"""

from __future__ import annotations

from collections import Counter, defaultdict
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
    """What the posterior is made of, and how much is added to scores, which are cosines.

    `own` is the mass that all own characters share alike; `character` that of who was seen there,
    by how often of `faces` and all that were seen; `series` is the part of both that goes to all
    characters of the same series, alike. `anybody` is what everybody has besides. `most` is added
    for each power of e by which that multiplies: a server's gallery takes a share of it.
    """

    own: float
    character: float
    series: float
    anybody: float = 0.0003
    faces: float = 10.0
    most: float = 0.1


PRIOR_WEIGHTS: Final = PriorWeights(own=1.0, character=1.0, series=0.3)
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
    """Return what is added to the scores of a server's `characters`, (characters,), none below 0.

    `own` are the ids of its own ones.
    """
    place = {character.id: row for row, character in enumerate(characters)}
    series = [character.series for character in characters]
    mass = np.zeros(len(characters))
    rows = [place[key] for key in own if key in place]
    mass[rows] = weights.own / max(len(rows), 1)
    who: defaultdict[str, float] = defaultdict(float)
    for face in seen:
        if face.character_id in place:
            who[face.character_id] += 0.5 ** (max(face.days, 0.0) / HALF_LIFE_DAYS)
    everybody = weights.faces + sum(who.values())
    for key, count in who.items():
        mass[place[key]] += weights.character * count / everybody
    where: defaultdict[str, float] = defaultdict(float)
    size = Counter(series)
    for row in np.flatnonzero(mass):
        # Characters without a series have none in common.
        if series[row]:
            where[series[row]] += weights.series * float(mass[row]) / size[series[row]]
    if where:
        mass += [where.get(name, 0.0) for name in series]
    return (weights.most * np.log1p(mass / weights.anybody)).astype(np.float32)
