"""Cogs with an entry in the menu of messages, which discord.py lets no cog declare."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands


class MenuCog(commands.Cog):
    """A cog that adds its entry to the tree while it is loaded."""

    def __init__(
        self,
        tree: app_commands.CommandTree[Any],
        name: str,
        callback: Callable[[discord.Interaction[Any], discord.Message], Coroutine[Any, Any, None]],
        *,
        guild_only: bool = False,
    ) -> None:
        self._tree = tree
        self._menu = app_commands.ContextMenu(name=name, callback=callback)
        self._menu.guild_only = guild_only

    async def cog_load(self) -> None:
        """Add the entry."""
        self._tree.add_command(self._menu)

    async def cog_unload(self) -> None:
        """Take the entry away again."""
        self._tree.remove_command(self._menu.name, type=self._menu.type)
