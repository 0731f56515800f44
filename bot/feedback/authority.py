"""Who decides labels at once: moderators and holders of the server's labeller role."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord

if TYPE_CHECKING:
    from bot.storage.settings import SettingsRepository


async def may_label(member: object, settings: SettingsRepository) -> bool:
    """Say whether somebody's word on a face, or a change of the gallery, holds at once.

    True for Manage Server and for the labeller role; somebody who is no member (a DM) may not.
    """
    if not isinstance(member, discord.Member):
        return False
    if member.guild_permissions.manage_guild:
        return True
    role = (await settings.get(member.guild.id)).labeller_role
    return role is not None and member.get_role(role) is not None
