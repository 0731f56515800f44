"""`/about`: the model, the version, and what is stored about whom."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

import discord
from discord.ext import commands

from bot.ui.answer_text import ACCENT

if TYPE_CHECKING:
    from bot.client import MoedexBot
    from bot.config import Config
    from bot.gallery.server_galleries import ServerGalleries
    from bot.inference import InferenceWorker

STORED = """\
**No picture is kept.** Of an answer, so that its buttons work and it goes with your message: the \
ids of the messages, channel and server, the pictures' file names, the faces' places and my \
guesses, and who said yes or no or named a face. After {button_days} days it is erased.
Where a moderator said `/learning on`: also who asked, who posted and a hash of the picture, and \
all of it for {days} days; a crop of each face and its vector for at most {crop_days} days.
Of what `/teach` is given: a crop and its vector, until {forget_days} days after `/forget`. Of a \
server: its settings and switched-on channels. `/privacy` shows and deletes what I keep of you."""
HOW = """\
I find the heads in a picture, compare each with the characters I know, and say how sure I am. \
I can be wrong, most of all between characters who look alike."""


class About(commands.Cog):
    """The page about the bot itself."""

    def __init__(self, config: Config, worker: InferenceWorker, galleries: ServerGalleries) -> None:
        self._config = config
        self._worker = worker
        self._galleries = galleries

    @commands.hybrid_command(name="about")
    async def about(self, context: commands.Context[MoedexBot]) -> None:
        """Show my model, my version, and what I store."""
        page = discord.Embed(title="About Moedex", description=HOW, colour=ACCENT)
        page.add_field(name="Version", value=_version())
        page.add_field(name="Model", value=f"`{self._worker.stages.model_version}`")
        server_id = context.guild.id if context.guild else 0
        named = len(await self._galleries.named(server_id))
        listed = len((await self._galleries.roster(server_id)).characters)
        known = f"{named:,} by face" + (f", {listed:,} by name" if listed > named else "")
        page.add_field(name="Characters", value=known)
        config = self._config
        stored = STORED.format(
            button_days=config.storage.buttons_days,
            days=config.storage.answers_days,
            crop_days=config.learning.crops_days,
            forget_days=config.learning.forget_days,
        )
        page.add_field(name="What I store", value=stored, inline=False)
        await context.send(embed=page, ephemeral=True)


def _version() -> str:
    try:
        return version("moedex")
    except PackageNotFoundError:
        return "not installed as a package"


async def setup(bot: MoedexBot) -> None:
    """Load the cog."""
    services = bot.services
    await bot.add_cog(About(services.config, services.worker, services.galleries))
