"""What somebody said about a face."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from datetime import datetime

VoteKind = Literal["yes", "no", "is", "not_a_face", "ignore"]
"""What a vote says: the best name is right, is wrong, "it is X", not a face, leave it out."""
VoteSource = Literal["chat", "site"]
"""Where a vote was given."""


@dataclass(frozen=True, slots=True)
class Vote:
    """A vote that stands: the last one of a user about a face that was not taken back.

    `face_index` counts in `Answer.faces`; None is the answer as a whole (a reaction).
    `character_id` is the character of an "is" vote, else empty.
    """

    reply_id: int
    face_index: int | None
    user_id: int
    kind: VoteKind
    character_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class VoteEvent:
    """One thing that somebody said about a face, or took back (`withdrawn`), and where."""

    user_id: int
    kind: VoteKind
    character_id: str
    withdrawn: bool
    source: VoteSource
    at: datetime
