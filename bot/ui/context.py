"""How a view that discord.py rebuilds from a `custom_id` gets at the bot's services."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, cast

if TYPE_CHECKING:
    import discord

    from bot.services import Services


class _HoldsServices(Protocol):
    services: Services


def services_of(interaction: discord.Interaction) -> Services:
    """Return the services of the bot that received an interaction."""
    return cast("_HoldsServices", interaction.client).services
