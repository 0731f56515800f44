"""Small pieces of text that several messages of the bot share."""

from __future__ import annotations

import math
import re
import unicodedata

from discord.utils import escape_markdown

from bot.terminal import TURNING_ROUND
from models.types import percent

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


_UNSEEN = {"Cc", "Cs", "Co", "Cn"}
"""Unicode's categories of control characters, surrogates, and what has no character at all."""
_TURNS_ROUND = re.compile(f"[{TURNING_ROUND}]")
"""What may come after such a mark are the bot's own words."""
_OPENS = re.compile(r"<(?=[@#:/atiu])|(?<=:)//|@(?=everyone|here)")
"""Where a mention, an emoji, a time, a command or an address begins."""


def one_line(text: str) -> str:
    """Return a text in one line, without what nobody sees and what turns the line round."""
    flat = " ".join(_TURNS_ROUND.sub("", text).split())
    return "".join(each for each in flat if unicodedata.category(each) not in _UNSEEN)


def plain(text: str, limit: int = NAME_LIMIT) -> str:
    """Return a name or file name so that it shows as it is, and does nothing: one line, cut short.

    Markdown, mentions, times and addresses are only letters in it; characters that nobody sees, or
    that turn the line round, are left out.
    """
    flat = one_line(text)
    if len(flat) > limit:
        flat = flat[: limit - 1] + "…"
    return _OPENS.sub(_escaped, escape_markdown(flat, ignore_links=False))


def _escaped(match: re.Match[str]) -> str:
    return "".join(f"\\{letter}" for letter in match[0])


def in_seconds(wait: float) -> str:
    """Return how long there is to wait, in words: never less than the truth."""
    seconds = max(1, math.ceil(wait))
    return f"{seconds} second" if seconds == 1 else f"{seconds} seconds"


def counted(count: int, what: str) -> str:
    """Return a number with its noun, in the plural but for one: "1 crop", "1,200 crops"."""
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"


def share(part: int, whole: int) -> str:
    """Return what was counted as a percentage; a dash where there was nothing to count.

    All is 100 % and none is 0 %; what is nearly so is said as of a probability (`percent`).
    """
    if not whole:
        return "–"
    return f"{100 * part // whole} %" if part in (0, whole) else percent(part / whole)
