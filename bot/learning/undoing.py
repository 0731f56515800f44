"""The buttons that take back a change of a gallery, or one answer for a whole cluster.

Their state is in their `custom_id`s.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Self, cast

import discord

from bot.errors import UserError, answers_errors
from bot.learning.authority import may_label
from bot.storage.galleries import LaterActionError

if TYPE_CHECKING:
    from bot.client import MoedexBot
    from bot.storage import VoteKind
    from bot.storage.learning_records import GalleryAction

UNDONE = "Undone: {summary}."
ALREADY = "That was undone already."
TAKEN_BACK = "Taken back: these faces have the label they had before, and may be asked about again."
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

    @answers_errors
    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Undo, and say so under the message."""
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


class TakeBackButton(
    discord.ui.DynamicItem[discord.ui.Button[Any]],
    template=r"moedex:takeback:(?P<cluster>\d{1,18}):(?P<kind>is|not_a_face|ignore)",
):
    """Takes back what whoever presses it said about all faces of a cluster."""

    def __init__(self, cluster_id: int, kind: VoteKind) -> None:
        super().__init__(
            discord.ui.Button(
                label="Undo",
                style=discord.ButtonStyle.secondary,
                custom_id=f"moedex:takeback:{cluster_id}:{kind}",
            )
        )
        self.cluster_id = cluster_id
        self.kind: VoteKind = kind

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str]
    ) -> Self:
        """Read cluster and answer back."""
        return cls(int(match["cluster"]), cast("VoteKind", match["kind"]))

    @answers_errors
    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Take the votes back, and let the cluster be asked about again."""
        bot = cast("MoedexBot", interaction.client)
        server_id, user_id = interaction.guild_id or 0, interaction.user.id
        await interaction.response.defer(ephemeral=True, thinking=True)
        faces = await bot.storage.sightings.cluster(self.cluster_id, server_id)
        for face in faces:
            await bot.learning.take_back(face.reply_id, face.face_index, user_id, self.kind)
        await bot.learning.judged()
        await bot.learning.strangers.forget(server_id, self.cluster_id)
        await interaction.followup.send(TAKEN_BACK if faces else ALREADY, ephemeral=True)


def undo_view(action: GalleryAction) -> discord.ui.View:
    """Return a view with the button that undoes an action."""
    view = discord.ui.View(timeout=None)
    view.add_item(UndoButton(action.id))
    return view
