"""`/learning` and `/privacy`: consent, what is kept of whom, and its deletion.

Learning is off until somebody with Manage Server turns it on, in the open: what is kept, for how
long and where it goes is posted in the channel.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.ext import commands, tasks

from bot.errors import UserError
from bot.ui.erasing import EraseButton, ask_to_erase, ask_to_stop_learning
from bot.wording import counted, plain

if TYPE_CHECKING:
    from bot.client import MoedexBot
    from bot.services import Services

log = logging.getLogger(__name__)

ON = (
    "**Learning is on in this server.** Of pictures I answer I now keep a crop of each face and "
    "its vector (numbers that say what it looks like), for at most {days} days; and with the "
    "answer, for {answer_days} days, who asked, who posted, and a hash by which I know the same "
    "picture again. Your ✅, ❌ and names make me better at this server's characters. All of it "
    "stays on the machine I run on, and no other server gets any of it unless moderators say so "
    "with `/learning share on`. Deleting a message deletes what came from it; {leave} days after I "
    "am removed from this server all of it is erased. `/privacy show` tells what I keep of you, "
    "`/privacy delete` erases it, `/privacy optout` keeps you out of it. I never learn from DMs."
)
STATE = {True: "Learning is on in this server.", False: "Learning is off in this server."}
CHANGING = (
    "I was upgraded and am getting to know kept faces anew; until that is done I name with what I "
    "had before."
)
TEACH_AGAIN = (
    "Since I was upgraded I can't name {names}: no picture of theirs was kept here. Please "
    "`/teach` them again, or load a pack that was made with this version."
)
SHARED = (
    "**This server shares what it learned.** When I train for another server that has a character "
    "of the same name and series, these cross over: the names this server's faces were given, and "
    "their vectors (numbers that say what a face looks like). Never a picture or a crop, and not "
    "who posted or voted. `/learning share off` ends it, and erases what others learned from here."
)
NOT_SHARED = (
    "**This server shares nothing any more.** Other servers' models that had learned from it are "
    "erased, and will be trained again without it."
)
NOTHING_TO_SHARE = "Learning is off here, so there is nothing to share: `/learning on` comes first."
SHARING = "Its names and vectors, never pictures, may train other servers' models."
LABELLERS = "{role} may label and teach now, beside moderators."
NO_LABELLERS = "Only moderators may label and teach now."
KEPT = (
    "In all servers I share with you I keep, of your pictures: {faces}, {crops} of them with "
    "a crop and a vector. Of you: {votes}, {taught}, {proposals}; on the site, {signed_in} with "
    "your name and servers, and {keys}. "
    "You have {opted}opted out of learning. `/privacy delete` erases all of it. Exports "
    "and backups that somebody made already can't be called back.\n"
    "Where learning is off, and in DMs, I don't know whose pictures my answers are about, so they "
    "aren't counted here. They go with your message, or after {button_days} days."
)
OPTED_OUT = (
    "Noted, for all servers: I learn nothing from your pictures, and your ✅, ❌ and names are "
    "neither kept nor counted. Crops and vectors that I had of your pictures are gone; "
    "`/privacy delete` erases the rest. Your questions are still answered; of those answers I "
    "keep what their buttons need, and nothing that names you, until your message goes or for "
    "{button_days} days."
)
OPTED_IN = "Noted: where learning is on, your pictures and votes count again."

_NAMES = 30


class LearningCommands(commands.Cog):
    """Consent and erasure."""

    def __init__(self, client: discord.Client, services: Services) -> None:
        self._client = client
        self._config = services.config
        self._storage = services.storage
        self._erasure = services.erasure
        self._retention = services.retention
        self._galleries = services.galleries
        self._backbones = services.backbones

    async def cog_load(self) -> None:
        """Begin erasing what is too old."""
        self.erase_old.start()

    async def cog_unload(self) -> None:
        """Stop erasing what is too old."""
        self.erase_old.cancel()

    learning = app_commands.Group(
        name="learning",
        description="What I learn from this server's pictures and votes",
        guild_only=True,
        default_permissions=discord.Permissions(manage_guild=True),
    )
    share = app_commands.Group(
        name="share",
        description="Whether other servers may learn from this one's labels",
        parent=learning,
    )
    privacy = app_commands.Group(name="privacy", description="What I keep of you")

    @learning.command(name="on")
    @app_commands.checks.has_permissions(manage_guild=True)
    async def on(self, interaction: discord.Interaction[MoedexBot]) -> None:
        """Let me learn from this server's pictures; says here what is kept."""
        await interaction.response.defer(thinking=True)
        await self._storage.consents.set_learning(
            interaction.guild_id or 0,
            interaction.user.id,
            datetime.now(UTC),
            on=True,
            channel_id=interaction.channel_id,
        )
        limits = self._config
        text = ON.format(
            days=limits.learning.crops_days,
            answer_days=limits.storage.answers_days,
            leave=limits.learning.leave_days,
        )
        await interaction.followup.send(text)

    @learning.command(name="off")
    @app_commands.checks.has_permissions(manage_guild=True)
    async def off(self, interaction: discord.Interaction[MoedexBot]) -> None:
        """Stop learning here, and erase the crops and vectors I kept; asks first."""
        await interaction.response.defer(thinking=True)
        learned = await self._erasure.learned(interaction.guild_id or 0)
        await interaction.followup.send(**ask_to_stop_learning(learned))

    @learning.command(name="show")
    @app_commands.checks.has_permissions(manage_guild=True)
    async def show(self, interaction: discord.Interaction[MoedexBot]) -> None:
        """Say whether learning is on, and who switched it when."""
        settings = await self._storage.settings.get(interaction.guild_id or 0)
        history = await self._storage.consents.history(interaction.guild_id or 0)
        lines = [STATE[settings.learning]]
        lines += [
            f"-# <t:{int(at.timestamp())}:d> {'on' if on else 'off'}"
            + (f", by <@{user_id}>" if user_id else "")
            for at, user_id, on in history[-5:]
        ]
        lines += [SHARING] * settings.sharing
        lines += await self._of_the_backbone(interaction.guild_id or 0)
        await interaction.response.send_message("\n".join(lines), ephemeral=True)

    @share.command(name="on")
    @app_commands.checks.has_permissions(manage_guild=True)
    async def share_on(self, interaction: discord.Interaction[MoedexBot]) -> None:
        """Let other servers' models learn from this server's labels; says what crosses."""
        server_id = interaction.guild_id or 0
        if not (await self._storage.settings.get(server_id)).learning:
            raise UserError(NOTHING_TO_SHARE)
        await self._storage.settings.update(server_id, sharing=True)
        await interaction.response.send_message(SHARED)

    @share.command(name="off")
    @app_commands.checks.has_permissions(manage_guild=True)
    async def share_off(self, interaction: discord.Interaction[MoedexBot]) -> None:
        """Share nothing more, and erase what other servers learned from here."""
        await interaction.response.defer(thinking=True)
        await self._erasure.stop_sharing(interaction.guild_id or 0)
        await interaction.followup.send(NOT_SHARED)

    @learning.command(name="labellers")
    @app_commands.checks.has_permissions(manage_guild=True)
    @app_commands.describe(role="Whose word on a face decides at once; leave out for nobody's")
    async def labellers(
        self, interaction: discord.Interaction[MoedexBot], role: discord.Role | None = None
    ) -> None:
        """Choose a role whose members label and teach like moderators."""
        await self._storage.settings.update(
            interaction.guild_id or 0, labeller_role=role.id if role else None
        )
        text = LABELLERS.format(role=role.mention) if role else NO_LABELLERS
        await interaction.response.send_message(text, ephemeral=True)

    @privacy.command(name="show")
    async def kept(self, interaction: discord.Interaction[MoedexBot]) -> None:
        """Tell what I keep of you."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        found = await self._erasure.kept(interaction.user.id)
        text = KEPT.format(
            faces=counted(found.faces, "face"),
            crops=found.crops,
            votes=counted(found.votes, "vote"),
            taught=counted(found.taught, "taught drawing"),
            proposals=counted(found.proposals, "proposal"),
            signed_in=counted(found.signed_in, "sign-in"),
            keys=counted(found.keys, "key"),
            opted="" if found.opted_out else "not ",
            button_days=self._config.storage.buttons_days,
        )
        await interaction.followup.send(text, ephemeral=True)

    @privacy.command(name="delete")
    async def delete(self, interaction: discord.Interaction[MoedexBot]) -> None:
        """Erase everything that I keep of you, in all servers; asks first."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        kept = await self._erasure.kept(interaction.user.id)
        await interaction.followup.send(**ask_to_erase(kept), ephemeral=True)

    @privacy.command(name="optout")
    @app_commands.describe(out="False lets your pictures and votes count again")
    async def optout(self, interaction: discord.Interaction[MoedexBot], out: bool = True) -> None:
        """Keep your pictures and votes out of learning, in all servers."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        if out:
            await self._storage.consents.opt_out(interaction.user.id, datetime.now(UTC))
            await self._erasure.strip_member(interaction.user.id)
        else:
            await self._storage.consents.opt_in(interaction.user.id)
        text = OPTED_OUT.format(button_days=self._config.storage.buttons_days) if out else OPTED_IN
        await interaction.followup.send(text, ephemeral=True)

    @commands.Cog.listener()
    async def on_guild_remove(self, guild: discord.Guild) -> None:
        """Remember when a server was left; its data is erased after the configured days."""
        await self._retention.server_left(guild.id, datetime.now(UTC))

    @tasks.loop(hours=6)
    async def erase_old(self) -> None:
        """Erase all that is too old; the one schedule for it."""
        try:
            await self._retention.erase_old(datetime.now(UTC))
        except Exception:  # the loop must go on: the next round tries again
            log.exception("What is too old could not all be erased")

    @erase_old.before_loop
    async def _wait(self) -> None:
        await self._client.wait_until_ready()

    async def _of_the_backbone(self, server_id: int) -> list[str]:
        if self._backbones.changing:
            return [CHANGING]
        roster = await self._galleries.roster(server_id)
        backbone = self._galleries.backbone
        lost = await self._storage.vectors.lost(server_id, backbone)
        names = sorted(plain(roster.name(key)) for key in lost if roster.resolve(key) == key)
        if not names:
            return []
        more = f" and {len(names) - _NAMES} more" if len(names) > _NAMES else ""
        return [TEACH_AGAIN.format(names=", ".join(names[:_NAMES]) + more)]


async def setup(bot: MoedexBot) -> None:
    """Load the cog, and make questions of before a restart work."""
    bot.add_dynamic_items(EraseButton)
    await bot.add_cog(LearningCommands(bot, bot.services))


async def teardown(bot: MoedexBot) -> None:
    """Stop listening to the buttons of questions."""
    bot.remove_dynamic_items(EraseButton)
