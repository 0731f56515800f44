"""How often a character will be named, told from the pictures that are enrolled of it.

How far two drawings of one character lie apart is known of identities that no training saw, of
which some have several faces. Each such pair is turned so that the first lies on the character's
centroid; the second is then a drawing of the character as it may come next, and the server's
gallery names it or doesn't. So a character that is like others there, or of whom few pictures are
enrolled, is expected to be named less often. Its own pictures, each named by the others, are
counted in.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from models.gallery.gallery import unit
from models.types import Tier

if TYPE_CHECKING:
    from collections.abc import Sequence

    from models.gallery.gallery import Gallery
    from models.gallery.impostors import Impostors
    from models.gallery.namer import Namer, Naming
    from models.types import Vector, Vectors

MORE: Final = 3
"""Further pictures of which is said how much they would help."""
DRAWS: Final = 400
"""Drawings that are imagined."""
IMAGINED: Final = 4
"""So many of a character's own pictures count as much as all that are imagined."""
FEWEST: Final = 20
"""Faces of identities with several of them below which nothing is said."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """Shares of a character's next pictures that will be named rightly, 0 to 1.

    `now` with the `pictures` that are enrolled, `later` with `MORE` further ones.
    """

    pictures: int
    now: float
    later: float


def expected(
    namer: Namer, gallery: Gallery, character_id: str, samples: Vectors, impostors: Impostors
) -> Expectation | None:
    """Return how often a gallery will name a character of it; None where that can't be told.

    `samples`, (k, dimensions), are the character's own pictures that are enrolled in it.
    """
    row = next((i for i, c in enumerate(gallery.characters) if c.id == character_id), None)
    several = _several(impostors.identities)
    if row is None or sum(map(len, several)) < FEWEST:
        return None
    pictures = int(gallery.counts[row])
    hits, asked = _left_out(namer, gallery, row, samples)
    shares = [
        (IMAGINED * _share(namer, gallery, row, impostors.vectors, several, count) + hits)
        / (IMAGINED + asked)
        for count in (pictures, pictures + MORE)
    ]
    return Expectation(pictures, shares[0], max(shares))


def _left_out(namer: Namer, gallery: Gallery, row: int, samples: Vectors) -> tuple[int, int]:
    """Return how many samples are named by what is left of a row without them, of how many."""
    count = int(gallery.counts[row])
    if count < 2 or len(samples) < 2:
        return 0, 0
    length = float(np.linalg.norm(samples.mean(axis=0)))
    whole = count * length * gallery.stack.rows([row])[0]
    rests = unit(whole - samples)
    named = [
        namer.name(sample[None], _with_row(gallery, row, rest, count - 1), top=1)[0]
        for sample, rest in zip(samples, rests, strict=True)
    ]
    return sum(_is_named(naming, gallery, row) for naming in named), len(samples)


def _several(identities: Sequence[str]) -> list[list[int]]:
    """Return the rows of each identity that has more than one."""
    rows: dict[str, list[int]] = {}
    for row, identity in enumerate(identities):
        rows.setdefault(identity, []).append(row)
    return [own for own in rows.values() if len(own) > 1]


def _share(
    namer: Namer,
    gallery: Gallery,
    row: int,
    faces: Vectors,
    several: Sequence[Sequence[int]],
    pictures: int,
) -> float:
    """Return which share of imagined drawings is named, were so many pictures behind a row."""
    centroid = gallery.stack.rows([row])[0]
    drawings = _imagined(centroid, faces, several, pictures)
    named = namer.name(drawings, _with_row(gallery, row, centroid, pictures), top=1)
    return float(np.mean([_is_named(naming, gallery, row) for naming in named]))


def _imagined(
    centroid: Vector, faces: Vectors, several: Sequence[Sequence[int]], pictures: int
) -> Vectors:
    """Return drawings, (`DRAWS`, dimensions), about the centroid of so many pictures.

    An identity with fewer pictures stands in with those that it has.
    """
    rng = np.random.default_rng(0)
    # An identity counts by its pictures, as one with two shows only one kind of difference.
    sizes = np.array([len(own) for own in several], np.float64)
    chosen = rng.choice(len(several), DRAWS, p=sizes / sizes.sum())
    known: list[Vector] = []
    asked: list[Vector] = []
    for number in chosen.tolist():
        order = rng.permutation(several[number])
        known.append(faces[order[1 : 1 + pictures]].mean(axis=0))
        asked.append(faces[order[0]])
    return _turned(unit(np.stack(known)), unit(np.stack(asked)), centroid)


def _turned(start: Vectors, vectors: Vectors, end: Vector) -> Vectors:
    """Turn each vector by the smallest rotation that brings its row of `start` to `end`.

    All are of unit length, (n, dimensions); `end` is one, (dimensions,).
    """
    both = start + end
    along = (vectors * both).sum(1, keepdims=True) / (1 + start @ end)[:, None]
    return unit(vectors - along * both + 2 * (vectors * start).sum(1, keepdims=True) * end)


def _with_row(gallery: Gallery, row: int, centroid: Vector, pictures: int) -> Gallery:
    counts = gallery.counts.copy()
    counts[row] = pictures
    return replace(gallery, stack=gallery.stack.replaced([row], centroid[None]), counts=counts)


def _is_named(naming: Naming, gallery: Gallery, row: int) -> bool:
    right = naming.guesses[0].character.id == gallery.characters[row].id
    return right and naming.tier is Tier.NAMED
