"""Somebody's sign-in on the site, as it is kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

UNUSED: Final = timedelta(days=14)
"""After so long without use a session ends."""
LONGEST: Final = timedelta(days=90)
"""After so long every session ends."""


@dataclass(frozen=True, slots=True)
class NewSession:
    """A sign-in: who it is, and the ids of the servers shared with the bot at that moment.

    `avatar` is the hash of a picture on Discord's CDN, empty without one.
    """

    user_id: int
    name: str
    avatar: str
    servers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Session:
    """A kept sign-in. `rotated` is when its token was last changed, `seen` when it was used.

    `current` is false where it was found by the token that the present one took the place of.
    """

    id: int
    who: NewSession
    created: datetime
    rotated: datetime
    seen: datetime
    current: bool = True

    def is_over(self, now: datetime) -> bool:
        """Say whether it has ended by itself."""
        return now - self.created > LONGEST or now - self.seen > UNUSED
