"""Small pieces of text that several messages of the bot share."""

from __future__ import annotations

import math

from discord.utils import escape_markdown

NEEDS_INTENT = (
    "I can't see posted pictures: Discord's **Message Content Intent** is off for me. Whoever runs "
    "me can switch it on at <https://discord.com/developers/applications>, under **Bot**, and "
    "restart me. Until then these work: `/who image:`, the message menu **Who is this?**, a "
    "picture posted with a mention of me, and DMs."
)
WHO_MENU = "Who is this?"
"""The name of the message menu that asks about a message's pictures."""
NAME_LIMIT = 80
"""Characters of a name or a file name that a message shows."""


def plain(text: str, limit: int = NAME_LIMIT) -> str:
    """Return a name or file name so that it shows as it is: no markdown, one line, cut short."""
    flat = " ".join(text.split())
    if len(flat) > limit:
        flat = flat[: limit - 1] + "…"
    return escape_markdown(flat)


def in_seconds(wait: float) -> str:
    """Return how long there is to wait, in words: never less than the truth."""
    seconds = max(1, math.ceil(wait))
    return f"{seconds} second" if seconds == 1 else f"{seconds} seconds"
