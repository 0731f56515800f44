"""`/characters`: who the bot knows in a server, page by page or by name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import discord
from discord import app_commands
from discord.ext import commands

from bot.recognition.replies import only
from bot.ui.answer_text import ACCENT
from bot.ui.autocomplete import offer
from bot.ui.context import services_of
from bot.ui.errors import answers_errors
from bot.wording import plain

if TYPE_CHECKING:
    from bot.client import MoedexBot
    from bot.gallery.roster import ServerRoster
    from bot.gallery.server_galleries import ServerGalleries
    from models.types import Character

NOBODY = "I know nobody like **{search}**. `/characters` lists all whom I know."
PER_PAGE = 15

_SEARCH_LENGTH = 60


class Characters(commands.Cog):
    """The list of characters."""

    def __init__(self, galleries: ServerGalleries) -> None:
        self._galleries = galleries

    @commands.hybrid_command(name="characters")
    @app_commands.describe(search="Part of a name or a series")
    async def characters(self, context: commands.Context[MoedexBot], *, search: str = "") -> None:
        """List the characters I know."""
        await context.defer(ephemeral=True)
        # It travels in the buttons, whose ids have little room.
        search = " ".join(search.replace(":", " ").split())[:_SEARCH_LENGTH]
        server_id = context.guild.id if context.guild else 0
        found = matching(await self._galleries.roster(server_id), search)
        allowed = only(context.author)
        if not found:
            text = NOBODY.format(search=plain(search))
            await context.send(text, ephemeral=True, allowed_mentions=allowed)
            return
        view = roster_view(found, 0, search)
        await context.send(
            embed=roster_embed(found, 0, search),
            view=view or discord.utils.MISSING,
            ephemeral=True,
            allowed_mentions=allowed,
        )

    @characters.autocomplete("search")
    async def complete(
        self, interaction: discord.Interaction[MoedexBot], current: str
    ) -> list[app_commands.Choice[str]]:
        """Offer the names that fit what is typed so far."""
        return await offer(self._galleries, interaction.guild_id, current, by_name=True)


class RosterButton(
    discord.ui.DynamicItem[discord.ui.Button[Any]],
    template=r"moedex:roster:(?P<step>back|next):(?P<page>\d{1,5}):(?P<search>.*)",
):
    """Turns the page of a list of characters; `page` is the one it leads to."""

    def __init__(self, step: str, page: int, search: str, *, disabled: bool = False) -> None:
        super().__init__(
            discord.ui.Button(
                label="◀" if step == "back" else "▶",
                style=discord.ButtonStyle.secondary,
                disabled=disabled,
                custom_id=f"moedex:roster:{step}:{page}:{search}",
            )
        )
        self.page = page
        self.search = search

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str]
    ) -> Self:
        """Read the state back from a pressed button."""
        return cls(match["step"], int(match["page"]), match["search"])

    @answers_errors
    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Show the page that the button leads to."""
        await interaction.response.defer()
        galleries = services_of(interaction).galleries
        found = matching(await galleries.roster(interaction.guild_id or 0), self.search)
        page = max(0, min(self.page, _last_page(found)))
        await interaction.edit_original_response(
            embed=roster_embed(found, page, self.search),
            view=roster_view(found, page, self.search),
        )


def matching(roster: ServerRoster, search: str) -> list[Character]:
    """Return a server's characters that fit a search, best first; all, by name, if it is empty."""
    if search:
        return roster.index.complete(search, len(roster.characters))
    return sorted(roster.characters.values(), key=lambda each: (each.name.casefold(), each.id))


def roster_embed(found: Sequence[Character], page: int, search: str) -> discord.Embed:
    """Return a page of the list; `page` counts from 0."""
    lines = [_line(each) for each in found[page * PER_PAGE : (page + 1) * PER_PAGE]]
    title = f"Characters like “{plain(search)}”" if search else "Characters I know"
    card = discord.Embed(title=title, description="\n".join(lines), colour=ACCENT)
    noun = "character" if len(found) == 1 else "characters"
    card.set_footer(text=f"{len(found)} {noun} · page {page + 1} of {_last_page(found) + 1}")
    return card


def roster_view(found: Sequence[Character], page: int, search: str) -> discord.ui.View | None:
    """Return the buttons under a page; None where there is only one."""
    last = _last_page(found)
    if last == 0:
        return None
    view = discord.ui.View(timeout=None)
    view.add_item(RosterButton("back", max(0, page - 1), search, disabled=page <= 0))
    view.add_item(RosterButton("next", min(last, page + 1), search, disabled=page >= last))
    return view


def _line(character: Character) -> str:
    native = f" ({plain(character.native_name)})" if character.native_name else ""
    return f"**{plain(character.name)}**{native} — {plain(character.series)}"


def _last_page(found: Sequence[Character]) -> int:
    return max(0, -(-len(found) // PER_PAGE) - 1)


async def setup(bot: MoedexBot) -> None:
    """Load the cog, and make the buttons of lists shown before a restart work."""
    bot.add_dynamic_items(RosterButton)
    await bot.add_cog(Characters(bot.services.galleries))


async def teardown(bot: MoedexBot) -> None:
    """Stop listening to the buttons."""
    bot.remove_dynamic_items(RosterButton)
