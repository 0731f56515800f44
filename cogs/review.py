"""`/review`: walks a moderator through disputed faces and proposals, one at a time.

A crop is shown only to somebody who may see the channel it came from, and a hidden one as a
spoiler. Every answer here is a vote, or a change of the gallery, that can be taken back.
"""

from __future__ import annotations

import re
from io import BytesIO
from typing import TYPE_CHECKING, Any, Self, cast

import discord
from discord import app_commands
from discord.ext import commands

from bot.answers import plain
from bot.errors import UserError, answer_interaction_error
from bot.learning.authority import may_label
from bot.learning.consensus import SPECIAL_LABELS
from bot.learning.naming_question import SOMEONE_ELSE, name_form, note
from bot.learning.undoing import MODERATORS_ONLY

if TYPE_CHECKING:
    from bot.client import MoedexBot
    from bot.learning.roster import ServerRoster
    from bot.storage.learning_records import Proposal, Sighting

NOTHING = "Nothing waits for a decision."
DISPUTED = "**Who is this?** The votes disagree. {link}"
PROPOSAL = "**A proposal** by <@{user_id}>: {what}"
GONE = "That was decided already."

_LENGTH = 100
_WHAT = {
    "teach": "add **{name}** {series}",
    "alias": "call **{character}** also **{alias}**",
    "rename": "call **{character}** from now on **{name}**",
    "merge": "make **{character}** and **{into}** one",
    "forget": "forget **{character}**",
}


