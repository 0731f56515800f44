"""What Discord must still carry out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Task = Literal["delete", "ask"]
"""What is to be done with a message of the bot's: delete it, or turn a card into a question."""


@dataclass(frozen=True, slots=True)
class OutboxEntry:
    """One thing to be done. `server_id` is None in a DM; `tries` counts those that failed."""

    id: int
    task: Task
    server_id: int | None
    channel_id: int
    message_id: int
    tries: int
