"""Who is it? The one question behind "Someone else", ❌ and `/review`: a form, a select, a vote.

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
from bot.ui.answer_edits import show_vote
from bot.ui.context import services_of
from bot.ui.errors import answers_errors
from bot.ui.undo import TakeBackButton
from bot.wording import plain
from models.types import Tier

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
    "no": "Thank you: noted that {what} is somebody else.",
}
CLUSTER = {
    "is": "Thank you: noted {what} as **{name}**.",
    "new": "**{name}** is new here, and {what} are noted as them.",
    "not_a_face": "Thank you: noted that {what} are no faces.",
    "ignore": "All right: {what} are left alone.",
}
WHO = "I know nobody called **{name}** for sure. Whom do you mean?"
NOBODY = "I know nobody called **{name}**. Is that a new character?"
NEW_CHARACTER = "New character"
PROPOSED = "Thank you: a moderator will decide in `/review` whether **{name}** is added."

FORM = re.compile(rf"moedex:name:({SUBJECT})")
"""The `custom_id` of a form for another name."""

_SOMEONE_ELSE = "!else"
_NEW = "!new:"
_OTHER: dict[str, Literal["not_a_face", "ignore", "no"]] = {
    "!not_a_face": "not_a_face",
    "!ignore": "ignore",
    "!no": "no",
}
_NOT_THEM = discord.SelectOption(label="Not them, and I don't know who", value="!no")
_KNOWN = 20
_LENGTH = 100
_NAME_LENGTH = 60
"""Letters of a typed name: it travels in the `custom_id` of a button, beside the subject."""


def choices(
    ids: Iterable[str], roster: ServerRoster, *, many: bool = False, typed: bool = True
) -> list[discord.SelectOption]:
    """Return what a face may be called: these characters by the server's names, and the rest.

    `many` words the rest for several faces; `typed` offers to type another name.
    """
    resolved = dict.fromkeys(key for i in ids if (key := roster.resolve(i)))
    faces = ("Not faces", "Ignore these faces") if many else ("Not a face", "Ignore this face")
    return [
        *(_option(roster.characters[key]) for key in list(resolved)[:_KNOWN]),
        *([discord.SelectOption(label="Someone else…", value=_SOMEONE_ELSE)] if typed else []),
        *(
            discord.SelectOption(label=label, value=value)
            for label, value in zip(faces, _OTHER, strict=False)
        ),
    ]


def face_name(index: int) -> str:
    """Return what a face of an answer is called: by its number there."""
    return f"face {index + 1}"


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


async def ask_who(
    interaction: discord.Interaction[Any], subject: FaceSubject, answer: Answer
) -> None:
    """Open the form that asks who a face of an answer is: whom else it may be, or a name."""
    face = answer.faces[subject.face]
    roster = await services_of(interaction).galleries.roster(answer.server_id or 0)
    said = face.best is not None and face.tier is not Tier.NOT_KNOWN
    ids = [guess.character_id for guess in face.guesses[:5]]
    options = choices(ids[1:] if said else ids, roster, typed=False)
    if said:
        options.append(_NOT_THEM)
    await interaction.response.send_modal(_form(subject, options))


async def answer_form(interaction: discord.Interaction[Any], subject: Subject) -> None:
    """Keep what a form says as a vote, or ask back where it isn't sure who is meant."""
    services = services_of(interaction)
    on_answer = isinstance(subject, FaceSubject) and _is_on(interaction, subject.reply_id)
    if on_answer:  # so that the answer can be edited, if only its asker sees it
        await interaction.response.defer()
    else:
        await interaction.response.defer(ephemeral=True, thinking=True)
    typed, chosen = _filled_in(interaction)
    name = clean_name(typed) if typed or not chosen else ""
    roster = await services.galleries.roster(interaction.guild_id or 0)
    found = roster.find(name) if name else None
    if found is not None or not name:
        choice = Choice("is", found.id) if found is not None else _choice(chosen)
        said = await _correct(interaction, subject, choice)
        await FollowUpReply(interaction).send(said)
        return
    view = discord.ui.View(timeout=None)
    alike = [_option(match.character) for match in roster.index.search(name)]
    if alike:
        view.add_item(WhoSelect(subject, alike))
    view.add_item(NewCharacterButton(subject, name))
    text = (WHO if alike else NOBODY).format(name=plain(name))
    await interaction.followup.send(text, view=view, ephemeral=True)


