"""The objects behind the ids in a command's options, a select's values or a form's fields."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.state import files
from sandbox.state.errors import UsageError
from sandbox.state.payloads.messages import attachment_json, message_json
from sandbox.state.payloads.people import member_json, role_json, user_json
from sandbox.state.payloads.places import channel_json

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sandbox.state.entities import Channel, Json, Message, User
    from sandbox.state.files import Upload
    from sandbox.state.world import World

USERS, ROLES, CHANNELS = "users", "roles", "channels"
"""Kinds of objects that an id may stand for; Discord's keys below `resolved`."""


class Resolved:
    """Looks up what a user names by id in one channel, and takes in the files sent along.

    Args:
        world: Where the objects are.
        where: The channel in which they are named.
        uploads: The files sent along, by their number.

    """

    def __init__(self, world: World, where: Channel, uploads: Mapping[int, Upload]) -> None:
        self._world = world
        self._where = where
        self._uploads = uploads
        self._found: dict[str, dict[str, Json]] = {}

    def json(self) -> Json:
        """Write everything looked up so far, by kind."""
        return dict(self._found)

    def message(self, message: Message) -> str:
        """Add a message; returns its id."""
        return self._add("messages", message.id, message_json(self._world, message))

    def thing(self, value: object, kinds: Sequence[str]) -> str:
        """Look up an object of one of `kinds` by its id, and return the id.

        Raises:
            UsageError: There is none.

        """
        text = str(value)
        key = int(text) if text.isdecimal() else 0
        if USERS in kinds and (user := self._world.users.get(key)):
            return self._add_user(user)
        if ROLES in kinds and self._where.server and (role := self._where.server.roles.get(key)):
            return self._add(ROLES, key, role_json(role))
        if CHANNELS in kinds and (channel := self._world.channels.get(key)):
            granted = self._world.permissions(self._world.bot, channel)
            return self._add(
                CHANNELS, key, channel_json(channel) | {"permissions": str(int(granted))}
            )
        raise UsageError(f"“{text}” is none of the {' and '.join(kinds)} here.")

    async def file(self, number: object) -> str:
        """Take in the file with a number, and return its id.

        Raises:
            UsageError: No file has that number.
            ApiError: 40005, it is too large.

        """
        text = str(number)
        upload = self._uploads.get(int(text)) if text.isdecimal() else None
        if upload is None:
            raise UsageError("A file is missing.")
        files.check_size(self._where, upload)
        attachment = await files.store(self._world, self._world.bot.id, upload, ephemeral=True)
        return self._add("attachments", attachment.id, attachment_json(attachment))

    def _add_user(self, user: User) -> str:
        server = self._where.server
        if server is not None and (member := server.members.get(user.id)):
            granted = self._world.permissions(user, self._where)
            body = member_json(member, with_user=False) | {"permissions": str(int(granted))}
            self._add("members", user.id, body)
        return self._add(USERS, user.id, user_json(user))

    def _add(self, kind: str, key: int, body: Json) -> str:
        self._found.setdefault(kind, {})[str(key)] = body
        return str(key)
