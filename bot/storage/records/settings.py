"""What a server's moderators set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """What a server's moderators set; the defaults are those of a server that set nothing.

    `named`, `probably` and `unknown_share` are those of `NamingPolicy`, 0 to 1; None takes the
    configuration's.
    `guesses` is how many names are shown a face. `ephemeral` is about the message menu's answer.
    `on_all_unknown` says what a watched channel gets if no face has a known name. `learning` is
    whether pictures, crops and vectors may be kept, `sharing` whether names and vectors may train
    the heads of other servers. `labeller_role` decides labels at once. `plain` is
    whether answers have the plain form; None takes the configuration's.
    """

    server_id: int
    named: float | None = None
    probably: float | None = None
    unknown_share: float | None = None
    guesses: int = 5
    ephemeral: bool = True
    on_all_unknown: Literal["answer", "quiet"] = "answer"
    learning: bool = False
    sharing: bool = False
    labeller_role: int | None = None
    plain: bool | None = None
