"""What a member proposed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from datetime import datetime

    from bot.storage.records.galleries import ActionKind

ProposalState = Literal["waiting", "accepted"]


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a member proposed; `arguments` are those of the command."""

    id: int
    server_id: int
    user_id: int
    kind: ActionKind
    arguments: dict[str, Any]
    state: ProposalState
    decided_by: int | None
    at: datetime
