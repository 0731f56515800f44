"""A server's characters, and what was done to its gallery."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from datetime import datetime

CharacterState = Literal["active", "forgotten", "merged"]
ActionKind = Literal["teach", "alias", "rename", "merge", "forget", "pack"]


@dataclass(frozen=True, slots=True)
class ServerCharacter:
    """A character of a server's own (`own`), or what the server changed about a shipped one."""

    id: str
    name: str
    series: str = ""
    native_name: str = ""
    own: bool = True
    state: CharacterState = "active"
    merged_into: str | None = None


@dataclass(frozen=True, slots=True)
class GalleryAction:
    """What was done to a gallery; `undone_by` is None while it stands."""

    id: int
    server_id: int
    kind: ActionKind
    user_id: int
    summary: str
    undone_by: int | None
    at: datetime
