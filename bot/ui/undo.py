"""The buttons that take back a change of a gallery, or what somebody said about faces.

Their state is in their `custom_id`s.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Self, cast

import discord

from bot.errors import UserError
from bot.feedback.authority import check_may_label
from bot.feedback.subjects import SUBJECT, ClusterSubject, read_subject
from bot.storage.galleries import LaterActionError
from bot.ui.context import services_of
from bot.ui.errors import answers_errors
from bot.wording import plain

if TYPE_CHECKING:
    from bot.feedback.subjects import Subject
    from bot.storage import VoteKind
    from bot.storage.records import GalleryAction

PROPOSED = "Thank you: a moderator will decide about it in `/review`."
DONE = "Done: {summary}."
UNDONE = "Undone: {summary}."
ALREADY = "That was undone already."
FACE_TAKEN_BACK = "Taken back: what you said about this face counts no more."
CLUSTER_TAKEN_BACK = (
    "Taken back: these faces have the label they had before, and may be asked about again."
)


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
        services = services_of(interaction)
        await check_may_label(interaction.user, services.storage.settings)
        await interaction.response.defer(ephemeral=True, thinking=True)
        try:
            action = await services.teaching.undo(
                interaction.guild_id or 0, self.action_id, interaction.user.id
            )
        except LaterActionError as error:
            raise UserError(str(error)) from error
        services.erasure.sweep_soon(interaction.guild_id)  # taught drawings go with it
        text = ALREADY if action is None else UNDONE.format(summary=plain(action.summary, 200))
        await interaction.followup.send(text, ephemeral=True)


class TakeBackButton(
    discord.ui.DynamicItem[discord.ui.Button[Any]],
    template=rf"moedex:takeback:(?P<subject>{SUBJECT}):(?P<kind>is|not_a_face|ignore|no)",
):
    """Takes back what whoever presses it said about a face, or about all faces of a cluster."""

    def __init__(self, subject: Subject, kind: VoteKind) -> None:
        super().__init__(
            discord.ui.Button(
                label="Undo",
                style=discord.ButtonStyle.secondary,
                custom_id=f"moedex:takeback:{subject.key}:{kind}",
            )
        )
        self.subject = subject
        self.kind: VoteKind = kind

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str]
    ) -> Self:
        """Read subject and answer back."""
        return cls(read_subject(match["subject"]), cast("VoteKind", match["kind"]))

    @answers_errors
    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Take the votes back, and let `/review` ask about a cluster again."""
        services, subject = services_of(interaction), self.subject
        server_id, user_id = interaction.guild_id or 0, interaction.user.id
        await interaction.response.defer(ephemeral=True, thinking=True)
        if isinstance(subject, ClusterSubject):
            cluster = await services.storage.clusters.faces(subject.cluster_id, server_id)
            faces, text = [(s.reply_id, s.face_index) for s in cluster], CLUSTER_TAKEN_BACK
        else:
            faces, text = [(subject.reply_id, subject.face)], FACE_TAKEN_BACK
        stood = [
            await services.votes.take_back(reply_id, face, user_id, self.kind)
            for reply_id, face in faces
        ]
        await services.votes.judged()
        if isinstance(subject, ClusterSubject):
            await services.unknown_faces.forget(server_id, subject.cluster_id)
        await interaction.followup.send(text if any(stood) else ALREADY, ephemeral=True)


def undo_view(action: GalleryAction) -> discord.ui.View:
    """Return a view with the button that undoes an action."""
    view = discord.ui.View(timeout=None)
    view.add_item(UndoButton(action.id))
    return view


def done(action: GalleryAction) -> dict[str, Any]:
    """Return what a message takes to say that an action was carried out, and to undo it."""
    return {"content": DONE.format(summary=plain(action.summary, 200)), "view": undo_view(action)}
