"""The button that takes a change of a gallery back; its state is in its `custom_id`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Self, cast

import discord

from bot.errors import UserError, answer_interaction_error
from bot.learning.authority import may_label
from bot.storage.galleries import LaterActionError

if TYPE_CHECKING:
    from bot.client import MoedexBot
    from bot.storage.learning_records import GalleryAction

UNDONE = "Undone: {summary}."
ALREADY = "That was undone already."
MODERATORS_ONLY = "Only moderators and labellers may do that here."


class UndoButton(
    discord.ui.DynamicItem[discord.ui.Button[Any]], template=r"moedex:undo:(?P<action>\d{1,18})"
):
    """Takes one action back."""

    def __init__(self, action_id: int) -> None:
        super().__init__(
            discord.ui.Button(
                label="Undo",
                style=discord.ButtonStyle.secondary,
                custom_id=f"moedex:undo:{action_id}",
            )
        )
        self.action_id = action_id

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str]
    ) -> Self:
        """Read the action's number back."""
        return cls(int(match["action"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Undo, and say so under the message."""
        try:
            await self._undo(interaction)
        except Exception as error:  # discord.py would leave it unanswered
            await answer_interaction_error(interaction, error)

    async def _undo(self, interaction: discord.Interaction[Any]) -> None:
        bot = cast("MoedexBot", interaction.client)
        if not await may_label(interaction.user, bot.storage):
            raise UserError(MODERATORS_ONLY)
        await interaction.response.defer(ephemeral=True, thinking=True)
        try:
            action = await bot.learning.teaching.undo(
                interaction.guild_id or 0, self.action_id, interaction.user.id
            )
        except LaterActionError as error:
            raise UserError(str(error)) from error
        text = ALREADY if action is None else UNDONE.format(summary=action.summary)
        await interaction.followup.send(text, ephemeral=True)


def undo_view(action: GalleryAction) -> discord.ui.View:
    """Return a view with the button that undoes an action."""
    view = discord.ui.View(timeout=None)
    view.add_item(UndoButton(action.id))
    return view
