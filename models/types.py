"""What passes between the stages of the vision core: boxes, faces, guesses, named faces.

One box convention holds everywhere, for every detector, crop, label and file: a box is **the head
with its hair, square, in pixels of the upright picture** (about 1.2 times the side of the box that
the LBP face cascade returns, centred a little above it; long hair and hats reach beyond). x grows
to the right, y down; (x0, y0) is the inclusive upper left corner and (x1, y1) the exclusive lower
right one. A box may reach beyond the picture where the head does.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
"""A picture: (height, width, 3), uint8, RGB, upright."""

Crops = NDArray[np.uint8]
"""Faces cut out: (n, side, side, 3), uint8, RGB."""

Vector = NDArray[np.float32]
"""One embedding: (dimensions,), float32, of unit length."""

Vectors = NDArray[np.float32]
"""Embeddings: (n, dimensions), float32, each row of unit length."""


@dataclass(frozen=True, slots=True)
class Box:
    """A square head box in pixels of the upright picture; see the module's convention."""

    x0: float
    y0: float
    x1: float
    y1: float

    @property
    def side(self) -> float:
        """The longer side in pixels."""
        return max(self.x1 - self.x0, self.y1 - self.y0)

    @property
    def center(self) -> tuple[float, float]:
        """The centre (x, y) in pixels."""
        return (self.x0 + self.x1) / 2, (self.y0 + self.y1) / 2

    @property
    def area(self) -> float:
        """The area in square pixels, 0 for an empty box."""
        return max(0.0, self.x1 - self.x0) * max(0.0, self.y1 - self.y0)

    def scaled(self, scale: float) -> Box:
        """The box in a picture `scale` times as large."""
        return Box(*(scale * edge for edge in self.as_list()))

    def moved(self, right: float, down: float) -> Box:
        """The box `right` and `down` pixels away."""
        return Box(self.x0 + right, self.y0 + down, self.x1 + right, self.y1 + down)

    def as_list(self) -> list[float]:
        """`[x0, y0, x1, y1]`, as it is written to JSON."""
        return [self.x0, self.y0, self.x1, self.y1]


@dataclass(frozen=True, slots=True)
class Face:
    """A found head. `score` is the detector's confidence, 0 to 1. `frame` is its frame's index."""

    box: Box
    score: float
    frame: int = 0


@dataclass(frozen=True, slots=True)
class Character:
    """A character of a roster. Whether it can be named is the gallery's to say.

    `link` is a page about it, empty where none is known; `tag` what the largest fan-art board calls
    it, and `appearances` how often it is drawn there.
    """

    id: str
    name: str
    series: str
    native_name: str = ""
    aliases: tuple[str, ...] = ()
    link: str = ""
    tag: str = ""
    appearances: int = 0

    def as_dict(self) -> dict[str, Any]:
        """For JSON: what people know of the character; neither tag nor appearances."""
        return {
            "id": self.id,
            "name": self.name,
            "series": self.series,
            "native_name": self.native_name,
            "aliases": list(self.aliases),
            "link": self.link,
        }


SETTLED: Final = "label"
"""What `Guess.by` says of a name that people settled for the same face of the same picture."""


@dataclass(frozen=True, slots=True)
class Guess:
    """One candidate name for a face; `probability` is calibrated, 0 to 1.

    `by` says who gave the name where it wasn't the own model: "tagger", or `SETTLED`.
    """

    character: Character
    probability: float
    by: str = ""


def origin(by: str) -> str:
    """Return the end of a sentence that says who gave a name (`Guess.by`); empty for the model."""
    if not by:
        return ""
    return ", as was settled here" if by == SETTLED else f", by the {by}"


class Tier(StrEnum):
    """How surely a face was named; `models.gallery.policy` says from which probability on."""

    NAMED = "named"
    PROBABLY = "probably"
    NOT_KNOWN = "not_known"


def percent(probability: float) -> str:
    """Return a probability (0 to 1) as people read it; the two ends are never claimed.

    It is rounded down: what is below a limit is not read as if it reached it.
    """
    if probability > 0.99:
        return "over 99 %"
    if probability < 0.01:
        return "under 1 %"
    return f"{math.floor(probability * 100 + 1e-9)} %"


@dataclass(frozen=True, slots=True)
class NamedFace:
    """A face with its guesses, best first (five where the gallery has five characters).

    `tier` says what the probability of the best guess is good for. `vector` is the face's
    embedding, (dimensions,) float32 of unit length; `crop` is what was embedded, (side, side, 3)
    uint8 RGB.
    """

    face: Face
    guesses: tuple[Guess, ...]
    tier: Tier
    vector: NDArray[np.float32] = field(repr=False, compare=False)
    crop: Pixels = field(repr=False, compare=False)

    @property
    def best(self) -> Guess:
        """The most probable guess."""
        return self.guesses[0]

    @property
    def unknown(self) -> bool:
        """Whether the best guess was not given as the name: every tier but "named"."""
        return self.tier is not Tier.NAMED

    def as_dict(self) -> dict[str, Any]:
        """For JSON: box, score, unknown, tier and guesses, rounded; without crop and vector.

        `unknown` is true where `tier` is not "named".
        """
        return {
            "box": [round(edge, 1) for edge in self.face.box.as_list()],
            "score": round(self.face.score, 4),
            "unknown": self.unknown,
            "tier": self.tier.value,
            "guesses": [
                {
                    "id": guess.character.id,
                    "name": guess.character.name,
                    "series": guess.character.series,
                    "probability": round(guess.probability, 6),
                }
                | ({"by": guess.by} if guess.by else {})
                for guess in self.guesses
            ],
        }
