"""The buttons and questions under an answer. Their whole state is in their `custom_id`s.

So they work after a restart too: what a page shows is read from the storage by the id of the
message that the button is on.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, Self, cast

import discord

from bot.errors import UserError
from bot.feedback.authority import may_label
from bot.feedback.subjects import FaceSubject
from bot.recognition.admission import OPTED_OUT
from bot.recognition.corrections import NO_LONGER_KEPT
from bot.ui import answer_text as answers
from bot.ui.context import services_of
from bot.ui.errors import answers_errors
from bot.ui.naming_question import WhoSelect, choices, face_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bot.services import Services
    from bot.storage import Answer, AnsweredPicture, VoteKind

THANKS = {"yes": "Thank you: noted as right.", "no": "Thank you: noted as wrong."}
TAKEN_BACK = "Taken back."

Step = Literal["back", "next", "more", "less"]

_FACES = 4
"""Faces that a card asks about at once, at most: a message has room for five rows."""
_ROWS, _IN_A_ROW = 5, 5
_LABELS: dict[str, str] = {"back": "◀", "next": "▶", "less": "Best guess only"}
_VOTES: dict[VoteKind, tuple[str, str]] = {"yes": ("✅", "Right"), "no": ("❌", "Wrong")}
_CARD = re.compile(r"moedex:card:(?P<step>back|next|more|less):(?P<page>\d{1,4}):(?P<opened>[01])")
_FACE = re.compile(r"moedex:who:\d+:(?P<face>\d+)")


@dataclass(frozen=True, slots=True)
class CardState:
    """What a card shows: the page, whether further guesses too, ✅ and ❌ as buttons or not.

    `asked` is the first face that the question below it is about; None where nothing is asked.
    """

    page: int = 0
    opened: bool = False
    votes: bool = False
    asked: int | None = None

    @classmethod
    def of(cls, message: discord.Message) -> CardState:
        """Read the state back from what is under a card."""
        ids = list(_custom_ids(message))
        card = next((m for i in ids if (m := _CARD.fullmatch(i))), None)
        face = next((m for i in ids if (m := _FACE.fullmatch(i))), None)
        return cls(
            page=int(card["page"]) if card else 0,
            opened=card is not None and card["opened"] == "1",
            votes=any(i.startswith("moedex:vote:") for i in ids),
            asked=int(face["face"]) if face else None,
        )


def card_view(
    pictures: Sequence[AnsweredPicture], state: CardState, *, guesses: int
) -> discord.ui.View | None:
    """Return the buttons under a card without a question; None if it needs none.

    `guesses` is how many guesses a face may show.
    """
    return _view(_buttons(pictures, state, guesses))


async def edit_of(services: Services, answer: Answer, state: CardState) -> dict[str, Any]:
    """Return what an edit of the card's message takes to show a state."""
    guesses = (await services.storage.settings.get(answer.server_id or 0)).guesses
    items = _buttons(answer.pictures, state, guesses)
    if state.asked is not None:
        items = [*await _question(services, answer, state.asked, items), *items]
    embed = answers.embed(answer.pictures, state.page, opened=state.opened, guesses=guesses)
    return {"embed": embed, "view": _view(items)}


async def ask(services: Services, message: discord.Message) -> None:
    """Turn a card into a question, where it is none yet and is still kept."""
    answer, state = await services.recognition.await_answer(message.id), CardState.of(message)
    if answer is not None and answer.faces and state.asked is None:
        await message.edit(**await edit_of(services, answer, replace(state, asked=0)))


def _buttons(
    pictures: Sequence[AnsweredPicture], state: CardState, guesses: int
) -> list[discord.ui.Item[Any]]:
    page, opened = state.page, state.opened
    items: list[discord.ui.Item[Any]] = []
    last = len(answers.pages(pictures)) - 1
    if last > 0:
        items.append(PageButton("back", page, opened, disabled=page <= 0))
        items.append(PageButton("next", page, opened, disabled=page >= last))
    others = min(guesses, answers.most_guesses(pictures, page)) - 1
    if others > 0:
        step: Step = "less" if opened else "more"
        items.append(PageButton(step, page, opened, label=f"Next {others} guesses"))
    if state.votes and answers.any_face(pictures):
        items += [VoteButton("yes"), VoteButton("no")]
    return items


async def _question(
    services: Services, answer: Answer, start: int, below: Sequence[discord.ui.Item[Any]]
) -> list[discord.ui.Item[Any]]:
    """Return a select a face from `start` on, as many as fit, and buttons to the other faces."""
    roster = await services.galleries.roster(answer.server_id or 0)
    buttons = len(below) + 2 * (len(answer.faces) > _FACES)
    room = min(_FACES, _ROWS - -(-buttons // _IN_A_ROW))
    stop = min(start + room, len(answer.faces))
    items: list[discord.ui.Item[Any]] = [
        WhoSelect(
            FaceSubject(answer.reply_id, index),
            choices((guess.character_id for guess in answer.faces[index].guesses[:5]), roster),
            f"Who is {face_name(answer, index)}?",
        )
        for index in range(start, stop)
    ]
    if start > 0:
        items.append(FacesButton(max(0, start - room), "◀ Faces"))
    if stop < len(answer.faces):
        items.append(FacesButton(stop, "Faces ▶"))
    return items


def _view(items: Sequence[discord.ui.Item[Any]]) -> discord.ui.View | None:
    view = discord.ui.View(timeout=None)
    for item in items:
        view.add_item(item)
    return view if items else None


def _custom_ids(message: discord.Message) -> Iterator[str]:
    for row in message.components:
        if isinstance(row, discord.ActionRow):
            for item in row.children:
                yield getattr(item, "custom_id", None) or ""


async def _show(interaction: discord.Interaction[Any], **changes: Any) -> None:
    """Show the card that an interaction came from with a changed state. Raises UserError."""
    services = services_of(interaction)
    message = cast("discord.Message", interaction.message)
    answer = await services.recognition.await_answer(message.id)
    if answer is None or not answer.pictures:
        raise UserError(NO_LONGER_KEPT)
    state = replace(CardState.of(message), **changes)
    last = len(answers.pages(answer.pictures)) - 1
    state = replace(state, page=max(0, min(state.page, last)))
    await interaction.edit_original_response(**await edit_of(services, answer, state))


class PageButton(discord.ui.DynamicItem[discord.ui.Button[Any]], template=_CARD):
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
        await interaction.response.defer()
        await _show(
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
        await _show(interaction, asked=self.start)


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
        services = services_of(interaction)
        message = cast("discord.Message", interaction.message)
        await interaction.response.defer()
        votes, user_id = services.votes, interaction.user.id
        decides = await may_label(interaction.user, services.storage.settings)
        await services.recognition.await_answer(message.id)  # who presses that early is waited for
        if await votes.cast(message.id, None, user_id, self.kind, decides=decides):
            text = THANKS[self.kind]
            if self.kind == "no" and CardState.of(message).asked is None:
                await _show(interaction, asked=0)
        elif await votes.take_back(message.id, None, user_id, self.kind):
            text = TAKEN_BACK
        else:
            opted_out = await services.storage.consents.opted_out(user_id)
            text = OPTED_OUT["correct"] if opted_out else NO_LONGER_KEPT
        await interaction.followup.send(text, ephemeral=True)
