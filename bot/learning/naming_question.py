"""What ❌ turns a card into: "who is it?", a choice a face, and a form for another name.

The same form and the same words serve `/review`, where one answer may name a whole cluster.

All state is in the `custom_id`s, so a card that was open before a restart still works. Whatever is
chosen becomes a vote, safe in the database before it is acknowledged.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self, cast

import discord

from bot.answers import pages, plain
from bot.errors import UserError, answers_errors
from bot.learning.authority import OPTED_OUT, may_label
from bot.learning.labelling import VOTES
from bot.learning.subjects import SUBJECT, ClusterSubject, FaceSubject, read_subject
from bot.learning.undoing import MODERATORS_ONLY, TakeBackButton

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.client import MoedexBot
    from bot.learning.subjects import Subject
    from bot.storage import Answer, VoteKind

FACES = 4
"""Faces asked about at once; a message has room for five rows."""
SOMEONE_ELSE = "!else"
NEW = "!new:"
NO_LONGER_KEPT = "What this answer showed is no longer kept. Ask again for a new one."
ONE_FACE = {
    "is": "Thank you: noted face {number} as **{name}**.",
    "new": "**{name}** is new here, and face {number} is noted as them.",
    "not_a_face": "Thank you: noted that {number} is no face.",
    "ignore": "All right: face {number} is left alone.",
}
CLUSTER = {
    "is": "Thank you: noted all {number} faces as **{name}**.",
    "new": "**{name}** is new here, and all {number} faces are noted as them.",
    "not_a_face": "Thank you: noted that all {number} are no faces.",
    "ignore": "All right: all {number} faces are left alone.",
}
DECIDED = "Those faces were decided, or erased, already."
CLUSTER_WHY = "one answer for {number} faces that look alike"
WHO = "I know nobody called **{name}** for sure. Whom do you mean?"
PROPOSED = "Thank you: a moderator will decide in `/review` whether **{name}** is added."
EMPTY = "A name needs at least one letter."

_LENGTH = 100
_OTHER: dict[str, VoteKind] = {"!not_a_face": "not_a_face", "!ignore": "ignore"}


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

    @answers_errors
    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Keep the choice as a vote, or open the form for another name."""
        reply_id = cast("discord.Message", interaction.message).id
        chosen = cast("dict[str, Any]", interaction.data)["values"][0]
        if chosen == SOMEONE_ELSE:
            await interaction.response.send_modal(name_form(FaceSubject(reply_id, self.face)))
            return
        await interaction.response.defer(ephemeral=True, thinking=True)
        noted = await note(interaction, FaceSubject(reply_id, self.face), chosen)
        await noted.tell(interaction)


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

    @answers_errors
    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Show the choices for these faces."""
        bot = cast("MoedexBot", interaction.client)
        await interaction.response.defer()
        answer = await bot.storage.answers.by_reply(cast("discord.Message", interaction.message).id)
        if answer is None:
            raise UserError(NO_LONGER_KEPT)
        await interaction.edit_original_response(
            view=question_view(answer, self.start, buttons=None)
        )


class PickSelect(
    discord.ui.DynamicItem[discord.ui.Select[Any]],
    template=rf"moedex:pick:(?P<subject>{SUBJECT})",
):
    """Asks which of several characters a typed name means, or whether it is a new one."""

    def __init__(self, subject: Subject, options: Sequence[discord.SelectOption] = ()) -> None:
        super().__init__(
            discord.ui.Select(
                custom_id=f"moedex:pick:{subject.key}",
                placeholder="Who is it?",
                options=list(options) or [discord.SelectOption(label="-")],
            )
        )
        self.subject = subject

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str]
    ) -> Self:
        """Read the subject back; the choice is in the interaction."""
        return cls(read_subject(match["subject"]))

    @answers_errors
    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Keep the choice; a new character is added, or proposed."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        chosen = cast("dict[str, Any]", interaction.data)["values"][0]
        noted = await note(interaction, self.subject, chosen)
        await noted.tell(interaction)


def name_form(subject: Subject) -> discord.ui.Modal:
    """Return the form that asks for a name; what is sent back is found by its `custom_id`."""
    form = discord.ui.Modal(title="Who is it?", custom_id=f"moedex:name:{subject.key}")
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


async def answer_form(interaction: discord.Interaction[Any], subject: Subject) -> None:
    """Keep a typed name as a vote, or ask back where it isn't sure who is meant."""
    bot = cast("MoedexBot", interaction.client)
    await interaction.response.defer(ephemeral=True, thinking=True)
    name = typed_name(interaction)
    if not name:
        raise UserError(EMPTY)
    roster = await bot.learning.roster(interaction.guild_id or 0)
    found = roster.find(name)
    if found is not None:
        noted = await note(interaction, subject, found.id)
        await noted.tell(interaction)
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
    view.add_item(PickSelect(subject, options))
    await interaction.followup.send(WHO.format(name=plain(name)), view=view, ephemeral=True)


