"""Tells those who can change it which permissions the bot lacks in a channel.

In the channel if it can send a text there, else by DM whoever switched the channel on, else the
server's owner. Where nobody asked it complains at most once a day.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import discord

from bot.patience import FAILED
from bot.recognition import permissions
from bot.recognition.saying import reply_text, say_by_dm

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.storage.settings import SettingsRepository
    from bot.storage.state import StateRepository

log = logging.getLogger(__name__)


class PermissionComplaints:
    """Says what is missing in a channel to those who can change it."""

    def __init__(
        self, client: discord.Client, settings: SettingsRepository, state: StateRepository
    ) -> None:
        self._client = client
        self._settings = settings
        self._state = state

    async def make(
        self,
        channel: permissions.ServerChannel,
        missing: Sequence[str],
        *,
        asked_by: discord.Message | None,
    ) -> None:
        """Say what is missing in a channel.

        `asked_by` is the message of somebody who asked, and is answered each time if a text can be
        sent; without one, and by DM, it is said at most once a day a channel.
        """
        text = permissions.sentence(channel, missing)
        if asked_by is not None and permissions.may_write(channel):
            await reply_text(asked_by, text)
            return
        if not await self._state.may_warn(f"permissions:{channel.id}"):
            return
        if isinstance(channel, discord.abc.Messageable) and permissions.may_write(channel):
            await channel.send(text, allowed_mentions=discord.AllowedMentions.none())
            return
        told = await self._who_can_change(channel)
        if told is None:
            return
        if not await self._tell(told, f"In {channel.guild.name}: {text}"):
            log.warning("Channel %s lacks permissions, and user %s takes no DM", channel.id, told)

    async def _tell(self, user_id: int, text: str) -> bool:
        try:
            user = self._client.get_user(user_id) or await self._client.fetch_user(user_id)
        except FAILED:
            return False
        return await say_by_dm(user, text)

    async def _who_can_change(self, channel: permissions.ServerChannel) -> int | None:
        """Return who switched a channel on, else the server's owner."""
        watched = await self._settings.watched(channel.guild.id)
        parent = channel.parent_id if isinstance(channel, discord.Thread) else None
        return watched.get(channel.id) or watched.get(parent or 0) or channel.guild.owner_id
