"""What a member proposed: one record for each change of a gallery that he may ask for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

if TYPE_CHECKING:
    from datetime import datetime

    from bot.storage.records.galleries import ActionKind

ProposalState = Literal["waiting", "accepted"]


@dataclass(frozen=True, slots=True)
class TeachCharacter:
    """Add a character, or drawings to one there is; with `new` it is somebody new in any case.

    `channel_id` is where the drawings were uploaded, and `hidden` whether they are a spoiler. The
    name of a face that an answer shows has its `reply_id` and its number there, `face`, instead.
    """

    kind: ClassVar[ActionKind] = "teach"
    name: str
    series: str = ""
    new: bool = False
    channel_id: int | None = None
    hidden: bool = False
    reply_id: int | None = None
    face: int | None = None


@dataclass(frozen=True, slots=True)
class Alias:
    """Give a character one more name."""

    kind: ClassVar[ActionKind] = "alias"
    character: str
    alias: str


@dataclass(frozen=True, slots=True)
class Rename:
    """Change a character's name."""

    kind: ClassVar[ActionKind] = "rename"
    character: str
    name: str


@dataclass(frozen=True, slots=True)
class Merge:
    """Make two characters one; `into` is the one that stays."""

    kind: ClassVar[ActionKind] = "merge"
    character: str
    into: str


@dataclass(frozen=True, slots=True)
class Forget:
    """Name a character no more."""

    kind: ClassVar[ActionKind] = "forget"
    character: str


GalleryEdit = Alias | Rename | Merge | Forget
"""A change of a character that is there already."""
GalleryChange = TeachCharacter | GalleryEdit
"""A change of a gallery that may be proposed."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a member proposed, until a moderator decides and after."""

    id: int
    server_id: int
    user_id: int
    change: GalleryChange
    state: ProposalState
    decided_by: int | None
    at: datetime
