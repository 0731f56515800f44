"""Who is it? The one question behind ❌ and `/review`: a select, a form for another name, a vote.

Its subject, a face or a whole cluster, stands in the `custom_id`s, so a
question that was open before a restart still works. Whatever is chosen becomes a vote, safe in the
database before it is acknowledged, and can be taken back.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self, cast

import discord

from bot.feedback.subjects import SUBJECT, FaceSubject, read_subject
from bot.gallery.lookup import clean_name
from bot.recognition.corrections import Choice
from bot.recognition.replies import FollowUpReply, OutgoingMessage
from bot.ui.context import services_of
from bot.ui.errors import answers_errors
from bot.ui.undo import TakeBackButton
from bot.wording import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bot.feedback.subjects import Subject
    from bot.gallery.roster import ServerRoster
    from bot.storage import Answer
    from models.types import Character

ONE_FACE = {
    "is": "Thank you: noted {what} as **{name}**.",
    "new": "**{name}** is new here, and {what} is noted as them.",
    "not_a_face": "Thank you: noted that {what} is no face.",
    "ignore": "All right: {what} is left alone.",
}
CLUSTER = {
    "is": "Thank you: noted {what} as **{name}**.",
    "new": "**{name}** is new here, and {what} are noted as them.",
    "not_a_face": "Thank you: noted that {what} are no faces.",
    "ignore": "All right: {what} are left alone.",
}
WHO = "I know nobody called **{name}** for sure. Whom do you mean?"
PROPOSED = "Thank you: a moderator will decide in `/review` whether **{name}** is added."

FORM = re.compile(rf"moedex:name:({SUBJECT})")
"""The `custom_id` of a form for another name."""

_SOMEONE_ELSE = "!else"
_NEW = "!new:"
_OTHER: dict[str, Literal["not_a_face", "ignore"]] = {
    "!not_a_face": "not_a_face",
    "!ignore": "ignore",
}
_KNOWN = 20
_LENGTH = 100


def choices(
    ids: Iterable[str], roster: ServerRoster, *, many: bool = False
) -> list[discord.SelectOption]:
    """Return what a face may be called: these characters by the server's names, and the rest.

    `many` words the rest for several faces.
    """
    resolved = dict.fromkeys(key for i in ids if (key := roster.resolve(i)))
    faces = ("Not faces", "Ignore these faces") if many else ("Not a face", "Ignore this face")
    return [
        *(_option(roster.characters[key]) for key in list(resolved)[:_KNOWN]),
        discord.SelectOption(label="Someone else…", value=_SOMEONE_ELSE),
        *(
            discord.SelectOption(label=label, value=value)
            for label, value in zip(faces, _OTHER, strict=True)
        ),
    ]


def face_name(answer: Answer, index: int) -> str:
    """Return what a face of an answer is called: by its number in its picture, as the card does."""
    before = 0
    for number, picture in enumerate(answer.pictures, 1):
        if index < before + len(picture.faces):
            face = f"face {index - before + 1}"
            return face if len(answer.pictures) == 1 else f"{face} of picture {number}"
        before += len(picture.faces)
    raise IndexError(index)


class WhoSelect(
    discord.ui.DynamicItem[discord.ui.Select[Any]], template=rf"moedex:who:(?P<subject>{SUBJECT})"
):
    """Asks who a subject is; whoever may see it may answer."""

    prefix: ClassVar[str] = "moedex:who"

    def __init__(
        self,
        subject: Subject,
        options: Sequence[discord.SelectOption] = (),
        placeholder: str = "Who is it?",
    ) -> None:
        super().__init__(
            discord.ui.Select(
                custom_id=f"{self.prefix}:{subject.key}",
                placeholder=placeholder,
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
        """Keep the choice as a vote, or open the form for another name."""
        chosen = cast("dict[str, Any]", interaction.data)["values"][0]
        if chosen == _SOMEONE_ELSE:
            await interaction.response.send_modal(_form(self.subject))
            return
        await interaction.response.defer()
        said = await _correct(interaction, self.subject, _choice(chosen))
        await self.go_on(interaction)
        await FollowUpReply(interaction).send(said)

    async def go_on(self, interaction: discord.Interaction[Any]) -> None:
        """Change the message that asked, once the vote is kept; an answer's card stays."""


async def answer_form(interaction: discord.Interaction[Any], subject: Subject) -> None:
    """Keep a typed name as a vote, or ask back where it isn't sure who is meant."""
    services = services_of(interaction)
    await interaction.response.defer(ephemeral=True, thinking=True)
    name = clean_name(_typed(interaction))
    roster = await services.galleries.roster(interaction.guild_id or 0)
    found = roster.find(name)
    if found is not None:
        said = await _correct(interaction, subject, Choice("is", found.id))
        await FollowUpReply(interaction).send(said)
        return
    options = [_option(match.character) for match in roster.index.search(name)]
    new = f"New character: {name}"
    options.append(discord.SelectOption(label=new[:_LENGTH], value=f"{_NEW}{name}"[:_LENGTH]))
    view = discord.ui.View(timeout=None)
    view.add_item(WhoSelect(subject, options))
    await interaction.followup.send(WHO.format(name=plain(name)), view=view, ephemeral=True)


async def _correct(
    interaction: discord.Interaction[Any], subject: Subject, choice: Choice
) -> OutgoingMessage:
    """Take a choice in, and return what to say about it. Raises UserError."""
    done = await services_of(interaction).corrections.correct(interaction, subject, choice)
    name = plain(done.name)
    if done.outcome == "proposed" or done.vote is None:
        return OutgoingMessage(PROPOSED.format(name=name))
    view = discord.ui.View(timeout=None)
    view.add_item(TakeBackButton(subject, done.vote))
    if isinstance(subject, FaceSubject) and done.answer is not None:
        text = ONE_FACE[done.outcome].format(what=face_name(done.answer, subject.face), name=name)
    else:
        text = CLUSTER[done.outcome].format(what=f"all {done.faces} faces", name=name)
    return OutgoingMessage(text, view=view)


def _option(character: Character) -> discord.SelectOption:
    return discord.SelectOption(
        label=character.name[:_LENGTH],
        value=character.id,
        description=character.series[:_LENGTH] or None,
    )


def _form(subject: Subject) -> discord.ui.Modal:
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


def _typed(interaction: discord.Interaction[Any]) -> str:
    rows = cast("dict[str, Any]", interaction.data).get("components", [])
    for row in rows:
        for field in [row.get("component"), *row.get("components", [])]:
            if field and field.get("custom_id") == "name":
                return " ".join(str(field.get("value", "")).split())
    return ""


def _choice(value: str) -> Choice:
    """Read a choice back from the value of the select's option."""
    if value in _OTHER:
        return Choice(_OTHER[value])
    if not value.startswith(_NEW):
        return Choice("is", value)
    name = value.removeprefix(_NEW)
    # "Rin (Fate)" names the series too.
    match = re.fullmatch(r"(.+?)\s*[(（](.+)[)）]", name)
    return Choice("new", match[1], match[2]) if match else Choice("new", name)