@dataclass(frozen=True, slots=True)
class Noted:
    """What a choice came to: what to say, and the buttons below it."""

    text: str
    view: discord.ui.View

    async def tell(self, interaction: discord.Interaction[Any]) -> None:
        """Say it to whoever chose, after the interaction was deferred."""
        await interaction.followup.send(self.text, view=self.view, ephemeral=True)


async def note(interaction: discord.Interaction[Any], subject: Subject, chosen: str) -> Noted:
    """Keep a choice as a vote on each face of the subject. Raises UserError."""
    bot = cast("MoedexBot", interaction.client)
    server_id, user_id = interaction.guild_id or 0, interaction.user.id
    if await bot.storage.consents.opted_out(user_id):
        raise UserError(OPTED_OUT)
    decides = await may_label(interaction.user, bot.storage)
    view = discord.ui.View(timeout=None)
    if isinstance(subject, FaceSubject):
        answer = await bot.storage.answers.by_reply(subject.reply_id)
        if answer is None or subject.face >= len(answer.faces):
            raise UserError(NO_LONGER_KEPT)
        faces, words, why = [(subject.reply_id, subject.face)], ONE_FACE, VOTES
        number = number_of(answer, subject.face)
    else:
        if not decides:
            raise UserError(MODERATORS_ONLY)
        left = await bot.learning.strangers.undecided(server_id, subject.cluster_id)
        if not left:
            raise UserError(DECIDED)
        faces, words, number = [(s.reply_id, s.face_index) for s in left], CLUSTER, len(left)
        why = CLUSTER_WHY.format(number=number)
    kind, said, value = _OTHER.get(chosen, "is"), _OTHER.get(chosen, "is"), chosen
    if kind != "is":
        value = ""
    elif chosen.startswith(NEW):
        name, series = split_series(chosen.removeprefix(NEW))
        if isinstance(subject, FaceSubject) and not decides:
            arguments = {
                "name": name, "series": series, "reply_id": subject.reply_id, "face": subject.face
            }  # fmt: skip
            await bot.learning.teaching.propose(server_id, user_id, "teach", arguments)
            return Noted(PROPOSED.format(name=plain(name)), view)
        character, _ = await bot.learning.teaching.teach(server_id, user_id, name, series, [])
        value, said = character.id, "new"
    for reply_id, face in faces:
        await bot.learning.vote(
            reply_id, face, user_id, kind, value=value, decides=decides, why=why
        )
    if isinstance(subject, ClusterSubject):
        view.add_item(TakeBackButton(subject.cluster_id, kind))
    roster = await bot.learning.roster(server_id)
    return Noted(words[said].format(number=number, name=plain(roster.name(value))), view)


def split_series(name: str) -> tuple[str, str]:
    """Split "Rin (Fate)" into name and series; the series is empty where there is none."""
    match = re.fullmatch(r"(.+?)\s*[(（](.+)[)）]", name)
    return (match[1], match[2]) if match else (name, "")
