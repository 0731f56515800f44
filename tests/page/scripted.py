"""A small bot for the page's tests: it says at once what the page must be able to show."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import discord
from discord import app_commands, ui
from PIL import Image

from sandbox import Sandbox
from tests.sandbox.client import Client, pointed_at, running

NAMES = ("Hatsune Miku", "Kagamine Rin", "Ayanami Rei")


def picture(color: str = "teal", name: str = "card.png", alt: str | None = None) -> discord.File:
    """Return a small picture as a file to send."""
    out = io.BytesIO()
    Image.new("RGB", (320, 200), color).save(out, "PNG")
    out.seek(0)
    return discord.File(out, name, description=alt)


class Pager(ui.View):
    """A button that counts pages, and one that is not to be pressed."""

    def __init__(self, page: int = 1) -> None:
        super().__init__(timeout=None)
        self.page = page

    @ui.button(label="Next", style=discord.ButtonStyle.primary)
    async def forth(self, interaction: discord.Interaction, _: ui.Button[Any]) -> None:
        """Turn the page."""
        await interaction.response.defer()
        view = Pager(self.page + 1)
        await interaction.edit_original_response(embed=card(self.page + 1), view=view)

    @ui.button(label="Never", disabled=True)
    async def never(self, interaction: discord.Interaction, _: ui.Button[Any]) -> None:
        """Do nothing: it is disabled."""


def card(page: int) -> discord.Embed:
    """Return an embed that says which page it is."""
    found = discord.Embed(title="Found", description=f"**Miku**, page {page}", colour=0xF2789F)
    found.add_field(name="Series", value="VOCALOID", inline=True)
    found.set_footer(text="✅ right · ❌ wrong")
    return found


class NameForm(ui.Modal, title="Who is it?"):
    """A form with a text and a choice."""

    name: ui.Label[Any] = ui.Label(text="Name", component=ui.TextInput(custom_id="name"))
    series: ui.Label[Any] = ui.Label(
        text="Series",
        component=ui.Select(
            custom_id="series",
            options=[discord.SelectOption(label=x, value=x) for x in ("VOCALOID", "Evangelion")],
        ),
    )

    async def on_submit(self, interaction: discord.Interaction) -> None:
        """Say what was filled in."""
        assert isinstance(self.name.component, ui.TextInput)
        assert isinstance(self.series.component, ui.Select)
        words = f"{self.name.component.value} of {self.series.component.values[0]}"
        await interaction.response.send_message(words, ephemeral=True)


class Asking(ui.View):
    """A button that opens the form, and a select with several values."""

    @ui.button(label="Fill in a form")
    async def ask(self, interaction: discord.Interaction, _: ui.Button[Any]) -> None:
        """Open the form."""
        await interaction.response.send_modal(NameForm())

    @ui.select(
        placeholder="Pick some",
        max_values=2,
        options=[discord.SelectOption(label=name) for name in NAMES],
    )
    async def pick(self, interaction: discord.Interaction, select: ui.Select[Any]) -> None:
        """Say what was chosen."""
        await interaction.response.send_message("Chosen: " + ", ".join(sorted(select.values)))


class Layout(ui.LayoutView):
    """Every layout component."""

    def __init__(self) -> None:
        super().__init__(timeout=None)
        row: ui.ActionRow[Any] = ui.ActionRow(ui.Button(label="In the box", custom_id="in-the-box"))
        self.add_item(
            ui.Container(
                ui.TextDisplay("## A container\n-# small print"),
                ui.Section(
                    ui.TextDisplay("Beside a thumbnail"),
                    accessory=ui.Thumbnail("attachment://a.png", description="a small one"),
                ),
                ui.Separator(),
                ui.MediaGallery(
                    discord.MediaGalleryItem("attachment://a.png", description="a gallery picture"),
                    discord.MediaGalleryItem("attachment://b.png", spoiler=True),
                ),
                ui.File("attachment://notes.txt"),
                row,
                accent_colour=0xA78BFA,
            )
        )


class ScriptedBot(Client):
    """Answers pictures with cards, and words with what they name."""

    async def setup_hook(self) -> None:
        """Register the commands."""

        @self.tree.command(description="Name who is in a picture")
        @app_commands.describe(image="The picture", link="A message's link")
        async def who(
            interaction: discord.Interaction,
            image: discord.Attachment | None = None,
            link: str | None = None,
        ) -> None:
            await interaction.response.defer()
            await interaction.followup.send(f"It is in {image.filename if image else link}.")

        @self.tree.command(description="List characters")
        async def characters(interaction: discord.Interaction, search: str = "all") -> None:
            await interaction.response.send_message(f"Listing {search}", ephemeral=True)

        @characters.autocomplete("search")
        async def complete(_: discord.Interaction, current: str) -> list[app_commands.Choice[str]]:
            fits = [name for name in NAMES if current.lower() in name.lower()]
            return [app_commands.Choice(name=name, value=name) for name in fits]

        @self.tree.command(description="Teach a character")
        async def teach(
            interaction: discord.Interaction,
            name: str | None = None,
            image1: discord.Attachment | None = None,
        ) -> None:
            await interaction.response.send_message(f"{name} is in {image1 and image1.filename}.")

        @self.tree.context_menu(name="Who is this?")
        async def menu(interaction: discord.Interaction, message: discord.Message) -> None:
            await interaction.response.defer(ephemeral=True)
            await interaction.followup.send(f"I looked at {len(message.attachments)} picture(s).")

        await self.tree.sync()

    async def on_message(self, message: discord.Message, /) -> None:
        """Answer members."""
        if message.author.bot:
            return
        if message.content == "!layout":
            notes = discord.File(io.BytesIO(b"notes"), "notes.txt")
            files = [picture("teal", "a.png"), picture("navy", "b.png"), notes]
            await message.channel.send(view=Layout(), files=files)
        elif message.content == "!ask":
            await message.channel.send("Two ways to say it:", view=Asking(timeout=None))
        elif message.content.startswith("!say "):
            await message.channel.send(message.content.removeprefix("!say "))
        elif message.attachments:
            await self._answer(message)

    async def _answer(self, message: discord.Message) -> None:
        hidden = message.attachments[0].is_spoiler()
        file = picture("crimson", "SPOILER_card.png" if hidden else "card.png", "Miku on the left")
        async with message.channel.typing():
            reply = await message.reply(embed=card(1), file=file, view=Pager())
        for sign in ("✅", "❌"):
            await reply.add_reaction(sign)


@asynccontextmanager
async def scripted(sandbox: Sandbox) -> AsyncIterator[ScriptedBot]:
    """Run the bot in a sandbox."""
    with pointed_at(sandbox):
        async with running(ScriptedBot(), sandbox) as bot:
            assert isinstance(bot, ScriptedBot)
            yield bot
