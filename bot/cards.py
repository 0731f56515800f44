"""The buttons under an answer. Their whole state is in their `custom_id`.

So they work after a restart too: what a page shows is read from the storage by the id of the
message that the button is on.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, Self, cast

import discord

from bot import answers
from bot.errors import answers_errors
from bot.learning.authority import OPTED_OUT, may_label
from bot.learning.naming_question import question_view

if TYPE_CHECKING:
    from bot.client import MoedexBot
    from bot.storage import AnsweredPicture, VoteKind

NO_LONGER_KEPT = "What this answer showed is no longer kept. Ask again for a new one."
THANKS = {"yes": "Thank you: noted as right.", "no": "Thank you: noted as wrong."}
TAKEN_BACK = "Taken back."

Step = Literal["back", "next", "more", "less"]

_LABELS: dict[str, str] = {"back": "◀", "next": "▶", "less": "Best guess only"}
_VOTES: dict[VoteKind, tuple[str, str]] = {"yes": ("✅", "Right"), "no": ("❌", "Wrong")}


def card_view(
    pictures: Sequence[AnsweredPicture], page: int, *, opened: bool, guesses: int, votes: bool
) -> discord.ui.View | None:
    """Return the buttons under page `page` of a card; None if it needs none.

    `guesses` is how many guesses a face may show; `votes` puts ✅ and ❌ among the buttons, for
    answers that can't carry reactions. `opened` is whether the guesses after the best are shown.
    """
    view = discord.ui.View(timeout=None)
    last = len(answers.pages(pictures)) - 1
    if last > 0:
        view.add_item(PageButton("back", page, opened, disabled=page <= 0))
        view.add_item(PageButton("next", page, opened, disabled=page >= last))
    others = min(guesses, answers.most_guesses(pictures, page)) - 1
    if others > 0:
        step: Step = "less" if opened else "more"
        view.add_item(PageButton(step, page, opened, label=f"Next {others} guesses"))
    if votes and answers.any_face(pictures):
        view.add_item(VoteButton("yes"))
        view.add_item(VoteButton("no"))
    return view if view.children else None


class PageButton(
    discord.ui.DynamicItem[discord.ui.Button[Any]],
    template=r"moedex:card:(?P<step>back|next|more|less):(?P<page>\d{1,4}):(?P<opened>[01])",
):
    """Turns a card's page, or opens and closes the further guesses. Anybody may press it."""

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
        bot = cast("MoedexBot", interaction.client)
        message = cast("discord.Message", interaction.message)
        await interaction.response.defer()
        answer = await bot.asking.kept(message.id)
        if answer is None or not answer.pictures:
            await interaction.followup.send(NO_LONGER_KEPT, ephemeral=True)
            return
        page = self.page + {"back": -1, "next": 1}.get(self.step, 0)
        page = max(0, min(page, len(answers.pages(answer.pictures)) - 1))
        opened = {"more": True, "less": False}.get(self.step, self.opened)
        settings = await bot.storage.settings.get(answer.server_id or 0)
        await interaction.edit_original_response(
            embed=answers.embed(answer.pictures, page, opened=opened, guesses=settings.guesses),
            view=card_view(
                answer.pictures,
                page,
                opened=opened,
                guesses=settings.guesses,
                votes=_has_votes(message),
            ),
        )


class VoteButton(
    discord.ui.DynamicItem[discord.ui.Button[Any]], template=r"moedex:vote:(?P<kind>yes|no)"
):
    """✅ or ❌ as a button, where no reaction can be; pressed again it takes the vote back."""

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
        """Store the vote, or take it back, and say which to whoever pressed."""
        bot = cast("MoedexBot", interaction.client)
        reply_id = cast("discord.Message", interaction.message).id
        await interaction.response.defer()
        learning, user_id = bot.learning, interaction.user.id
        decides = await may_label(interaction.user, bot.storage)
        answer = await bot.asking.kept(reply_id)
        if await learning.vote(reply_id, None, user_id, self.kind, decides=decides):
            text = THANKS[self.kind]
            if self.kind == "no" and answer is not None and answer.faces:
                votes = discord.ui.View(timeout=None)
                votes.add_item(VoteButton("yes"))
                votes.add_item(VoteButton("no"))
                await interaction.edit_original_response(
                    view=question_view(answer, 0, buttons=votes)
                )
        elif await learning.take_back(reply_id, None, user_id, self.kind):
            text = TAKEN_BACK
        else:
            opted_out = await bot.storage.consents.opted_out(user_id)
            text = OPTED_OUT if opted_out else NO_LONGER_KEPT
        await interaction.followup.send(text, ephemeral=True)


def _has_votes(message: discord.Message) -> bool:
    return any(
        (getattr(button, "custom_id", None) or "").startswith("moedex:vote:")
        for row in message.components
        if isinstance(row, discord.ActionRow)
        for button in row.children
    )
