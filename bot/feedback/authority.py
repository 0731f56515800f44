"""Who decides labels at once: moderators and holders of the server's labeller role."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord

from bot.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.storage.settings import SettingsRepository


MODERATORS_ONLY = "Only moderators and labellers may do that here."


async def may_label(member: object, settings: SettingsRepository) -> bool:
    """Say whether somebody's word on a face, or a change of the gallery, holds at once.

    True for Manage Server and for the labeller role; somebody who is no member (a DM) may not.
    """
    if not isinstance(member, discord.Member):
        return False
    manages = member.guild_permissions.manage_guild
    return await labels_at_once(
        member.guild.id, lambda role: member.get_role(role) is not None, settings, manages=manages
    )


async def labels_at_once(
    server_id: int, holds: Callable[[int], bool], settings: SettingsRepository, *, manages: bool
) -> bool:
    """Say the same of a member who `manages` the server or not, and `holds` some roles' ids."""
    if manages:
        return True
    role = (await settings.get(server_id)).labeller_role
    return role is not None and holds(role)


async def check_may_label(member: object, settings: SettingsRepository) -> None:
    """Raise UserError for somebody who may not label."""
    if not await may_label(member, settings):
        raise UserError(MODERATORS_ONLY)
