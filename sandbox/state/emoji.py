"""Emoji as reactions write them."""

from __future__ import annotations

import re

from sandbox.state import errors
from sandbox.state.entities import Reaction

_CUSTOM_EMOJI = re.compile(r"(?:<a?:)?(\w+):(\d+)>?")
_ASCII_WORD = re.compile(r"^[\x21-\x7e]+$")


def parse_emoji(emoji: str) -> Reaction:
    """Read an emoji as reactions write it: itself, or `name:id`; ApiError 10014 otherwise."""
    if match := _CUSTOM_EMOJI.fullmatch(emoji):
        return Reaction(match[1], int(match[2]))
    if not emoji or len(emoji) > 16 or _ASCII_WORD.match(emoji):
        raise errors.unknown_emoji()
    return Reaction(emoji)


def emoji_key(reaction: Reaction) -> str:
    """Return the key of an emoji; the variation selector makes no difference."""
    return str(reaction.emoji_id) if reaction.emoji_id else reaction.name.replace("\ufe0f", "")
