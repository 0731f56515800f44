"""Who is most like a character in a gallery, by the cosine of their centroids."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from models.gallery.gallery import Gallery
    from models.types import Character


@dataclass(frozen=True, slots=True)
class Alike:
    """A character and how like it is: the cosine of both centroids, -1 to 1."""

    character: Character
    cosine: float


@dataclass(frozen=True, slots=True)
class Place:
    """A character's place in a gallery: how many pictures are behind it, and who is most like it.

    `nearest` comes with the likest first.
    """

    pictures: int
    nearest: tuple[Alike, ...]


def place_of(gallery: Gallery, character_id: str, count: int) -> Place | None:
    """Return a character's place, with `count` others; None where the gallery has it not.

    It compares with every centroid: some milliseconds for ten thousand characters.
    """
    row = next((i for i, one in enumerate(gallery.characters) if one.id == character_id), None)
    if row is None:
        return None
    cosines = gallery.stack.cosines(gallery.stack.rows([row]))[0]
    order = [int(at) for at in np.argsort(-cosines) if at != row][:count]
    nearest = tuple(Alike(gallery.characters[at], float(cosines[at])) for at in order)
    return Place(int(gallery.counts[row]), nearest)
