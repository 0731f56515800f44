"""`/model`: a server's trained versions, which of them answers, and the way back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.ext import commands

from bot.learning.versions import SHIPPED, promote, roll_back, version_numbered
from bot.ui.answer_text import ACCENT
from bot.wording import counted, plain

if TYPE_CHECKING:
    from bot.client import MoedexBot
    from bot.gallery.server_galleries import ServerGalleries
    from bot.storage.records import ModelVersion
    from bot.storage.versions import VersionRepository

NONE_YET = "This server has no version of its own yet: `/train` makes one."
PROMOTED = "Version {number} answers from now on. `/model rollback` goes back."
ROLLED_BACK = "Back from version {number}: {now} answer{s} from now on."
TRAIN = "run `/train`"

_STATES = {"current": "answers", "kept": "kept", "rejected": "did not pass"}
_SHOWN = 20


class Model(commands.Cog):
    """The versions of a server's names."""

    model = app_commands.Group(
        name="model",
        description="The versions trained on this server's labels",
        guild_only=True,
        default_permissions=discord.Permissions(manage_guild=True),
    )

    def __init__(self, versions: VersionRepository, galleries: ServerGalleries) -> None:
        self._versions = versions
        self._galleries = galleries

    @model.command(name="list")
    @app_commands.checks.has_permissions(manage_guild=True)
    async def list_versions(self, interaction: discord.Interaction[MoedexBot]) -> None:
        """List the versions trained on this server's labels, and which one answers."""
        found = await self._versions.list(interaction.guild_id or 0)
        lines = [_line(each) for each in found[-_SHOWN:]]
        if not any(each.state == "current" for each in found):
            lines.append(f"{SHIPPED.capitalize()} answer.")
        page = discord.Embed(
            title="Versions", description="\n".join(lines) if found else NONE_YET, colour=ACCENT
        )
        await interaction.response.send_message(embed=page, ephemeral=True)

    @model.command(name="show")
    @app_commands.checks.has_permissions(manage_guild=True)
    @app_commands.describe(version="Its number")
    async def show(
        self, interaction: discord.Interaction[MoedexBot], version: app_commands.Range[int, 1]
    ) -> None:
        """Show what a version was trained on, and why it answers or doesn't."""
        found = await version_numbered(self._versions, interaction.guild_id or 0, version)
        report = found.report
        text = [
            _line(found),
            f"Trained on {counted(report.examples, 'labelled face')} of "
            f"{counted(report.characters, 'character')}, "
            f"{report.held_out} held out.",
            *(f"- {plain(reason, 300)}" for reason in report.reasons),
        ]
        page = discord.Embed(
            title=f"Version {version}", description="\n".join(text)[:4000], colour=ACCENT
        )
        await interaction.response.send_message(embed=page, ephemeral=True)

    @model.command(name="promote")
    @app_commands.checks.has_permissions(manage_guild=True)
    @app_commands.describe(version="Its number")
    async def promote(
        self, interaction: discord.Interaction[MoedexBot], version: app_commands.Range[int, 1]
    ) -> None:
        """Let a kept version answer, whatever its measurements said."""
        backbone, server_id = self._galleries.backbone, interaction.guild_id or 0
        await promote(self._versions, server_id, version, backbone, train=TRAIN)
        await interaction.response.send_message(PROMOTED.format(number=version))

    @model.command(name="rollback")
    @app_commands.checks.has_permissions(manage_guild=True)
    async def rollback(self, interaction: discord.Interaction[MoedexBot]) -> None:
        """Go back to the version that answered before, or to the shipped names."""
        number, target = await roll_back(self._versions, interaction.guild_id or 0)
        now = SHIPPED if target is None else f"version {target}"
        text = ROLLED_BACK.format(number=number, now=now, s="s" * (target is not None))
        await interaction.response.send_message(text)

    @show.autocomplete("version")
    @promote.autocomplete("version")
    async def complete(
        self, interaction: discord.Interaction[MoedexBot], current: str
    ) -> list[app_commands.Choice[int]]:
        """Offer the versions there are, the newest first."""
        if not interaction.permissions.manage_guild:
            return []
        found = await self._versions.list(interaction.guild_id or 0)
        return [
            app_commands.Choice(
                name=f"{each.number}: {counted(each.report.examples, 'labelled face')}, "
                f"{each.at:%Y-%m-%d %H:%M} UTC, {_STATES[each.state]}",
                value=each.number,
            )
            for each in reversed(found)
            if str(each.number).startswith(str(current))
        ][:25]


def _line(version: ModelVersion) -> str:
    faces = counted(version.report.examples, "labelled face")
    when = discord.utils.format_dt(version.at, "R")
    return f"**Version {version.number}**: {faces}, {when}, {_STATES[version.state]}"


async def setup(bot: MoedexBot) -> None:
    """Load the cog."""
    services = bot.services
    await bot.add_cog(Model(services.storage.versions, services.galleries))
