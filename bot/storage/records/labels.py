"""What the votes on a face amount to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from datetime import datetime

LabelState = Literal["open", "settled", "disputed"]


@dataclass(frozen=True, slots=True)
class Label:
    """What an observation's votes amount to. `decided_by` is a moderator, None for a consensus."""

    face_id: int
    server_id: int
    state: LabelState
    label: str | None
    decided_by: int | None
    at: datetime


@dataclass(frozen=True, slots=True)
class LabelChange:
    """One step of a label's trail; `user_id` is None where votes of members did it."""

    face_id: int
    before: str | None
    after: str | None
    user_id: int | None
    why: str
    at: datetime
