"""`/teach`: a new character from one to five pictures, known from the next picture on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.ext import commands

from bot.errors import UserError
from bot.feedback.authority import check_may_label, may_label
from bot.gallery.expecting import read_expectation
from bot.gallery.lookup import clean_name, same_named
from bot.gallery.samples import EnrolmentSample, distinct, largest_face
from bot.recognition.replies import OutgoingMessage
from bot.recognition.request import to_enrol
from bot.recognition.sources import attachment_source
from bot.storage.records import TeachCharacter
from bot.ui.answer_message import TOO_MANY
from bot.ui.autocomplete import offer
from bot.ui.known_already import KNOWN, OFFERED, KnownAlready, Who
from bot.ui.undo import PROPOSED, UndoButton, undo_view
from bot.wording import plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.client import MoedexBot
    from bot.inference import IdentifiedPicture
    from bot.services import Services
    from models.gallery.expectation import Expectation

TAUGHT = (
    "I know **{name}**{series} now, from {count}.{expected} Kept for this server only: one crop a "
    "picture, until you use `/privacy delete`, or {days} days after somebody used `/forget`."
)
EXPECTED = " From {these} I shall name them in about {now} of 10 pictures"
HELP = "; three more make that about {later}."
WHAT = (
    "Say who it is and add a picture, or give a series alone: then I look its characters up on "
    "AniList."
)
TEXT_LIMIT = 1900
NO_FACE = "I found no drawn face in {name}. Please pick a picture that shows the face."
COPIES = " Copies of the same picture count once."
SEVERAL = " Where a picture had several faces I took the largest."


class Teach(commands.Cog):
    """Enrols characters from pictures."""

    def __init__(self, services: Services) -> None:
        self._config = services.config
        self._settings = services.storage.settings
        self._recognition = services.recognition
        self._galleries = services.galleries
        self._storage = services.storage
        self._worker = services.worker
        self._teaching = services.teaching
        self._series = services.series

    @app_commands.command(name="teach")
    @app_commands.guild_only()
    @app_commands.describe(
        name="Who it is",
        series="Where the character is from; alone, with nothing else: its cast from AniList",
        image1="A picture that shows the face; what you upload here is kept for this server",
        image2="One more picture",
        image3="One more picture",
        image4="One more picture",
        image5="One more picture",
    )
    async def teach(
        self,
        interaction: discord.Interaction[MoedexBot],
        name: app_commands.Range[str, 1, 80] | None = None,
        image1: discord.Attachment | None = None,
        series: app_commands.Range[str, 1, 80] | None = None,
        image2: discord.Attachment | None = None,
        image3: discord.Attachment | None = None,
        image4: discord.Attachment | None = None,
        image5: discord.Attachment | None = None,
    ) -> None:
        """Teach me a character from one to five pictures, or the cast of a series."""
        images = [i for i in (image1, image2, image3, image4, image5) if i is not None]
        if series and not name and not images:
            await self._teach_series(interaction, series)
            return
        if not name or not images:
            raise UserError(WHAT)
        name = clean_name(name)
        await interaction.response.defer(thinking=True)
        sources = [attachment_source(image, self._config) for image in images]
        request = to_enrol(interaction, sources)
        found = await self._recognition.embed(request)
        samples = distinct([_sample(picture) for picture in found])
        note = COPIES * (len(samples) < len(found))
        note += SEVERAL * any(len(picture.faces) > 1 for picture in found)
        if len(found) < len(images):
            note += f" {TOO_MANY.format(count=len(images), limit=len(found))}"
        hidden = any(image.is_spoiler() for image in images)

        async def finish(who: Who) -> None:
            message = await self._teach(interaction, who, samples, hidden=hidden, note=note)
            await request.reply.send(message)

        roster = await self._galleries.roster(interaction.guild_id or 0)
        alike = same_named(roster, name, series or "")
        if not alike:
            await finish(Who(name, series or ""))
            return
        whom = "this character" if len(alike) == 1 else "one of these"
        text = KNOWN.format(name=plain(name), whom=whom, count=_pictures(samples))
        view = KnownAlready(interaction.user.id, name, alike[:OFFERED], finish)
        await request.reply.send(OutgoingMessage(text, view=view))

    async def _teach(
        self,
        interaction: discord.Interaction[MoedexBot],
        who: Who,
        samples: Sequence[EnrolmentSample],
        *,
        hidden: bool,
        note: str,
    ) -> OutgoingMessage:
        """Keep the pictures as those of a character, or propose that; return what to say."""
        server_id, user_id = interaction.guild_id or 0, interaction.user.id
        if not await may_label(interaction.user, self._settings):
            # Whoever decides sees the drawings as they were uploaded: there, and hidden.
            change = TeachCharacter(
                who.name, who.series, who.new, channel_id=interaction.channel_id, hidden=hidden
            )
            await self._teaching.propose(server_id, user_id, change, samples)
            return OutgoingMessage(PROPOSED)
        character, action = await self._teaching.teach(
            server_id, user_id, who.name, who.series, samples, new=who.new
        )
        # Builds the gallery, so that the next picture needn't wait for it.
        found = await read_expectation(
            self._storage, self._galleries, self._worker, server_id, character.id
        )
        text = TAUGHT.format(
            name=plain(character.name),
            series=f" ({plain(character.series)})" if character.series else "",
            count=_pictures(samples),
            expected="" if found is None else _expected(found, len(samples)),
            days=self._config.learning.forget_days,
        )
        return OutgoingMessage(text + note, view=undo_view(action))

    async def _teach_series(self, interaction: discord.Interaction[MoedexBot], series: str) -> None:
        await check_may_label(interaction.user, self._settings)
        await interaction.response.defer(thinking=True)
        await self._recognition.admit(to_enrol(interaction, []))
        server_id = interaction.guild_id or 0
        taught = await self._series.teach(server_id, interaction.user.id, series, interaction.id)
        await self._galleries.gallery(server_id)
        await interaction.followup.send(
            plain(taught.text, TEXT_LIMIT),
            view=undo_view(taught.action),
            allowed_mentions=discord.AllowedMentions.none(),
        )

    @teach.autocomplete("name")
    async def complete(
        self, interaction: discord.Interaction[MoedexBot], current: str
    ) -> list[app_commands.Choice[str]]:
        """Offer characters that more pictures may be added to."""
        return await offer(
            self._galleries, interaction.guild_id, current, by_name=True, with_series=True
        )


def _pictures(samples: Sequence[EnrolmentSample]) -> str:
    return f"{len(samples)} picture{'s' * (len(samples) != 1)}"


def _expected(found: Expectation, taught: int) -> str:
    """Say how often a character will be named, and how much more pictures would help."""
    # Pictures of before, and the shipped ones, count too.
    several = found.pictures > 1
    these = "them" if found.pictures == taught and several else f"{found.pictures} in all"
    now, later = round(10 * found.now), round(10 * found.later)
    text = EXPECTED.format(these=these if several else "it", now=now)
    return text + (HELP.format(later=later) if later > now else ".")


def _sample(picture: IdentifiedPicture) -> EnrolmentSample:
    """Return the largest face of a picture to learn from. Raises UserError where there is none."""
    if not picture.faces:
        raise UserError(NO_FACE.format(name=plain(picture.name)))
    return largest_face(picture)


async def setup(bot: MoedexBot) -> None:
    """Load the cog, and make undo buttons of before a restart work."""
    bot.add_dynamic_items(UndoButton)
    await bot.add_cog(Teach(bot.services))


async def teardown(bot: MoedexBot) -> None:
    """Stop listening to undo buttons."""
    bot.remove_dynamic_items(UndoButton)
