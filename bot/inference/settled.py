"""Faces whose name a server settled: the same picture again is answered with it.

A picture is the same where its perceptual hash is near (`models.images.hashing`), and a face is
the same where its box is. So an answer never contradicts what people decided about that face.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from models.detection.boxes import iou
from models.images.hashing import HashIndex
from models.types import SETTLED, Box, Guess, Tier

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.inference.stages import FoundFaces
    from models.types import Character, NamedFace

SAME_BOX: Final = 0.5
"""Overlap (intersection over union) from which two boxes of the same picture are one face."""


@dataclass(frozen=True, slots=True)
class SettledBox:
    """A face of a picture; `box` has the sides of the picture as its units, each 0 to 1."""

    phash: str
    box: Box
    character: Character


class SettledFaces:
    """The settled faces of one server."""

    def __init__(self, faces: Iterable[SettledBox]) -> None:
        self._faces = tuple(faces)
        self._index = HashIndex((place, face.phash) for place, face in enumerate(self._faces))

    def apply(self, found: FoundFaces, named: Iterable[NamedFace]) -> tuple[NamedFace, ...]:
        """Return the faces of a picture with the settled names first, where there are any."""
        near = [self._faces[place] for _, place in self._index.within(found.phash)]
        return tuple(_named_as(face, found, near) for face in named)


def _named_as(named: NamedFace, found: FoundFaces, near: Iterable[SettledBox]) -> NamedFace:
    box, width, height = named.face.box, found.width, found.height
    own = Box(box.x0 / width, box.y0 / height, box.x1 / width, box.y1 / height)
    best = max(near, key=lambda face: iou(face.box, own), default=None)
    if best is None or iou(best.box, own) < SAME_BOX:
        return named
    others = tuple(g for g in named.guesses if g.character.id != best.character.id)
    count = max(len(named.guesses), 1)
    guesses = (Guess(best.character, 1.0, SETTLED), *others)[:count]
    return replace(named, guesses=guesses, tier=Tier.NAMED)
