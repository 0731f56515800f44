"""What members are called, for texts that name one of them without a ping."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

import discord

if TYPE_CHECKING:
    from collections.abc import Iterable

SOMEBODY = "somebody"
"""Who left, or can't be asked for."""

_REMEMBERED = 500


class MemberNames:
    """Finds names. The bot hears of no member that it does not ask for, so it asks Discord."""

    def __init__(self, client: discord.Client) -> None:
        self._client = client
        self._known: OrderedDict[tuple[int, int], str] = OrderedDict()

    async def of(self, server_id: int | None, user_ids: Iterable[int]) -> dict[int, str]:
        """Return what members of a server are called there, by their ids; None is a DM."""
        return {user_id: await self._of(server_id or 0, user_id) for user_id in user_ids}

    async def _of(self, server_id: int, user_id: int) -> str:
        key = server_id, user_id
        if key not in self._known:
            try:
                self._known[key] = await self._asked(server_id, user_id)
            except discord.HTTPException:
                return SOMEBODY
            if len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)
        return self._known[key]

    async def _asked(self, server_id: int, user_id: int) -> str:
        guild = self._client.get_guild(server_id)
        if guild is not None:
            member = guild.get_member(user_id) or await guild.fetch_member(user_id)
            return member.display_name
        user = self._client.get_user(user_id) or await self._client.fetch_user(user_id)
        return user.display_name
