"""Reactions: put under messages, taken back and cleared."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.state import errors
from sandbox.state.emoji import emoji_key, parse_emoji
from sandbox.state.events import message_event
from sandbox.state.permissions import Permission

if TYPE_CHECKING:
    from sandbox.state.entities import Message, User
    from sandbox.state.events import Stream
    from sandbox.state.world import World

MAX_REACTIONS = 20


class Reactions:
    """Changes the reactions under a world's messages."""

    def __init__(self, world: World, stream: Stream) -> None:
        self._world = world
        self._stream = stream

    def add(self, user: User, message: Message, emoji: str) -> None:
        """Put a reaction under a message; doing it twice changes nothing."""
        reaction = parse_emoji(emoji)
        key = emoji_key(reaction)
        known = message.reactions.get(key)
        self._world.demand(user, message.channel, Permission.READ_MESSAGE_HISTORY)
        if known is None:
            self._world.demand(user, message.channel, Permission.ADD_REACTIONS)
            if len(message.reactions) >= MAX_REACTIONS:
                raise errors.ApiError(400, 30010, "Maximum number of reactions reached (20)")
            known = message.reactions[key] = reaction
        if user.id in known.user_ids:
            return
        known.user_ids.append(user.id)
        self._stream.emit(message_event("reaction_add", message, user, reaction=known))

    def remove(self, user: User, message: Message, emoji: str) -> None:
        """Take a user's reaction back; ApiError 10014 where there is none."""
        key = emoji_key(parse_emoji(emoji))
        known = message.reactions.get(key)
        if known is None or user.id not in known.user_ids:
            raise errors.unknown_emoji()
        known.user_ids.remove(user.id)
        if not known.user_ids:
            del message.reactions[key]
        self._stream.emit(message_event("reaction_remove", message, user, reaction=known))

    def clear(self, by: User, message: Message, emoji: str | None = None) -> None:
        """Clear a message of every reaction, or of one emoji's; needs Manage Messages."""
        self._world.demand(by, message.channel, Permission.MANAGE_MESSAGES)
        gone = None
        if emoji is None:
            message.reactions.clear()
        else:
            gone = message.reactions.pop(emoji_key(parse_emoji(emoji)), None)
            if gone is None:
                return
        self._stream.emit(message_event("reaction_clear", message, by, reaction=gone))
