"""One interaction: a user's command, press, choice or form, and what became of it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sandbox.state.entities import Channel, Json, Message, User

COMMAND, COMPONENT, AUTOCOMPLETE, MODAL_SUBMIT = 2, 3, 4, 5
"""Kinds of interactions, as Discord numbers them."""

PONG, ANSWER, DEFER, DEFER_UPDATE, UPDATE, CHOICES, MODAL = 1, 4, 5, 6, 7, 8, 9
"""Kinds of first answers (callbacks), as Discord numbers them."""


@dataclass(eq=False, slots=True)
class Interaction:
    """One interaction and what became of it.

    `type` is Discord's (2 command, 3 component, 4 autocomplete, 5 modal). `message` is the message
    whose component was used. `response` is the first answer's message (`@original`), for an update
    the updated one; `followups` are the later ones. `modal` is the form that the bot opened,
    `choices` what it offered. `nonce` is the user's own mark on the request. `response_type` is the
    callback's type, None until acknowledged.
    """

    id: int
    token: str
    type: int
    user: User
    channel: Channel
    data: Json
    message: Message | None = None
    parent: Interaction | None = None
    nonce: str | int | None = None
    born: float = field(default_factory=time.monotonic)
    response_type: int | None = None
    response: Message | None = None
    followups: list[Message] = field(default_factory=list)
    choices: list[Json] | None = None
    modal: Json | None = None
    failed: bool = False

    @property
    def acknowledged(self) -> bool:
        """Whether the bot has answered, or has said that it will."""
        return self.response_type is not None

    @property
    def answers(self) -> list[Message]:
        """Every message that answers it and isn't just "thinking", in order."""
        own = [self.response] if self.response and self.response_type != DEFER_UPDATE else []
        return [item for item in own + self.followups if not item.loading and not item.deleted]
