"""The page of one character: what is known, and whether it is named by its face here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord

from bot.ui.answer_text import ACCENT
from bot.wording import counted, plain

if TYPE_CHECKING:
    from models.types import Character

BY_FACE = "Yes: I name this face here."
BY_NAME_ALONE = "Not yet, only by name. Show me with `/teach`."
DRAWN = "{pictures} on the largest board of fan art"
PAGE = "[MyAnimeList]({link})"

_NAMES_LENGTH = 1000


def character_page(character: Character, *, named: bool, taught: int) -> discord.Embed:
    """Return the page of a character.

    `named` says whether a server's gallery names the face; `taught` is how many pictures the server
    taught of it.
    """
    page = discord.Embed(title=plain(character.name), url=character.link or None, colour=ACCENT)
    others = ", ".join(map(plain, _other_names(character)))
    for name, value in (
        ("Series", plain(character.series)),
        ("In its own script", plain(character.native_name)),
        ("By face", BY_FACE if named else BY_NAME_ALONE),
        ("Also called", others if len(others) <= _NAMES_LENGTH else others[:_NAMES_LENGTH] + "…"),
        ("Taught here", f"{taught} picture{'s' * (taught != 1)}" if taught else ""),
        (
            "Drawn",
            DRAWN.format(pictures=counted(character.appearances, "picture"))
            if character.appearances
            else "",
        ),
        ("More", PAGE.format(link=character.link) if character.link else ""),
    ):
        if value:
            page.add_field(name=name, value=value, inline=name != "Also called")
    return page


def _other_names(character: Character) -> list[str]:
    said = {character.name, character.native_name}
    return [name for name in character.aliases if name not in said]
