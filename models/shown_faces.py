"""Which of the faces that were named an answer shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from models.detection.boxes import part_within
from models.types import Tier

if TYPE_CHECKING:
    from collections.abc import Sequence

    from models.types import Face, NamedFace

HOPELESS: Final = 0.1
"""Probability below which a best guess is not worth showing beside a name."""

_INSIDE = 0.85
_SMALLER = 0.7


def worth_showing(named: Sequence[NamedFace]) -> list[NamedFace]:
    """Return the faces that an answer shows: in their order, those of an animation by frames.

    Left out are boxes inside a larger one of the same frame, and faces whose best guess is hopeless
    where others got a name.
    """
    outer = [one for one in named if not any(_lies_in(one.face, other.face) for other in named)]
    if any(one.tier is not Tier.NOT_KNOWN for one in outer):
        outer = [one for one in outer if one.guesses and one.best.probability >= HOPELESS]
    return sorted(outer, key=lambda one: one.face.frame)


def _lies_in(face: Face, other: Face) -> bool:
    return (
        face.frame == other.frame
        and face.box.area <= _SMALLER * other.box.area
        and part_within(face.box, other.box) >= _INSIDE
    )
