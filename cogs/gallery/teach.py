"""`/teach`: a new character from one to five pictures, known from the next picture on."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.ext import commands

from bot.errors import UserError
from bot.feedback.authority import may_label
from bot.gallery.teaching import Lesson, distinct
from bot.inference import Job
from bot.recognition.delivery import only
from bot.ui.undo import UndoButton, undo_view
from bot.wording import plain
from cogs.gallery.editing import PROPOSED, offer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.client import MoedexBot
    from bot.inference import IdentifiedPicture

TAUGHT = (
    "I know **{name}**{series} now, from {count}. Kept for this server only: one crop a picture, "
    "until you use `/privacy delete`, or {days} days after somebody used `/forget`."
)
NO_FACE = "I found no drawn face in {name}. Please pick a picture that shows the face."
COPIES = " Copies of the same picture count once."
SEVERAL = " Where a picture had several faces I took the largest."


class Teach(commands.Cog):
    """Enrols characters from pictures."""

    def __init__(self, bot: MoedexBot) -> None:
        self.bot = bot

    async def cog_load(self) -> None:
        """Make undo buttons of before a restart work."""
        self.bot.add_dynamic_items(UndoButton)

    async def cog_unload(self) -> None:
        """Stop listening to undo buttons."""
        self.bot.remove_dynamic_items(UndoButton)

    @app_commands.command(name="teach")
    @app_commands.guild_only()
    @app_commands.describe(
        name="Who it is",
        series="Where the character is from",
        image1="A picture that shows the face; what you upload here is kept for this server",
        image2="One more picture",
        image3="One more picture",
        image4="One more picture",
        image5="One more picture",
    )
    async def teach(
        self,
        interaction: discord.Interaction[MoedexBot],
        name: app_commands.Range[str, 1, 80],
        image1: discord.Attachment,
        series: app_commands.Range[str, 1, 80] | None = None,
        image2: discord.Attachment | None = None,
        image3: discord.Attachment | None = None,
        image4: discord.Attachment | None = None,
        image5: discord.Attachment | None = None,
    ) -> None:
        """Teach me a character from one to five pictures."""
        await interaction.response.defer(thinking=True)
        images = [i for i in (image1, image2, image3, image4, image5) if i is not None]
        seen = await asyncio.gather(*(self._look(interaction, image) for image in images))
        lessons = distinct([lesson for lesson, _ in seen])
        teaching, server_id = self.bot.learning.teaching, interaction.guild_id or 0
        user_id = interaction.user.id
        if not await may_label(interaction.user, self.bot.storage):
            arguments = {
                "name": name,
                "series": series or "",
                # Whoever decides sees the drawings as they were uploaded: there, and hidden.
                "channel_id": interaction.channel_id,
                "hidden": any(image.is_spoiler() for image in images),
            }
            await teaching.propose(server_id, user_id, "teach", arguments, lessons)
            await interaction.followup.send(PROPOSED)
            return
        character, action = await teaching.teach(server_id, user_id, name, series or "", lessons)
        # Built now, so that the next picture needn't wait for it.
        await self.bot.learning.galleries.gallery(server_id)
        text = TAUGHT.format(
            name=plain(character.name),
            series=f" ({plain(character.series)})" if character.series else "",
            count=f"{len(lessons)} picture{'s' * (len(lessons) != 1)}",
            days=self.bot.config.learning.forget_days,
        )
        text += COPIES * (len(lessons) < len(images))
        text += SEVERAL * any(several for _, several in seen)
        await interaction.followup.send(
            text, view=undo_view(action), allowed_mentions=only(interaction.user)
        )

    @teach.autocomplete("name")
    async def complete(
        self, interaction: discord.Interaction[MoedexBot], current: str
    ) -> list[app_commands.Choice[str]]:
        """Offer characters that more pictures may be added to."""
        return await offer(self.bot, interaction, current, by_name=True)

    async def _look(
        self, interaction: discord.Interaction[MoedexBot], image: discord.Attachment
    ) -> tuple[Lesson, bool]:
        limit = self.bot.config.pictures.max_bytes
        if image.size > limit:
            raise UserError(f"{plain(image.filename)} is larger than {limit // 2**20} MB.")
        found: IdentifiedPicture = await self.bot.worker.identify(
            await image.read(),
            image.filename,
            job=Job(server_id=interaction.guild_id or 0, message_id=interaction.id),
            upload_limit=None,
        )
        if not found.faces:
            raise UserError(NO_FACE.format(name=plain(image.filename)))
        largest = max(found.faces, key=lambda named: named.face.box.side * named.face.score)
        return Lesson(largest, found.phash, found.backbone), _several(found.faces)


def _several(faces: Sequence[object]) -> bool:
    return len(faces) > 1


async def setup(bot: MoedexBot) -> None:
    """Load the cog."""
    await bot.add_cog(Teach(bot))
