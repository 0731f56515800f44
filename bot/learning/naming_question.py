"""What ❌ turns a card into: "who is it?", a choice a face, and a form for another name.

All state is in the `custom_id`s, so a card that was open before a restart still works. Whatever is
chosen becomes a vote, safe in the database before it is acknowledged.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Self, cast

import discord

from bot.answers import pages, plain
from bot.errors import UserError, answer_interaction_error
from bot.learning.authority import may_label

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.client import MoedexBot
    from bot.storage import Answer

FACES = 4
"""Faces asked about at once; a message has room for five rows."""
SOMEONE_ELSE = "!else"
NEW = "!new:"
NO_LONGER_KEPT = "What this answer showed is no longer kept. Ask again for a new one."
NOTED = "Thank you: noted face {number} as **{name}**."
NOTED_OTHER = {
    "not_a_face": "Thank you: noted that {number} is no face.",
    "ignore": "All right: face {number} is left alone.",
}
WHO = "I know nobody called **{name}** for sure. Whom do you mean?"
ADDED = "**{name}** is new here, and face {number} is noted as them."
PROPOSED = "Thank you: a moderator will decide in `/review` whether **{name}** is added."
EMPTY = "A name needs at least one letter."

_LENGTH = 100


def question_view(
    answer: Answer, start: int, *, buttons: discord.ui.View | None
) -> discord.ui.View:
    """Return the choices for up to four faces from `start`, above the card's own buttons."""
    view = discord.ui.View(timeout=None)
    faces = answer.faces
    for index in range(start, min(start + FACES, len(faces))):
        view.add_item(FaceSelect(index, _options(faces[index]), number=number_of(answer, index)))
    if start > 0:
        view.add_item(MoreFaces(start - FACES, "◀ Faces"))
    if start + FACES < len(faces):
        view.add_item(MoreFaces(start + FACES, "Faces ▶"))
    for item in buttons.children if buttons else ():
        item.row = None
        view.add_item(item)
    return view


def number_of(answer: Answer, index: int) -> int:
    """Return the number that a face has in its picture, as the card shows it."""
    before = 0
    for page in pages(answer.pictures):
        count = page.stop - page.start
        if index < before + count:
            return page.start + index - before + 1
        before += count
    return index + 1


def _options(face: dict[str, Any]) -> list[discord.SelectOption]:
    known = [
        discord.SelectOption(
            label=guess["name"][:_LENGTH] or guess["id"][:_LENGTH],
            value=guess["id"],
            description=guess["series"][:_LENGTH] or None,
        )
        for guess in face["guesses"][:5]
    ]
    return [
        *known,
        discord.SelectOption(label="Someone else…", value=SOMEONE_ELSE),
        discord.SelectOption(label="Not a face", value="!not_a_face"),
        discord.SelectOption(label="Ignore this face", value="!ignore"),
    ]


