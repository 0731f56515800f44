"""The message menu "Label history": who settled what about an answer's faces, when and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands

from bot.feedback.authority import check_may_label
from bot.feedback.labels import VOTES
from bot.ui.message_menu import MenuCog
from bot.wording import plain

if TYPE_CHECKING:
    from datetime import datetime

    from bot.client import MoedexBot
    from bot.gallery.roster import ServerRoster
    from bot.gallery.server_galleries import ServerGalleries
    from bot.storage import Storage
    from bot.storage.records import Label, LabelChange

MENU = "Label history"
NOTHING = "No label was settled here so far. This menu tells of my answers, where learning is on."

_MOST = 1900
"""Characters of the list; Discord takes 2,000. Older changes are left out first."""
_SPECIAL = {"not_a_face": "not a face", "ignore": "left alone"}
OLDER = "-# Older changes are left out."


class History(MenuCog):
    """The audit log of labels."""

    def __init__(
        self, tree: app_commands.CommandTree[Any], storage: Storage, galleries: ServerGalleries
    ) -> None:
        super().__init__(tree, MENU, self.menu, guild_only=True)
        self._storage = storage
        self._galleries = galleries

    async def menu(
        self, interaction: discord.Interaction[MoedexBot], message: discord.Message
    ) -> None:
        """Tell a moderator how the labels of an answer came about."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        await check_may_label(interaction.user, self._storage.settings)
        roster = await self._galleries.roster(interaction.guild_id or 0)
        dated: list[tuple[datetime, str]] = []
        for number, face in enumerate(await self._storage.faces.by_reply(message.id), 1):
            changes = await self._storage.audit_log.of_face(face.id)
            dated += [(each.at, f"Face {number}: {_sentence(each, roster)}") for each in changes]
        lines = [line for _, line in sorted(dated)]
        shown = list(lines)
        while sum(len(line) + 1 for line in shown) > _MOST:
            del shown[0]
        if len(shown) < len(lines):
            shown.insert(0, OLDER)
        await interaction.edit_original_response(
            content="\n".join(shown) or NOTHING, allowed_mentions=discord.AllowedMentions.none()
        )


def _sentence(change: LabelChange, roster: ServerRoster) -> str:
    before, after = (_shown(label, roster) for label in (change.before, change.after))
    by = f"<@{change.user_id}>" if change.user_id else "the members' votes"
    why = "" if change.why == VOTES else f" ({change.why})"
    return f"{before} → {after}, {discord.utils.format_dt(change.at)}, by {by}{why}"


def _shown(label: Label | None, roster: ServerRoster) -> str:
    if label is None:
        return "no label"
    return f"**{_SPECIAL.get(label.kind) or plain(roster.name(label.character_id))}**"


async def setup(bot: MoedexBot) -> None:
    """Load the cog."""
    services = bot.services
    await bot.add_cog(History(bot.tree, services.storage, services.galleries))
