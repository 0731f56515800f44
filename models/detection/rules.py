"""The learned detector's rules: what its passes find, made one list of heads.

A head's score is its mean score over the passes, each weighed by how well it shows heads of that
size: heads show in all of them, buttons and brooches in one. The best head of a picture is accepted
sooner than further ones, as nearly every picture that is posted shows one.
docs/detection.md says how each rule was chosen, and what is found without it.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Final

import numpy as np

from models.detection.boxes import cluster, mean_box, outermost, reading_order
from models.detection.tiles import stretch, tiles
from models.types import Face, Pixels

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Scale:
    """A picture whose longer side is `longest` pixels; `mirrored`: its mirror image too.

    Of a strip it is the side of a stretch; see `models.detection.tiles.stretch`.
    """

    longest: int
    mirrored: bool = False

    def factor(self, picture: Pixels) -> float:
        """Return how many times as large as it is a pass sees the picture."""
        return self.longest / stretch(*picture.shape[:2])

    def size(self, picture: Pixels) -> tuple[int, int]:
        """Return height and width of the picture in a pass, in pixels."""
        height, width = (max(1, round(side * self.factor(picture))) for side in picture.shape[:2])
        return height, width

    def tiles(self, picture: Pixels) -> int:
        """Return how many tiles a pass takes."""
        return len(tiles(*self.size(picture)))


FIRST_PASS: Final = Scale(192)
"""Of every picture."""

SECOND_PASS: Final = Scale(256, mirrored=True)
"""Averaged with the first pass where that leaves a doubt."""

CLOSE_PASS: Final = Scale(512)
"""Where the others find nothing, or something that is not all."""

CLOSER_PASSES: Final = (Scale(768), Scale(1152))
"""One after the other, while heads are small in the pass before."""

VISIBLE_SIDES: Final = (14, 40, 200, 300)
"""Sides of heads in a pass, in pixels: seen between the outer two, well between the inner two."""

LEAST_WEIGHT: Final = 0.5
"""Weight of all passes that a score is at least divided by."""


@dataclass(frozen=True, slots=True)
class Pass:
    """What a pass found, in pixels of the picture, which it saw `factor` times as large."""

    factor: float
    faces: Sequence[Face]


@dataclass(frozen=True, slots=True)
class Rules:
    """Scores (0 to 1) and sides from which something is done."""

    sure: float = 0.5
    """Score of every likely head from which the first pass is enough."""
    first: float = 0.2
    """Score from which the best head of a picture is accepted."""
    further: float = 0.5
    """Score from which further heads are accepted."""
    in_group: float = 0.42
    """The same where a closer look shows `group` heads or more."""
    group: int = 3
    alike: float = 0.25
    """Side of the least head of a group, in sides of the largest one; patterns are smaller."""
    maybe: float = 0.3
    """Score of a second head that is reason to look closer."""
    small: float = 0.12
    """Side of a head, in parts of the picture's longer side, below which it is too."""
    fine: float = 64
    """Side of the middle head in a pass, in pixels, with which no closer one is needed."""
    pale: bool = True
    """A pale or tinted picture without a head is looked at once more, its colours stretched."""
    weighed: bool = True
    """Passes are weighed by how well they show a head; else all of them count the same."""

    def doubtful(self, heads: Sequence[Face]) -> bool:
        """Tell whether the first pass leaves open what is a head: it finds none, or unsure ones."""
        scores = [face.score for face in heads if face.score >= self.first]
        return not scores or min(scores) < self.sure

    def several(self, heads: Sequence[Face], longest: float) -> bool:
        """Tell whether a picture may show more heads than were found.

        It may where two are likely, or one is small in a picture of `longest` pixels.
        """
        likely = outermost([face for face in heads if face.score >= self.maybe])
        return len(likely) > 1 or any(face.box.side < self.small * longest for face in likely)

    def too_small(self, heads: Sequence[Face], factor: float) -> bool:
        """Tell whether half of a group are too small in a pass that saw them by `factor`."""
        enough = len(heads) >= self.group
        return enough and median(face.box.side for face in heads) * factor < self.fine

    def accepted(self, passes: Sequence[Pass]) -> list[Face]:
        """Return the heads of a closer look that are accepted.

        Those of a group are sooner: three or more of them are alike in size. Of one or two
        every pass has as much to say as any other.
        """
        found = accepted(self.fused(passes), self.first, self.in_group)
        largest = max((face.box.side for face in found), default=0.0)
        alike = [face for face in found if face.box.side >= self.alike * largest]
        if len(alike) >= self.group:
            return found
        return accepted(self.fused(passes, weighed=False), self.first, self.further)

    def fused(self, passes: Sequence[Pass], *, weighed: bool = True) -> list[Face]:
        """Join what several passes find: mean boxes, and mean scores, 0 where one finds no head.

        `weighed`: by how well each pass shows the head; else all passes count the same.
        """
        found = [(number, face) for number, one in enumerate(passes) for face in one.faces]
        heads: list[Face] = []
        for group in cluster([face.box for _, face in found], [face.score for _, face in found]):
            best: dict[int, float] = {}
            for number, face in (found[index] for index in group):
                best[number] = max(best.get(number, 0.0), face.score)
            faces = [found[index][1] for index in group]
            box = mean_box([face.box for face in faces], [face.score**2 for face in faces])
            sides = [box.side * one.factor for one in passes]
            weights = [_visible(side) if weighed and self.weighed else 1.0 for side in sides]
            total = sum(weight * best.get(number, 0.0) for number, weight in enumerate(weights))
            heads.append(Face(box, total / max(sum(weights), LEAST_WEIGHT)))
        return heads


def _visible(side: float) -> float:
    """Return how well a pass shows a head of `side` pixels in it, 0 to 1."""
    return float(np.interp(side, VISIBLE_SIDES, (0, 1, 1, 0)))


RULES: Final = Rules()
"""Those in use."""


def accepted(candidates: Sequence[Face], first: float, further: float) -> list[Face]:
    """Return, in reading order, the best candidate from score `first`, the others from `further`.

    Boxes within the box of another head are left out.
    """
    best = max(candidates, key=lambda face: face.score, default=None)
    found = [
        face
        for face in candidates
        if face.score >= further or (face is best and face.score >= first)
    ]
    return reading_order(outermost(found))
