"""What a face shows, as votes say it, and what the votes on a face amount to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Self

if TYPE_CHECKING:
    from datetime import datetime

LabelKind = Literal["character", "not_a_face", "ignore"]
LabelState = Literal["open", "settled", "disputed"]


@dataclass(frozen=True, slots=True, order=True)
class Label:
    """What a face shows: a character, no face, or a face that shall be left alone.

    `character_id` is the character's id, empty for the other kinds.
    """

    kind: LabelKind
    character_id: str = ""

    @classmethod
    def of(cls, character_id: str) -> Self:
        """Return the label of a character."""
        return cls("character", character_id)


NOT_A_FACE = Label("not_a_face")
"""The label of a box that shows no face."""
IGNORED = Label("ignore")
"""The label of a face that shall be left alone."""


@dataclass(frozen=True, slots=True)
class FaceLabel:
    """What a face's votes amount to: the label that leads, or is settled.

    `decided_by` is a moderator, None for a consensus.
    """

    face_id: int
    state: LabelState
    label: Label | None
    decided_by: int | None
    at: datetime


@dataclass(frozen=True, slots=True)
class LabelChange:
    """One entry of a label's audit log; `user_id` is None where votes of members did it."""

    face_id: int
    before: Label | None
    after: Label | None
    user_id: int | None
    why: str
    at: datetime


@dataclass(frozen=True, slots=True)
class LabelledCrop:
    """A face whose crop is kept, as a list of many shows it; `hidden` is as of the face."""

    face_id: int
    hidden: bool
    state: LabelState
    label: Label | None
