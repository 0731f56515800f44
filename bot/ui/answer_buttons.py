"""What is pressed on an answer. The whole state of a button is in its `custom_id`.

So it works after a restart too: what a page shows is read from the storage by the id of the message
that the button is on.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Self, cast

import discord

from bot.errors import UserError
from bot.feedback.authority import may_label
from bot.feedback.ballots import leaves_open
from bot.feedback.subjects import FaceSubject
from bot.recognition.admission import OPTED_OUT
from bot.recognition.corrections import NO_LONGER_KEPT
from bot.ui.answer_edits import show, show_vote
from bot.ui.answer_state import CARD, VOTE, CardState
from bot.ui.context import services_of
from bot.ui.errors import answers_errors
from bot.ui.naming_question import ask_who

if TYPE_CHECKING:
    from bot.storage import VoteKind
    from bot.ui.answer_state import Step

THANKS = {"yes": "Thank you: noted as right.", "no": "Thank you: noted as wrong."}
TAKEN_BACK = "Taken back."

YES, SOMEONE_ELSE, I_KNOW = "Yes", "Someone else", "Say who it is"

_LABELS: dict[str, str] = {"back": "◀", "next": "▶", "less": "Best guess only"}
_VOTES: dict[VoteKind, tuple[str, str]] = {"yes": ("✅", "Right"), "no": ("❌", "Wrong")}


class PageButton(discord.ui.DynamicItem[discord.ui.Button[Any]], template=CARD):
    """Turns an answer's page, or opens and closes the further guesses. Anybody may press it."""

    def __init__(
        self, step: Step, page: int, opened: bool, *, label: str = "", disabled: bool = False
    ) -> None:
        super().__init__(
            discord.ui.Button(
                label=_LABELS.get(step, label),
                style=discord.ButtonStyle.secondary,
                disabled=disabled,
                custom_id=f"moedex:card:{step}:{page}:{int(opened)}",
            )
        )
        self.step: Step = step
        self.page = page
        self.opened = opened

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str]
    ) -> Self:
        """Read the state back from a pressed button."""
        step = cast("Step", match["step"])
        return cls(step, int(match["page"]), match["opened"] == "1")

    @answers_errors
    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Show the page that the button leads to."""
        await interaction.response.defer()
        await show(
            interaction,
            page=self.page + {"back": -1, "next": 1}.get(self.step, 0),
            opened={"more": True, "less": False}.get(self.step, self.opened),
        )


class FacesButton(
    discord.ui.DynamicItem[discord.ui.Button[Any]], template=r"moedex:faces:(?P<start>\d{1,4})"
):
    """Turns the question to other faces."""

    def __init__(self, start: int, label: str = "Faces") -> None:
        super().__init__(
            discord.ui.Button(
                label=label,
                style=discord.ButtonStyle.secondary,
                custom_id=f"moedex:faces:{start}",
            )
        )
        self.start = start

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str]
    ) -> Self:
        """Read the first face's index back."""
        return cls(int(match["start"]))

    @answers_errors
    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Ask about these faces."""
        await interaction.response.defer()
        await show(interaction, asked=self.start)


class YesButton(
    discord.ui.DynamicItem[discord.ui.Button[Any]], template=r"moedex:yes:(?P<face>\d{1,4})"
):
    """Says that a face was named rightly; pressed again it takes that back."""

    def __init__(self, face: int) -> None:
        super().__init__(
            discord.ui.Button(
                label=YES, style=discord.ButtonStyle.success, custom_id=f"moedex:yes:{face}"
            )
        )
        self.face = face

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str]
    ) -> Self:
        """Read the face's index back."""
        return cls(int(match["face"]))

    @answers_errors
    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Store the vote, or take it back, and say which to whoever pressed."""
        await interaction.response.defer()
        text, _ = await _vote(interaction, self.face, "yes")
        await interaction.followup.send(text, ephemeral=True)


class SomeoneElseButton(
    discord.ui.DynamicItem[discord.ui.Button[Any]], template=r"moedex:else:(?P<face>\d{1,4})"
):
    """Opens the form that asks who a face is."""

    def __init__(self, face: int, label: str = SOMEONE_ELSE) -> None:
        super().__init__(
            discord.ui.Button(
                label=label,
                style=discord.ButtonStyle.secondary,
                custom_id=f"moedex:else:{face}",
            )
        )
        self.face = face

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str]
    ) -> Self:
        """Read the face's index back."""
        return cls(int(match["face"]))

    @answers_errors
    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Open the form; what is sent back is the vote."""
        message = cast("discord.Message", interaction.message)
        answer = await services_of(interaction).recognition.await_answer(message.id)
        if answer is None or self.face >= len(answer.faces):
            raise UserError(NO_LONGER_KEPT)
        await ask_who(interaction, FaceSubject(message.id, self.face), answer)


class VoteButton(discord.ui.DynamicItem[discord.ui.Button[Any]], template=VOTE):
    """✅ or ❌ for a whole answer of the plain form, where no reaction can be."""

    def __init__(self, kind: VoteKind) -> None:
        emoji, label = _VOTES[kind]
        super().__init__(
            discord.ui.Button(
                label=label,
                emoji=emoji,
                style=discord.ButtonStyle.secondary,
                custom_id=f"moedex:vote:{kind}",
            )
        )
        self.kind: VoteKind = kind

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str]
    ) -> Self:
        """Read the kind of vote back from a pressed button."""
        return cls(cast("VoteKind", match["kind"]))

    @answers_errors
    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Store the vote, or take it back, and say which to whoever pressed.

        Where it leaves a face open, the answer turns into a question about each face.
        """
        services = services_of(interaction)
        message = cast("discord.Message", interaction.message)
        await interaction.response.defer()
        text, kept = await _vote(interaction, None, self.kind)
        if kept and CardState.of(message).asked is None:
            answer = await services.recognition.await_answer(message.id)
            if answer is not None and leaves_open(answer.faces, self.kind):
                await show(interaction, asked=0)
        await interaction.followup.send(text, ephemeral=True)


ITEMS = (PageButton, FacesButton, YesButton, SomeoneElseButton, VoteButton)


async def _vote(
    interaction: discord.Interaction[Any], face: int | None, kind: VoteKind
) -> tuple[str, bool]:
    """Store a vote, or take it back; return what to say, and whether it stands now."""
    services = services_of(interaction)
    message_id = cast("discord.Message", interaction.message).id
    votes, user_id = services.votes, interaction.user.id
    decides = await may_label(interaction.user, services.storage.settings)
    await services.recognition.await_answer(message_id)  # who presses that early is waited for
    if await votes.cast(message_id, face, user_id, kind, decides=decides):
        await show_vote(interaction, message_id)
        return THANKS[kind], True
    if await votes.take_back(message_id, face, user_id, kind):
        await show_vote(interaction, message_id)
        return TAKEN_BACK, False
    opted_out = await services.storage.consents.opted_out(user_id)
    return OPTED_OUT["correct"] if opted_out else NO_LONGER_KEPT, False
