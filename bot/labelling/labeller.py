"""Somebody who labels on the site, in one server."""

from __future__ import annotations

from dataclasses import dataclass

from bot.errors import UserError

GONE = "That face is no longer kept, or not yours to see."


class GoneError(UserError):
    """What was asked about isn't kept, or is not for this labeller."""

    def __init__(self) -> None:
        super().__init__(GONE)


@dataclass(frozen=True, slots=True)
class Labeller:
    """A moderator or labeller of a server, whose word decides at once.

    `channels` are those whose crops may be shown to him now: he reads them, and none is
    age-restricted, as the site is no such channel. `manages` is true for Manage Server.
    """

    user_id: int
    server_id: int
    channels: frozenset[int]
    manages: bool = False
