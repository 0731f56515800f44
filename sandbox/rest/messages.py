"""REST routes of messages and reactions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.rest.payloads import message_json, user_json
from sandbox.rest.routing import Call, Route, Routes, body_of
from sandbox.state import errors
from sandbox.state.emoji import emoji_key, parse_emoji
from sandbox.state.permissions import Permission

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sandbox.state.world import Json, Message

_MESSAGE = "/channels/{channel_id}/messages/{message_id}"
_REACTION = _MESSAGE + "/reactions/{emoji}"


class MessageRoutes(Routes):
    """What the bot does with messages."""

    def routes(self) -> Iterable[Route]:
        """List these routes."""
        return (
            ("GET", "/channels/{channel_id}/messages", self.history),
            ("POST", "/channels/{channel_id}/messages", self.post),
            ("POST", "/channels/{channel_id}/messages/bulk-delete", self.bulk_delete),
            ("GET", _MESSAGE, self.get),
            ("PATCH", _MESSAGE, self.edit),
            ("DELETE", _MESSAGE, self.delete),
            ("DELETE", _MESSAGE + "/reactions", self.clear_reactions),
            ("GET", _REACTION, self.reactors),
            ("DELETE", _REACTION, self.clear_emoji),
            ("PUT", _REACTION + "/@me", self.react),
            ("DELETE", _REACTION + "/{user_id}", self.unreact),
            ("POST", "/channels/{channel_id}/typing", self.type),
        )

    def write(self, message: Message) -> Json:
        """Write a message as far as the bot's granted intents let it see."""
        granted = "message_content" in self._world.granted_intents
        return message_json(self._world, message, with_content=granted)

    async def history(self, call: Call) -> Any:
        """`GET /channels/{}/messages`: newest first, by `before`, `after`, `around`, `limit`."""
        channel = self._api.channel(call)
        if not self._world.may(self._bot, channel, Permission.READ_MESSAGE_HISTORY):
            return []
        limit = _limit(call, 50)
        every = [item for item in channel.messages.values() if not item.ephemeral]
        if before := call.query("before"):
            chosen = [item for item in every if item.id < int(before)][-limit:]
        elif after := call.query("after"):
            chosen = [item for item in every if item.id > int(after)][:limit]
        elif around := call.query("around"):
            older = [item for item in every if item.id <= int(around)]
            newer = [item for item in every if item.id > int(around)]
            chosen = older[-(limit + 1) // 2 :] + newer[: limit // 2]
        else:
            chosen = every[-limit:]
        return [self.write(item) for item in reversed(chosen)]

    async def get(self, call: Call) -> Any:
        """`GET /channels/{}/messages/{}`."""
        channel = self._api.channel(call)
        self._world.demand(self._bot, channel, Permission.READ_MESSAGE_HISTORY)
        return self.write(self._public(call))

    async def post(self, call: Call) -> Any:
        """`POST /channels/{}/messages`."""
        channel = self._api.channel(call)
        message = await self._api.actions.post(self._bot, channel, body_of(call), call.uploads)
        return self.write(message)

    async def edit(self, call: Call) -> Any:
        """`PATCH /channels/{}/messages/{}`."""
        message = self._public(call)
        await self._api.actions.edit(self._bot, message, body_of(call), call.uploads)
        return self.write(message)

    async def delete(self, call: Call) -> None:
        """`DELETE /channels/{}/messages/{}`: the bot's own, or as a moderator."""
        message = self._public(call)
        if not self._api.actions.may_delete(self._bot, message):
            raise errors.missing_permissions()
        self._api.actions.delete([message], self._bot)

    async def bulk_delete(self, call: Call) -> None:
        """`POST /channels/{}/messages/bulk-delete`: 2 to 100 at once; unknown ones don't matter."""
        channel = self._api.channel(call)
        self._world.demand(self._bot, channel, Permission.MANAGE_MESSAGES)
        ids = [int(item) for item in body_of(call).get("messages") or ()]
        if not 2 <= len(ids) <= 100:
            raise errors.ApiError(
                400, 50016, "Provided too few or too many messages to delete: 2 to 100."
            )
        found = [channel.messages[item] for item in ids if item in channel.messages]
        self._api.actions.delete([item for item in found if not item.ephemeral], self._bot)

    async def reactors(self, call: Call) -> Any:
        """`GET .../reactions/{emoji}`: who reacted, by id, by `after` and `limit`."""
        message = self._public(call)
        reaction = self._reaction(message, call.text("emoji"))
        after = int(call.query("after") or 0)
        ids = sorted(user_id for user_id in reaction if user_id > after)
        return [user_json(self._world.users[user_id]) for user_id in ids[: _limit(call, 25)]]

    async def react(self, call: Call) -> None:
        """`PUT .../reactions/{emoji}/@me`."""
        self._api.actions.react(self._bot, self._public(call), call.text("emoji"))

    async def unreact(self, call: Call) -> None:
        """`DELETE .../reactions/{emoji}/{user}`: its own, or another's as a moderator."""
        message = self._public(call)
        user = self._bot
        if call.text("user_id") != "@me":
            user = self._world.users.get(call.id("user_id"))
            if user is None:
                raise errors.unknown_user()
            if user is not self._bot:
                self._world.demand(self._bot, message.channel, Permission.MANAGE_MESSAGES)
        self._api.actions.unreact(user, message, call.text("emoji"))

    async def clear_emoji(self, call: Call) -> None:
        """`DELETE .../reactions/{emoji}`."""
        self._api.actions.clear_reactions(self._bot, self._public(call), call.text("emoji"))

    async def clear_reactions(self, call: Call) -> None:
        """`DELETE .../reactions`."""
        self._api.actions.clear_reactions(self._bot, self._public(call))

    async def type(self, call: Call) -> None:
        """`POST /channels/{}/typing`."""
        self._api.actions.type(self._bot, self._api.channel(call))

    def _public(self, call: Call) -> Message:
        """Return the path's message; ephemeral ones are reached by their interaction only."""
        message = self._api.message(call)
        if message.ephemeral:
            raise errors.unknown_message()
        return message

    def _reaction(self, message: Message, emoji: str) -> list[int]:
        reaction = message.reactions.get(emoji_key(parse_emoji(emoji)))
        return reaction.user_ids if reaction else []


def _limit(call: Call, default: int) -> int:
    limit = int(call.query("limit") or default)
    if not 1 <= limit <= 100:
        raise errors.invalid_form("limit", "NUMBER_TYPE_MAX", "Must be between 1 and 100.")
    return limit
