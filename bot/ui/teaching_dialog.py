"""What `/teach` and *Teach from this* do with pictures: find faces, ask who is meant, keep them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import discord

from bot.errors import UserError
from bot.feedback.authority import may_label
from bot.gallery.expecting import read_expectation
from bot.gallery.lookup import same_named
from bot.gallery.samples import EnrolmentSample, Posted, distinct, largest_face
from bot.recognition.replies import OutgoingMessage
from bot.recognition.sources import is_spoiler
from bot.storage.records import TeachCharacter
from bot.ui.answer_message import TOO_MANY
from bot.ui.known_already import KNOWN, OFFERED, KnownAlready, Who
from bot.ui.undo import PROPOSED, undo_view
from bot.wording import plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.inference import IdentifiedPicture
    from bot.recognition.request import RecognitionRequest
    from bot.recognition.sources import Source
    from bot.services import Services
    from models.gallery.expectation import Expectation

TAUGHT = (
    "I know **{name}**{series} now, from {count}.{expected} Kept for this server only: one crop a "
    "picture, until {until}you use `/privacy delete`, or {days} days after somebody used `/forget`."
)
EXPECTED = " From {these} I shall name them in about {now} of 10 pictures"
HELP = "; three more make that about {later}."
OF_A_MESSAGE = "its message is deleted, its poster or "
NO_FACE = "I found no drawn face in {name}. Please pick a picture that shows the face."
COPIES = " Copies of the same picture count once."
SEVERAL = " Where a picture had several faces I took the largest."
GONE = "That message is gone, so I learned nothing from it."


class TeachingDialog:
    """Teaches characters from pictures, in all servers."""

    def __init__(self, services: Services) -> None:
        self._config = services.config
        self._settings = services.storage.settings
        self._recognition = services.recognition
        self._galleries = services.galleries
        self._storage = services.storage
        self._worker = services.worker
        self._teaching = services.teaching

    async def teach(
        self,
        interaction: discord.Interaction,
        request: RecognitionRequest,
        name: str,
        series: str,
    ) -> None:
        """Teach who is in the pictures of a request, once it is clear who is meant.

        Raises UserError where a picture can't be read or shows no face.
        """
        message, given = request.message, len(request.sources)
        found = await self._recognition.embed(request)
        if not found:
            raise UserError(GONE)
        samples = distinct(
            [_sample(picture, message and _posted(message, source)) for source, picture in found]
        )
        note = COPIES * (len(samples) < len(found))
        note += SEVERAL * any(len(picture.faces) > 1 for _, picture in found)
        if message is None and len(found) < given:
            note += f" {TOO_MANY.format(count=given, limit=len(found))}"
        hidden = any(is_spoiler(source.name) for source in request.sources)

        async def kept(who: Who) -> OutgoingMessage:
            there = samples if message is None else await _still_there(message, samples)
            if not there:
                raise UserError(GONE)
            return await self._keep(interaction, who, there, hidden=hidden, note=note)

        roster = await self._galleries.roster(interaction.guild_id or 0)
        alike = same_named(roster, name, series)
        if not alike:
            await request.reply.send(await kept(Who(name, series)))
            return

        async def finish(who: Who) -> None:
            said = await kept(who)  # it takes the place of the question
            await question.edit(attachments=said.files, **{"view": None, **said.parts})

        whom = "this character" if len(alike) == 1 else "one of these"
        text = KNOWN.format(name=plain(name), whom=whom, count=_pictures(samples))
        view = KnownAlready(interaction.user.id, name, alike[:OFFERED], finish)
        question = await request.reply.send(OutgoingMessage(text, view=view))

    async def _keep(
        self,
        interaction: discord.Interaction,
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
            until=OF_A_MESSAGE if samples[0].posted else "",
            days=self._config.learning.forget_days,
        )
        return OutgoingMessage(text + note, view=undo_view(action))


def _posted(message: discord.Message, source: Source) -> Posted:
    return Posted(message.author.id, message.channel.id, message.id, int(source.key))


async def _still_there(
    message: discord.Message, samples: Sequence[EnrolmentSample]
) -> list[EnrolmentSample]:
    """Return those whose files were not taken away while it was asked who is meant."""
    try:
        now = await message.channel.fetch_message(message.id)
    except discord.NotFound:
        return []
    left = {attachment.id for attachment in now.attachments}
    return [each for each in samples if each.posted is None or each.posted.file_id in left]


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


def _sample(picture: IdentifiedPicture, posted: Posted | None) -> EnrolmentSample:
    """Return the largest face of a picture to learn from. Raises UserError where there is none."""
    if not picture.faces:
        raise UserError(NO_FACE.format(name=plain(picture.name)))
    return replace(largest_face(picture), posted=posted)
