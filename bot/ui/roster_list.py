"""The list of characters behind `/characters`: its pages, and the buttons that turn them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import discord

from bot.ui.answer_text import ACCENT
from bot.ui.context import services_of
from bot.ui.errors import answers_errors
from bot.wording import plain

if TYPE_CHECKING:
    from bot.gallery.roster import ServerRoster
    from models.types import Character

PER_PAGE = 15

_SEARCH_LENGTH = 60


def searched(text: str) -> str:
    """Return a search so that it fits the buttons, whose ids have little room."""
    return " ".join(text.replace(":", " ").split())[:_SEARCH_LENGTH]


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