class NewCharacterButton(
    discord.ui.DynamicItem[discord.ui.Button[Any]],
    template=rf"moedex:new:(?P<subject>{SUBJECT}):(?P<name>.{{1,{_NAME_LENGTH}}})",
):
    """Names a subject as somebody whom nobody here knew before, by the name that was typed."""

    def __init__(self, subject: Subject, name: str) -> None:
        super().__init__(
            discord.ui.Button(
                label=NEW_CHARACTER,
                style=discord.ButtonStyle.primary,
                custom_id=f"moedex:new:{subject.key}:{name}",
            )
        )
        self.subject = subject
        self.name = name

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str]
    ) -> Self:
        """Read subject and name back."""
        return cls(read_subject(match["subject"]), match["name"])

    @answers_errors
    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Keep the new character as a vote, or as a proposal."""
        await interaction.response.defer()
        said = await _correct(interaction, self.subject, _choice(f"{_NEW}{self.name}"))
        await FollowUpReply(interaction).send(said)


async def _correct(
    interaction: discord.Interaction[Any], subject: Subject, choice: Choice
) -> OutgoingMessage:
    """Take a choice in, and return what to say about it. Raises UserError."""
    done = await services_of(interaction).corrections.correct(interaction, subject, choice)
    if isinstance(subject, FaceSubject):
        await show_vote(interaction, subject.reply_id)
    name = plain(done.name)
    if done.outcome == "proposed" or done.vote is None:
        return OutgoingMessage(PROPOSED.format(name=name))
    view = discord.ui.View(timeout=None)
    view.add_item(TakeBackButton(subject, done.vote))
    if isinstance(subject, FaceSubject) and done.answer is not None:
        what = "this face" if len(done.answer.faces) == 1 else face_name(subject.face)
        text = ONE_FACE[done.outcome].format(what=what, name=name)
    else:
        text = CLUSTER[done.outcome].format(what=f"all {done.faces} faces", name=name)
    return OutgoingMessage(text, view=view)


def _is_on(interaction: discord.Interaction[Any], reply_id: int) -> bool:
    return interaction.message is not None and interaction.message.id == reply_id


def _option(character: Character) -> discord.SelectOption:
    return discord.SelectOption(
        label=character.name[:_LENGTH],
        value=character.id,
        description=character.series[:_LENGTH] or None,
    )


def _form(subject: Subject, options: Sequence[discord.SelectOption] = ()) -> discord.ui.Modal:
    """Return the form that asks for a name; what is sent back is found by its `custom_id`.

    `options` are who it may be: then a name need not be typed.
    """
    form = discord.ui.Modal(title="Who is it?", custom_id=f"moedex:name:{subject.key}")
    if options:
        form.add_item(
            discord.ui.Label(
                text="One of these",
                component=discord.ui.Select(
                    custom_id="choice",
                    placeholder="Choose, or type a name below",
                    options=list(options),
                    min_values=0,
                    required=False,
                ),
            )
        )
    form.add_item(
        discord.ui.Label(
            text="Or a name" if options else "Name",
            description="Any language; add the series in brackets if it helps",
            component=discord.ui.TextInput(
                custom_id="name",
                max_length=_NAME_LENGTH,
                min_length=0 if options else 1,
                required=not options,
            ),
        )
    )
    return form


def _filled_in(interaction: discord.Interaction[Any]) -> tuple[str, str]:
    """Return the name that was typed into a form, and what was chosen; each may be empty."""
    rows = cast("dict[str, Any]", interaction.data).get("components", [])
    fields = [
        field
        for row in rows
        for field in [row.get("component"), *row.get("components", [])]
        if field
    ]
    typed = next((str(each.get("value") or "") for each in fields if "value" in each), "")
    chosen = next((each["values"] for each in fields if each.get("values")), [""])
    return " ".join(typed.split()), str(chosen[0])


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
