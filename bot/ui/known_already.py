"""The question of /teach whether somebody listed under the name is meant, or somebody new."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import discord

from bot.ui.errors import answers_errors

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from models.types import Character

KNOWN = (
    "**{name}** is known already: do you mean {whom}? Pick who it is, and I add "
    "{count} to what I know."
)
NOT_YOURS = "Only who teaches picks here: use `/teach` yourself."
WAIT_S = 600
"""Seconds in which to pick who is meant; the pictures are let go after that."""
OFFERED = 10
"""Characters of one name that are offered."""
_LABEL_LENGTH = 100
_NEW = "!new"


@dataclass(frozen=True, slots=True)
class Who:
    """Who is taught: by name and series, or somebody new whoever else is called so."""

    name: str
    series: str
    new: bool = False


class KnownAlready(discord.ui.View):
    """Asks who is meant where listed characters have the name; goes on with the answer.

    It holds the pictures, so it ends with the process or after ten minutes.
    """

    def __init__(
        self,
        user_id: int,
        name: str,
        alike: Sequence[Character],
        finish: Callable[[Who], Awaitable[None]],
    ) -> None:
        super().__init__(timeout=WAIT_S)
        self._user_id = user_id
        self._name = name
        self._alike = {character.id: character for character in alike}
        self._finish = finish
        self._select = discord.ui.Select[Self](
            placeholder="Who is it?",
            options=[
                *(
                    discord.SelectOption(
                        label=character.name[:_LABEL_LENGTH],
                        description=character.series[:_LABEL_LENGTH] or None,
                        value=character.id[:_LABEL_LENGTH],
                    )
                    for character in alike
                ),
                discord.SelectOption(label=f"Somebody new: {name}"[:_LABEL_LENGTH], value=_NEW),
            ],
        )
        self._select.callback = self._picked
        self.add_item(self._select)

    async def interaction_check(self, interaction: discord.Interaction[Any]) -> bool:
        """Let only the one who teaches pick."""
        if interaction.user.id == self._user_id:
            return True
        await interaction.response.send_message(NOT_YOURS, ephemeral=True)
        return False

    @answers_errors
    async def _picked(self, interaction: discord.Interaction[Any]) -> None:
        await interaction.response.defer()
        chosen = self._alike.get(self._select.values[0])
        if chosen is None:
            who = Who(self._name, "", new=True)
        else:
            who = Who(chosen.name if chosen.series else chosen.id, chosen.series)
        self.stop()
        await interaction.edit_original_response(view=None)
        await self._finish(who)