class Review(commands.Cog):
    """The review queue."""

    def __init__(self, bot: MoedexBot) -> None:
        self.bot = bot

    async def cog_load(self) -> None:
        """Make reviews opened before a restart work."""
        self.bot.add_dynamic_items(FaceDecision, ProposalButton, SkipButton)

    async def cog_unload(self) -> None:
        """Stop listening."""
        self.bot.remove_dynamic_items(FaceDecision, ProposalButton, SkipButton)

    @app_commands.command(name="review")
    @app_commands.guild_only()
    async def review(self, interaction: discord.Interaction[MoedexBot]) -> None:
        """Decide what waits: disputed faces, and what members proposed."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        await show(interaction, 0)


async def show(interaction: discord.Interaction[Any], place: int) -> None:
    """Show the item at a place of the queue in the answer to an interaction."""
    bot = cast("MoedexBot", interaction.client)
    if not await may_label(interaction.user, bot.storage):
        raise UserError(MODERATORS_ONLY)
    server_id = interaction.guild_id or 0
    proposals = await bot.storage.proposals.waiting(server_id)
    disputed = [
        sighting
        for sighting, _ in await bot.storage.labels.in_server(server_id, "disputed")
        if _may_see(interaction, sighting)
    ]
    roster = await bot.learning.roster(server_id)
    view = discord.ui.View(timeout=None)
    files: list[discord.File] = []
    if place < len(proposals):
        text = _describe(proposals[place], roster)
        view.add_item(ProposalButton(proposals[place].id, accept=True))
        view.add_item(ProposalButton(proposals[place].id, accept=False))
        exemplars = await bot.storage.galleries.exemplars_of(proposals[place].id)
        sheet = await bot.learning.crops.sheet(e.crop for e in exemplars if e.crop)
        if sheet:
            files.append(discord.File(BytesIO(sheet), "drawings.png"))
    elif place < len(proposals) + len(disputed):
        face = disputed[place - len(proposals)]
        link = f"https://discord.com/channels/{server_id}/{face.channel_id}/{face.reply_id}"
        text = DISPUTED.format(link=link)
        view.add_item(FaceDecision(face.id, await _candidates(bot, face, roster)))
        data = await bot.learning.crops.load(face.crop) if face.crop else None
        if data:
            files.append(discord.File(BytesIO(data), "face.webp", spoiler=face.hidden))
    else:
        await interaction.edit_original_response(content=NOTHING, view=None, attachments=[])
        return
    if place + 1 < len(proposals) + len(disputed):
        view.add_item(SkipButton(place + 1))
    await interaction.edit_original_response(
        content=text,
        view=view,
        attachments=files,
        allowed_mentions=discord.AllowedMentions.none(),
    )


def _may_see(interaction: discord.Interaction[Any], sighting: Sighting) -> bool:
    guild, member = interaction.guild, interaction.user
    if guild is None or not isinstance(member, discord.Member):
        return False
    channel = guild.get_channel_or_thread(sighting.channel_id)
    if channel is None or not channel.permissions_for(member).view_channel:
        return False
    restricted = bool(getattr(channel, "is_nsfw", bool)())
    here = getattr(interaction.channel, "is_nsfw", bool)
    return not restricted or bool(here())


def _describe(proposal: Proposal, roster: ServerRoster) -> str:
    words = {key: plain(str(value)) for key, value in proposal.arguments.items()}
    for key in ("character", "into"):
        if key in words:
            words[key] = plain(roster.name(str(proposal.arguments[key])))
    series = words.get("series", "")
    what = _WHAT[proposal.kind].format(**{**words, "series": f"({series})" if series else ""})
    return PROPOSAL.format(user_id=proposal.user_id, what=what)


async def _candidates(
    bot: MoedexBot, face: Sighting, roster: ServerRoster
) -> list[discord.SelectOption]:
    votes = await bot.storage.votes.for_answer(face.reply_id)
    named = [v.value for v in votes if v.kind == "is" and v.face_index == face.face_index]
    ids = [*named, *(guess["id"] for guess in face.guesses)]
    resolved = dict.fromkeys(key for i in ids if (key := roster.resolve(i)))
    known = [
        discord.SelectOption(
            label=roster.characters[key].name[:_LENGTH],
            value=key[:_LENGTH],
            description=roster.characters[key].series[:_LENGTH] or None,
        )
        for key in list(resolved)[:20]
    ]
    return [
        *known,
        discord.SelectOption(label="Someone else…", value=SOMEONE_ELSE),
        discord.SelectOption(label="Not a face", value="!not_a_face"),
        discord.SelectOption(label="Ignore this face", value="!ignore"),
    ]


class FaceDecision(
    discord.ui.DynamicItem[discord.ui.Select[Any]],
    template=r"moedex:decide:(?P<sighting>\d{1,18})",
):
    """Decides who a disputed face is."""

    def __init__(self, sighting_id: int, options: list[discord.SelectOption] | None = None) -> None:
        super().__init__(
            discord.ui.Select(
                custom_id=f"moedex:decide:{sighting_id}",
                placeholder="Who is it?",
                options=options or [discord.SelectOption(label="-")],
            )
        )
        self.sighting_id = sighting_id

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str]
    ) -> Self:
        """Read the sighting's number back."""
        return cls(int(match["sighting"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Vote as a moderator, and go on to what waits next."""
        try:
            await self._decide(interaction)
        except Exception as error:  # discord.py would leave it unanswered
            await answer_interaction_error(interaction, error)

    async def _decide(self, interaction: discord.Interaction[Any]) -> None:
        bot = cast("MoedexBot", interaction.client)
        if not await may_label(interaction.user, bot.storage):
            raise UserError(MODERATORS_ONLY)
        face = await bot.storage.sightings.get(self.sighting_id)
        if face is None or face.server_id != interaction.guild_id:
            raise UserError(GONE)
        chosen = cast("dict[str, Any]", interaction.data)["values"][0]
        if chosen == SOMEONE_ELSE:
            form = name_form(f"moedex:name:{face.reply_id}:{face.face_index}")
            await interaction.response.send_modal(form)
            return
        await interaction.response.defer()
        await note(interaction, face.reply_id, face.face_index, chosen)
        await bot.learning.judged()
        await show(interaction, 0)


class ProposalButton(
    discord.ui.DynamicItem[discord.ui.Button[Any]],
    template=r"moedex:proposal:(?P<proposal>\d{1,18}):(?P<answer>yes|no)",
):
    """Accepts or rejects a proposal."""

    def __init__(self, proposal_id: int, *, accept: bool) -> None:
        super().__init__(
            discord.ui.Button(
                label="Accept" if accept else "Reject",
                style=discord.ButtonStyle.success if accept else discord.ButtonStyle.danger,
                custom_id=f"moedex:proposal:{proposal_id}:{'yes' if accept else 'no'}",
            )
        )
        self.proposal_id, self.accept = proposal_id, accept

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str]
    ) -> Self:
        """Read the proposal and the answer back."""
        return cls(int(match["proposal"]), accept=match["answer"] == "yes")

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Decide, and go on to what waits next."""
        try:
            await self._decide(interaction)
        except Exception as error:  # discord.py would leave it unanswered
            await answer_interaction_error(interaction, error)

    async def _decide(self, interaction: discord.Interaction[Any]) -> None:
        bot = cast("MoedexBot", interaction.client)
        if not await may_label(interaction.user, bot.storage):
            raise UserError(MODERATORS_ONLY)
        await interaction.response.defer()
        server_id, user_id = interaction.guild_id or 0, interaction.user.id
        proposal = await bot.storage.proposals.get(server_id, self.proposal_id)
        done = await bot.learning.teaching.decide(
            server_id, self.proposal_id, user_id, accepted=self.accept
        )
        if done is None or proposal is None:
            raise UserError(GONE)
        asked = proposal.arguments
        if self.accept and "reply_id" in asked:
            # The name was typed for a face: accepting it labels that face.
            roster = await bot.learning.roster(server_id)
            known = bot.learning.teaching.known(roster, asked["name"], asked["series"])
            if known is not None and known.id not in SPECIAL_LABELS:
                await bot.learning.vote(
                    asked["reply_id"], asked["face"], user_id, "is", value=known.id, decides=True
                )
        if not self.accept:
            bot.learning.erasure.sweep_soon()
        await show(interaction, 0)


class SkipButton(
    discord.ui.DynamicItem[discord.ui.Button[Any]], template=r"moedex:skip:(?P<place>\d{1,6})"
):
    """Leaves an item for later."""

    def __init__(self, place: int) -> None:
        super().__init__(
            discord.ui.Button(
                label="Later",
                style=discord.ButtonStyle.secondary,
                custom_id=f"moedex:skip:{place}",
            )
        )
        self.place = place

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str]
    ) -> Self:
        """Read the next place back."""
        return cls(int(match["place"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Show the next item."""
        try:
            await interaction.response.defer()
            await show(interaction, self.place)
        except Exception as error:  # discord.py would leave it unanswered
            await answer_interaction_error(interaction, error)


async def setup(bot: MoedexBot) -> None:
    """Load the cog."""
    await bot.add_cog(Review(bot))