class FaceSelect(
    discord.ui.DynamicItem[discord.ui.Select[Any]], template=r"moedex:face:(?P<face>\d{1,4})"
):
    """Asks who a face is."""

    def __init__(
        self, face: int, options: Sequence[discord.SelectOption] = (), *, number: int = 0
    ) -> None:
        super().__init__(
            discord.ui.Select(
                custom_id=f"moedex:face:{face}",
                placeholder=f"Who is face {number}?",
                options=list(options) or [discord.SelectOption(label="-")],
            )
        )
        self.face = face

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str]
    ) -> Self:
        """Read the face's index back; the choice is in the interaction."""
        return cls(int(match["face"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Keep the choice as a vote, or open the form for another name."""
        try:
            await self._choose(interaction)
        except Exception as error:  # discord.py would leave it unanswered
            await answer_interaction_error(interaction, error)

    async def _choose(self, interaction: discord.Interaction[Any]) -> None:
        reply_id = cast("discord.Message", interaction.message).id
        chosen = cast("dict[str, Any]", interaction.data)["values"][0]
        if chosen == SOMEONE_ELSE:
            await interaction.response.send_modal(name_form(f"moedex:name:{reply_id}:{self.face}"))
            return
        await interaction.response.defer(ephemeral=True, thinking=True)
        text = await note(interaction, reply_id, self.face, chosen)
        await interaction.followup.send(text, ephemeral=True)


class MoreFaces(
    discord.ui.DynamicItem[discord.ui.Button[Any]], template=r"moedex:faces:(?P<start>\d{1,4})"
):
    """Turns to the next four faces."""

    def __init__(self, start: int, label: str = "Faces") -> None:
        super().__init__(
            discord.ui.Button(
                label=label,
                style=discord.ButtonStyle.secondary,
                custom_id=f"moedex:faces:{max(0, start)}",
            )
        )
        self.start = max(0, start)

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str]
    ) -> Self:
        """Read the first face's index back."""
        return cls(int(match["start"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Show the choices for these faces."""
        try:
            bot = cast("MoedexBot", interaction.client)
            await interaction.response.defer()
            answer = await bot.storage.answers.by_reply(
                cast("discord.Message", interaction.message).id
            )
            if answer is None:
                raise UserError(NO_LONGER_KEPT)
            await interaction.edit_original_response(
                view=question_view(answer, self.start, buttons=None)
            )
        except Exception as error:  # discord.py would leave it unanswered
            await answer_interaction_error(interaction, error)


class PickSelect(
    discord.ui.DynamicItem[discord.ui.Select[Any]],
    template=r"moedex:pick:(?P<reply>\d{1,20}):(?P<face>\d{1,4})",
):
    """Asks which of several characters a typed name means, or whether it is a new one."""

    def __init__(
        self, reply_id: int, face: int, options: Sequence[discord.SelectOption] = ()
    ) -> None:
        super().__init__(
            discord.ui.Select(
                custom_id=f"moedex:pick:{reply_id}:{face}",
                placeholder="Who is it?",
                options=list(options) or [discord.SelectOption(label="-")],
            )
        )
        self.reply_id, self.face = reply_id, face

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str]
    ) -> Self:
        """Read answer and face back; the choice is in the interaction."""
        return cls(int(match["reply"]), int(match["face"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Keep the choice; a new character is added, or proposed."""
        try:
            await interaction.response.defer(ephemeral=True, thinking=True)
            chosen = cast("dict[str, Any]", interaction.data)["values"][0]
            text = await note(interaction, self.reply_id, self.face, chosen)
            await interaction.followup.send(text, ephemeral=True)
        except Exception as error:  # discord.py would leave it unanswered
            await answer_interaction_error(interaction, error)


def name_form(custom_id: str) -> discord.ui.Modal:
    """Return the form that asks for a name; what is sent back is found by its `custom_id`."""
    form = discord.ui.Modal(title="Who is it?", custom_id=custom_id)
    form.add_item(
        discord.ui.Label(
            text="Name",
            description="Any language; add the series in brackets if it helps",
            component=discord.ui.TextInput(custom_id="name", max_length=90, min_length=1),
        )
    )
    return form


def typed_name(interaction: discord.Interaction[Any]) -> str:
    """Return what was typed into the form of `name_form`."""
    rows = cast("dict[str, Any]", interaction.data).get("components", [])
    for row in rows:
        for field in [row.get("component"), *row.get("components", [])]:
            if field and field.get("custom_id") == "name":
                return " ".join(str(field.get("value", "")).split())
    return ""


async def answer_form(interaction: discord.Interaction[Any], reply_id: int, face: int) -> None:
    """Keep a typed name as a vote, or ask back where it isn't sure who is meant."""
    bot = cast("MoedexBot", interaction.client)
    await interaction.response.defer(ephemeral=True, thinking=True)
    name = typed_name(interaction)
    if not name:
        raise UserError(EMPTY)
    roster = await bot.learning.roster(interaction.guild_id or 0)
    found = roster.find(name)
    if found is not None:
        text = await note(interaction, reply_id, face, found.id)
        await interaction.followup.send(text, ephemeral=True)
        return
    options = [
        discord.SelectOption(
            label=match.character.name[:_LENGTH],
            value=match.character.id,
            description=match.character.series[:_LENGTH] or None,
        )
        for match in roster.index.search(name)
    ]
    new = f"New character: {name}"
    options.append(discord.SelectOption(label=new[:_LENGTH], value=f"{NEW}{name}"[:_LENGTH]))
    view = discord.ui.View(timeout=None)
    view.add_item(PickSelect(reply_id, face, options))
    await interaction.followup.send(WHO.format(name=plain(name)), view=view, ephemeral=True)


async def note(interaction: discord.Interaction[Any], reply_id: int, face: int, chosen: str) -> str:
    """Keep a choice as a vote; return what to say. Raises UserError."""
    bot = cast("MoedexBot", interaction.client)
    answer = await bot.storage.answers.by_reply(reply_id)
    if answer is None or face >= len(answer.faces):
        raise UserError(NO_LONGER_KEPT)
    number = number_of(answer, face)
    user_id = interaction.user.id
    decides = await may_label(interaction.user, bot.storage)
    if chosen == "!not_a_face":
        await bot.learning.vote(reply_id, face, user_id, "not_a_face", decides=decides)
        return NOTED_OTHER["not_a_face"].format(number=number)
    if chosen == "!ignore":
        await bot.learning.vote(reply_id, face, user_id, "ignore", decides=decides)
        return NOTED_OTHER["ignore"].format(number=number)
    template = NOTED
    if chosen.startswith(NEW):
        name = chosen.removeprefix(NEW)
        name, series = split_series(name)
        server_id = answer.server_id or 0
        if not decides:
            arguments = {"name": name, "series": series, "reply_id": reply_id, "face": face}
            await bot.learning.teaching.propose(server_id, user_id, "teach", arguments)
            return PROPOSED.format(name=plain(name))
        character, _ = await bot.learning.teaching.teach(server_id, user_id, name, series, [])
        chosen, template = character.id, ADDED
    roster = await bot.learning.roster(answer.server_id or 0)
    await bot.learning.vote(reply_id, face, user_id, "is", value=chosen, decides=decides)
    return template.format(number=number, name=plain(roster.name(chosen)))


def split_series(name: str) -> tuple[str, str]:
    """Split "Rin (Fate)" into name and series; the series is empty where there is none."""
    match = re.fullmatch(r"(.+?)\s*[(（](.+)[)）]", name)
    return (match[1], match[2]) if match else (name, "")
