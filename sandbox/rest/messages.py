"""REST routes of messages and reactions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.rest.api import Call, Route, Routes, body_of
from sandbox.state import errors
from sandbox.state.emoji import emoji_key, parse_emoji
from sandbox.state.payloads.messages import message_json, sticker_json
from sandbox.state.payloads.people import user_json
from sandbox.state.permissions import Permission

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sandbox.state.entities import Json, Message, User

_MESSAGE = "/channels/{channel_id}/messages/{message_id}"
_REACTION = _MESSAGE + "/reactions/{emoji}"


class MessageRoutes(Routes):
    """What the bot and humans do with messages."""

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
            ("GET", "/stickers/{sticker_id}", self.sticker),
        )

    def _write(self, message: Message, viewer: User) -> Json:
        """Write a message for a viewer; for the bot as far as its granted intents let it see."""
        granted = viewer is not self._bot or "message_content" in self._world.granted_intents
        return message_json(self._world, message, viewer=viewer, with_content=granted)

    async def history(self, call: Call) -> Any:
        """`GET /channels/{}/messages`: newest first, by `before`, `after`, `around`, `limit`."""
        channel = self._api.channel(call)
        if not self._world.may(call.user, channel, Permission.READ_MESSAGE_HISTORY):
            return []
        limit = _limit(call, 50)
        every = [
            item for item in channel.messages.values() if item.visible_to in (None, call.user.id)
        ]
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
        return [self._write(item, call.user) for item in reversed(chosen)]

    async def get(self, call: Call) -> Any:
        """`GET /channels/{}/messages/{}`."""
        channel = self._api.channel(call)
        self._world.demand(call.user, channel, Permission.READ_MESSAGE_HISTORY)
        return self._write(self._api.message(call), call.user)

    async def post(self, call: Call) -> Any:
        """`POST /channels/{}/messages`."""
        channel = self._api.channel(call)
        message = await self._state.messages.post(call.user, channel, body_of(call), call.uploads)
        return self._write(message, call.user)

    async def edit(self, call: Call) -> Any:
        """`PATCH /channels/{}/messages/{}`."""
        message = self._api.message(call)
        await self._state.messages.edit(call.user, message, body_of(call), call.uploads)
        return self._write(message, call.user)

    async def delete(self, call: Call) -> None:
        """`DELETE /channels/{}/messages/{}`: an own one, as a moderator, or an ephemeral one."""
        self._state.messages.delete([self._api.message(call)], call.user)

    async def bulk_delete(self, call: Call) -> None:
        """`POST /channels/{}/messages/bulk-delete`: 2 to 100 at once; unknown ones don't matter."""
        channel = self._api.channel(call)
        self._world.demand(call.user, channel, Permission.MANAGE_MESSAGES)
        ids = [int(item) for item in body_of(call).get("messages") or ()]
        if not 2 <= len(ids) <= 100:
            raise errors.ApiError(
                400, 50016, "Provided too few or too many messages to delete: 2 to 100."
            )
        found = [channel.messages[item] for item in ids if item in channel.messages]
        self._state.messages.delete([item for item in found if not item.ephemeral], call.user)

    async def reactors(self, call: Call) -> Any:
        """`GET .../reactions/{emoji}`: who reacted, by id, by `after` and `limit`."""
        message = self._api.message(call)
        reaction = self._reaction(message, call.text("emoji"))
        after = int(call.query("after") or 0)
        ids = sorted(user_id for user_id in reaction if user_id > after)
        return [user_json(self._world.users[user_id]) for user_id in ids[: _limit(call, 25)]]

    async def react(self, call: Call) -> None:
        """`PUT .../reactions/{emoji}/@me`."""
        self._state.reactions.add(call.user, self._api.message(call), call.text("emoji"))

    async def unreact(self, call: Call) -> None:
        """`DELETE .../reactions/{emoji}/{user}`: its own, or another's as a moderator."""
        message = self._api.message(call)
        user = call.user
        if call.text("user_id") != "@me":
            user = self._world.users.get(call.id("user_id"))
            if user is None:
                raise errors.unknown_user()
            if user is not call.user:
                self._world.demand(call.user, message.channel, Permission.MANAGE_MESSAGES)
        self._state.reactions.remove(user, message, call.text("emoji"))

    async def clear_emoji(self, call: Call) -> None:
        """`DELETE .../reactions/{emoji}`."""
        self._state.reactions.clear(call.user, self._api.message(call), call.text("emoji"))

    async def clear_reactions(self, call: Call) -> None:
        """`DELETE .../reactions`."""
        self._state.reactions.clear(call.user, self._api.message(call))

    async def type(self, call: Call) -> None:
        """`POST /channels/{}/typing`."""
        self._state.channels.type(call.user, self._api.channel(call))

    async def sticker(self, call: Call) -> Any:
        """`GET /stickers/{}`."""
        sticker = self._world.stickers.get(call.id("sticker_id"))
        if sticker is None:
            raise errors.unknown_sticker()
        return sticker_json(sticker)

    def _reaction(self, message: Message, emoji: str) -> list[int]:
        reaction = message.reactions.get(emoji_key(parse_emoji(emoji)))
        return reaction.user_ids if reaction else []


def _limit(call: Call, default: int) -> int:
    limit = int(call.query("limit") or default)
    if not 1 <= limit <= 100:
        raise errors.invalid_form("limit", "NUMBER_TYPE_MAX", "Must be between 1 and 100.")
    return limit
