"""A face that was answered.

Vectors are (dimensions,) float32; `backbone` is the hash of the backbone that made them, and only
vectors of one backbone may be compared.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime

    from models.types import Box, Vector


@dataclass(frozen=True, slots=True)
class NewFaceObservation:
    """A face that was answered, about to be kept.

    `box` is in shares of the picture's width and height (0 to 1). `guesses` are JSON objects with
    `id` and `probability`, best first. `hidden` is true for a spoilered picture and one from an
    age-restricted channel. `crop` is a file name in the crop folder. `group_id` is the group of
    near-duplicates it belongs to, None where it is the first of its kind.
    """

    server_id: int
    channel_id: int
    message_id: int
    reply_id: int
    face_index: int
    author_id: int
    phash: str
    box: Box
    guesses: tuple[dict[str, Any], ...]
    unknown: bool
    model_version: str
    hidden: bool
    at: datetime
    group_id: int | None = None
    crop: str | None = None
    vector: Vector | None = field(default=None, repr=False, compare=False)
    backbone: str | None = None


@dataclass(frozen=True, slots=True)
class FaceObservation(NewFaceObservation):
    """A kept observation with its number."""

    id: int = 0


@dataclass(frozen=True, slots=True)
class SettledFace:
    """How a face was answered and what it turned out to be; as `/stats` needs it.

    `guess` is the id of the best guess and `probability` (0 to 1) what was stated of it; `named` is
    whether it was given as the name, rather than as the nearest of an unknown face.
    """

    at: datetime
    guess: str
    probability: float
    named: bool
    label: str
    channel_id: int
    hidden: bool
    crop: str | None
