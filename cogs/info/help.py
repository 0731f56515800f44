"""`/help`: what the bot does, on one page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
from discord.ext import commands

from bot.ui.answer_text import ACCENT
from bot.wording import NEEDS_INTENT

if TYPE_CHECKING:
    from bot.client import MoedexBot

ASKING = """\
Reply `{prefix}who` to a picture, or post one with it. Alone it takes the last picture here.
`/who image:` takes a picture of yours, `/who link:` a message that you can read.
Right-click a message → **Apps** → **Who is this?** asks about its pictures.
Mention me with a picture or in a reply to one, or send me one by DM: I answer that anywhere."""
ANSWERING = """\
**Yes** says that I was right, **Someone else** asks you who it is: choose, or type a name. \
✅ and ❌ under my answer do the same.
**Top five** shows who else it could be. *Probably* means that I am right more often than not; \
below that I say that I don't know.
⏳ under a picture: it came too soon after the last ones, so I left it out. Reply `{prefix}who` to \
it in a while.
Delete your message and my answer goes with it."""
CHARACTERS = """\
`/characters` lists whom I know, `/character` tells what I know of one.
`/teach` shows me somebody new; right-click a picture → **Apps** → **Teach from this** does it \
with one that is posted.
`/alias` gives a character one more name, `/rename` another, `/merge` makes two one, `/forget` \
lets me name somebody no more. Who may not decide proposes, and a moderator decides."""
MORE = """\
`/stats` how often I am right here · `/about` my model, and what I store · `/help` this page
`/privacy show` what I keep of you · `/privacy delete` erases it · `/privacy optout` keeps you \
out"""
MODERATORS = """\
`/watch on` answers every picture in a channel, `/watch off` ends that.
`/settings` sets how sure I must be, how many guesses I show, who sees answers, and their form.
`/learning on`, `/learning off` whether your votes teach me, `/learning show` how far I am, \
`/learning labellers` who decides beside you; `/learning share on` lets other servers learn from \
yours, `/learning share off` ends that.
`/review` asks you what votes can't settle, and who the unknown faces are that keep turning up.
`/train` trains me on what was settled; `/model list`, `/model show` tell of my versions, \
`/model promote`, `/model rollback` choose which one answers.
Right-click an answer of mine → **Apps** → **Label history** tells who settled what, and when."""


class Help(commands.Cog):
    """The help page."""

    def __init__(self, prefix: str, *, message_content: bool) -> None:
        self._prefix = prefix
        self._message_content = message_content

    @commands.hybrid_command(name="help")
    async def help(self, context: commands.Context[MoedexBot]) -> None:
        """Show what I can do."""
        prefix = self._prefix
        page = discord.Embed(
            title="I name the anime characters in pictures",
            description=None if self._message_content else NEEDS_INTENT,
            colour=ACCENT,
        )
        page.add_field(name="Ask", value=ASKING.format(prefix=prefix), inline=False)
        page.add_field(name="My answer", value=ANSWERING.format(prefix=prefix), inline=False)
        page.add_field(name="Characters", value=CHARACTERS, inline=False)
        page.add_field(name="More", value=MORE, inline=False)
        page.add_field(name="For moderators", value=MODERATORS, inline=False)
        await context.send(embed=page, ephemeral=True)


async def setup(bot: MoedexBot) -> None:
    """Load the cog."""
    prefix = bot.services.config.discord.prefix
    await bot.add_cog(Help(prefix, message_content=bot.intents.message_content))
