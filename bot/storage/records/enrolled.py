"""Characters that the operator enrolled for all servers, and where they are from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from models.types import Character, Vector


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A character of a source; see `EnrolledRepository`."""

    id: int
    ref: str
    character_id: str
    backbone: str
    done: bool


@dataclass(frozen=True, eq=False, slots=True)
class EnrolledSample:
    """What was seen in a picture: a vector, or why there is none."""

    id: int
    ref: str
    vector: Vector | None
    why_not: str


@dataclass(frozen=True, eq=False, slots=True)
class Centroid:
    """What a character is named by: the mean of `samples` vectors, of unit length."""

    character_id: str
    vector: Vector
    samples: int


@dataclass(frozen=True, slots=True)
class EnrolmentSummary:
    """A line of `moedex roster list`: a character of a source and how many vectors it gave.

    `known`: the shipped roster had the character when it was enrolled.
    """

    source: str
    source_title: str
    character: Character
    known: bool
    backbone: str
    done: bool
    samples: int
    at: datetime
