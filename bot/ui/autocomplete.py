"""Names offered while somebody types one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from discord import app_commands

if TYPE_CHECKING:
    from bot.gallery.server_galleries import ServerGalleries

_CHOICES = 25
_CHOICE_LENGTH = 100


async def offer(
    galleries: ServerGalleries, server_id: int | None, typed: str, *, by_name: bool = False
) -> list[app_commands.Choice[str]]:
    """Return a server's characters that fit what is typed; values are ids, or names."""
    roster = await galleries.roster(server_id or 0)
    return [
        app_commands.Choice(
            name=(f"{c.name} — {c.series}" if c.series else c.name)[:_CHOICE_LENGTH],
            value=(c.name if by_name else c.id)[:_CHOICE_LENGTH],
        )
        for c in roster.index.complete(typed, _CHOICES)
    ]
