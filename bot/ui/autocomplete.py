"""Names offered while somebody types one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from discord import app_commands

if TYPE_CHECKING:
    from bot.gallery.server_galleries import ServerGalleries

_CHOICES = 25
_CHOICE_LENGTH = 100


async def offer(
    galleries: ServerGalleries,
    server_id: int | None,
    typed: str,
    *,
    by_name: bool = False,
    with_series: bool = False,
) -> list[app_commands.Choice[str]]:
    """Return a server's characters that fit what is typed; values are ids, or names.

    `with_series` says the series with each name of a listed character, whether it is needed or not.
    """
    roster = await galleries.roster(server_id or 0)
    return [
        app_commands.Choice(
            name=(f"{c.name} — {c.series}" if c.series else c.name)[:_CHOICE_LENGTH],
            value=(roster.full_name(c, always=with_series) if by_name else roster.value(c))[
                :_CHOICE_LENGTH
            ],
        )
        for c in roster.index.complete(typed, _CHOICES)
    ]


async def offer_series(
    galleries: ServerGalleries, server_id: int | None, typed: str
) -> list[app_commands.Choice[str]]:
    """Return the titles of series in a server that fit what is typed."""
    roster = await galleries.roster(server_id or 0)
    return [
        app_commands.Choice(name=title[:_CHOICE_LENGTH], value=title[:_CHOICE_LENGTH])
        for title in roster.index.series(typed, _CHOICES)
    ]
