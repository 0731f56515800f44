"""Small pieces of text that several messages of the bot share."""

from __future__ import annotations

import math

from discord.utils import escape_markdown

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
