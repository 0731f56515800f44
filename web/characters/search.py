"""Whom the site knows: searching, filtering and paging of characters."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.gallery.roster import ServerRoster
    from models.types import Character
    from web.site import Site

PAGE: Final = 60
"""Characters that come at once."""
MOST: Final = 200
"""Characters that the API gives at once, at most."""


@dataclass(frozen=True, slots=True)
class Found:
    """Characters that fit a search, the ids of those that can be named, and how many fit in all."""

    characters: Sequence[Character]
    named: frozenset[str]
    total: int


async def find(
    site: Site,
    query: str,
    series: str,
    *,
    start: int = 0,
    count: int = PAGE,
    server_id: int | None = None,
) -> Found:
    """Return `count` of the characters that fit a name and a series, from number `start` on.

    Those of a server, or of everybody. Without a name they are in the order of how often they are
    drawn.
    """
    roster = await site.roster(server_id)
    named = await site.galleries.named(server_id or 0)
    # Looking through eleven thousand names takes some milliseconds: not on the event loop.
    fitting = await asyncio.to_thread(_fitting, roster, query.strip(), series.strip())
    return Found(fitting[start : start + count], named, len(fitting))


def _fitting(roster: ServerRoster, query: str, series: str) -> list[Character]:
    if series:
        found = roster.index.in_series(series)
        if not query:
            return found
        ids = {character.id for character in found}
        return [c for c in roster.index.complete(query, len(roster.characters)) if c.id in ids]
    return roster.index.complete(query, len(roster.characters))


async def one(site: Site, key: str, server_id: int | None = None) -> Character | None:
    """Return the character of an id, also of one that was merged into another's.

    A server has its own beside everybody's.
    """
    roster = await site.roster(server_id)
    resolved = roster.resolve(key)
    return None if resolved is None else roster.characters.get(resolved)
