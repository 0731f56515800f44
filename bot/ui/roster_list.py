"""The list of characters behind `/characters`: its pages, and the buttons that turn them.

Without a search it lists those whose faces can be named. A search, or a series, goes through
everybody listed, and says of each who can't be named that it can't.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import discord

from bot.ui.answer_text import ACCENT
from bot.ui.context import services_of
from bot.ui.errors import answers_errors
from bot.wording import plain

if TYPE_CHECKING:
    from bot.gallery.roster import ServerRoster
    from bot.gallery.server_galleries import ServerGalleries
    from models.types import Character

BY_NAME_ALONE = " · *not by face yet*"
TEACH = "Not by face yet: show me with /teach."
PER_PAGE = 15

_SEARCH_LENGTH = 60
_SHARED_LENGTH = 34
"""Characters of a search and of a series where both are in a button's id, which has 100 at most."""


def searched(text: str, series: str = "") -> tuple[str, str]:
    """Return a search and a series so that they fit the buttons, whose ids have little room."""
    length = _SHARED_LENGTH if text.strip() and series.strip() else _SEARCH_LENGTH
    search, series = (" ".join(each.replace(":", " ").split()) for each in (text, series))
    return search[:length].strip(), series[:length].strip()


class RosterButton(
    discord.ui.DynamicItem[discord.ui.Button[Any]],
    template=(
        r"moedex:roster:(?P<step>back|next):(?P<page>\d{1,5}):(?P<search>[^:]*)(?::(?P<series>.*))?"
    ),
):
    """Turns the page of a list of characters; `page` is the one it leads to."""

    def __init__(
        self, step: str, page: int, search: str, series: str = "", *, disabled: bool = False
    ) -> None:
        super().__init__(
            discord.ui.Button(
                label="◀" if step == "back" else "▶",
                style=discord.ButtonStyle.secondary,
                disabled=disabled,
                custom_id=f"moedex:roster:{step}:{page}:{search}" + f":{series}" * bool(series),
            )
        )
        self.page = page
        self.search = search
        self.series = series

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str]
    ) -> Self:
        """Read the state back from a pressed button."""
        return cls(match["step"], int(match["page"]), match["search"], match["series"] or "")

    @answers_errors
    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Show the page that the button leads to."""
        await interaction.response.defer()
        galleries = services_of(interaction).galleries
        known = await Known.of(galleries, interaction.guild_id or 0, self.search, self.series)
        page = max(0, min(self.page, _last_page(known.found)))
        await interaction.edit_original_response(
            embed=roster_embed(
                known.found, page, self.search, known.named, known.listed, series=self.series
            ),
            view=roster_view(known.found, page, self.search, self.series),
        )


@dataclass(frozen=True, slots=True)
class Known:
    """The characters of a list. `named` are the ids of those who can be named in the server."""

    found: list[Character]
    named: frozenset[str]
    listed: int
    """How many there are in the server, whether they can be named or not."""

    @classmethod
    async def of(
        cls, galleries: ServerGalleries, server_id: int, search: str, series: str = ""
    ) -> Known:
        """Return the characters of a server that fit a search and are of a series."""
        roster = await galleries.roster(server_id)
        named = await galleries.named(server_id)
        found = matching(roster, search, named, series=series)
        return cls(found, named, len(roster.characters))


def matching(
    roster: ServerRoster,
    search: str,
    named: Collection[str] | None = None,
    *,
    series: str = "",
) -> list[Character]:
    """Return a server's characters that fit a search, best first; `named` by name if it is empty.

    All are returned by name where `named` is None. With a `series` only those of it, and without a
    search too whether they are named or not, the most drawn first.
    """
    if series:
        of_series = roster.index.of_series(series)
        if not search:
            return of_series
        ids = {each.id for each in of_series}
        return [each for each in matching(roster, search) if each.id in ids]
    if search:
        return roster.index.complete(search, len(roster.characters))
    everybody = roster.characters.values()
    shown = [each for each in everybody if named is None or each.id in named]
    return sorted(shown, key=lambda each: (each.name.casefold(), each.id))


def roster_embed(
    found: Sequence[Character],
    page: int,
    search: str,
    named: Collection[str] | None = None,
    listed: int = 0,
    *,
    series: str = "",
) -> discord.Embed:
    """Return a page of the list of who fits a search and a series; `page` counts from 0.

    Who is not among `named` (None: everybody is) is marked; `listed` is how many there are at all.
    """
    shown = found[page * PER_PAGE : (page + 1) * PER_PAGE]
    lines = [_line(each, named is None or each.id in named) for each in shown]
    title = f"Characters like “{plain(search)}”" if search else "Characters I can name"
    if series:
        title = f"{title if search else 'Characters'} of “{plain(series)}”"
    card = discord.Embed(title=title, description="\n".join(lines), colour=ACCENT)
    noun = "character" if len(found) == 1 else "characters"
    parts = [f"{len(found):,} {noun}", f"page {page + 1} of {_last_page(found) + 1}"]
    if named is not None and any(each.id not in named for each in shown):
        parts.append(TEACH)
    elif not search and not series and listed > len(found):
        parts.append(f"{listed:,} known by name: search for them")
    card.set_footer(text=" · ".join(parts))
    return card


def roster_view(
    found: Sequence[Character], page: int, search: str, series: str = ""
) -> discord.ui.View | None:
    """Return the buttons under a page; None where there is only one."""
    last = _last_page(found)
    if last == 0:
        return None
    view = discord.ui.View(timeout=None)
    back, ahead = max(0, page - 1), min(last, page + 1)
    view.add_item(RosterButton("back", back, search, series, disabled=page <= 0))
    view.add_item(RosterButton("next", ahead, search, series, disabled=page >= last))
    return view


def _line(character: Character, named: bool) -> str:
    native = f" ({plain(character.native_name)})" if character.native_name else ""
    series = f" — {plain(character.series)}" if character.series else ""
    return f"**{plain(character.name)}**{native}{series}{'' if named else BY_NAME_ALONE}"


def _last_page(found: Sequence[Character]) -> int:
    return max(0, -(-len(found) // PER_PAGE) - 1)
