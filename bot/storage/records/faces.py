"""A face that was answered: what was said of it, and what is kept to learn from it.

Vectors are (dimensions,) float32; `backbone` is the hash of the backbone that made them, and only
vectors of one backbone may be compared.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from models.types import Tier

if TYPE_CHECKING:
    from datetime import datetime

    from bot.storage.records.labels import Label
    from models.types import Box, Vector


@dataclass(frozen=True, slots=True)
class StoredGuess:
    """A name that a face was given; `probability` is what was stated of it, 0 to 1.

    `by` says who gave it, empty for the bot's own model.
    """

    character_id: str
    name: str
    series: str
    probability: float
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnsweredFace:
    """A face as it was answered.

    `box` is in shares of the picture's width and height (0 to 1). `guesses` are the best first;
    `tier` is how surely the best of them was given as the name.
    """

    box: Box
    guesses: tuple[StoredGuess, ...] = ()
    tier: Tier

    @property
    def best(self) -> StoredGuess | None:
        """The best guess; None where the gallery was empty."""
        return self.guesses[0] if self.guesses else None

    @property
    def unknown(self) -> bool:
        """Whether the best guess was not given as the name."""
        return self.tier is not Tier.NAMED


@dataclass(frozen=True, slots=True, kw_only=True)
class FaceObservation(AnsweredFace):
    """A face in a server that votes may label; `at` is when it was answered.

    `face_index` counts in `Answer.faces`. `hidden` is true for a spoilered picture and one from an
    age-restricted channel.

    The rest is None where the server does not learn: the picture's author, its perceptual hash
    (hexadecimal) and the group of near-duplicates it belongs to, the number of that group's first
    face. Of a picture that came from elsewhere the crop (a file name in the crop folder) and the
    vector are None too.
    """

    id: int
    server_id: int
    channel_id: int
    reply_id: int
    face_index: int
    hidden: bool
    at: datetime
    author_id: int | None = None
    phash: str | None = None
    group_id: int | None = None
    crop: str | None = None
    vector: Vector | None = field(default=None, repr=False, compare=False)
    backbone: str | None = None

    @property
    def group(self) -> int:
        """The group of near-duplicates; a face without one is a group of its own."""
        return self.id if self.group_id is None else self.group_id


@dataclass(frozen=True, slots=True)
class LearnedFace:
    """What is kept of a face because its server learns; see `FaceObservation`.

    `group_id` is None for the first picture of its kind. `vector` and `backbone` come with `crop`.
    """

    phash: str
    group_id: int | None = None
    crop: str | None = None
    vector: Vector | None = field(default=None, repr=False, compare=False)
    backbone: str | None = None


@dataclass(frozen=True, slots=True)
class LearnedAnswer:
    """What is kept of an answer because its server learns: who asked, who posted, its faces.

    `asker_id` is None for somebody who opted out.
    """

    asker_id: int | None
    author_id: int
    faces: tuple[LearnedFace, ...]


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
    label: Label
    channel_id: int
    hidden: bool
    crop: str | None
