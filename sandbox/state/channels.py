"""Channels: who types in them, the threads opened in them, and their end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.state import errors
from sandbox.state.entities import Message, MessageType
from sandbox.state.events import Event, message_event
from sandbox.state.payloads.messages import reference_json
from sandbox.state.permissions import Permission

if TYPE_CHECKING:
    from sandbox.state.entities import Channel, User
    from sandbox.state.events import Stream
    from sandbox.state.world import World


class Channels:
    """Changes the channels of a world."""

    def __init__(self, world: World, stream: Stream) -> None:
        self._world = world
        self._stream = stream

    def type(self, user: User, channel: Channel) -> None:
        """Show that a user is typing."""
        self._world.demand(user, channel, send_permission(channel))
        self._stream.emit(Event("typing", channel.server, channel, user))

    def open_thread(
        self, user: User, parent: Channel, name: str, message: Message | None = None
    ) -> Channel:
        """Open a thread in a channel, on a message where one is named."""
        if not 1 <= len(name) <= 100:
            raise errors.invalid_form("name", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 100.")
        if parent.server is None or parent.is_thread:
            raise errors.ApiError(400, 50024, "Cannot execute action on this channel type")
        self._world.demand(user, parent, Permission.CREATE_PUBLIC_THREADS)
        if message is not None and message.thread is not None:
            raise errors.ApiError(400, 160004, "A thread has already been created for this message")
        thread = self._world.add_channel(
            name,
            parent.server,
            parent=parent,
            owner=user,
            channel_id=message.id if message else None,
        )
        self._stream.emit(Event("channel_create", parent.server, thread, user))
        if message is not None:
            message.thread = thread
            self._stream.emit(message_event("message_update", message, user))
            self._point_back(thread, message)
        return thread

    def _point_back(self, thread: Channel, message: Message) -> None:
        """Let a thread begin with a message of Discord's own that shows what it was opened on."""
        starter = Message(
            self._world.mint.make(),
            thread,
            message.author,
            type=MessageType.THREAD_STARTER_MESSAGE,
            reference=reference_json(message),
            referenced=message,
        )
        thread.messages[starter.id] = starter
        thread.last_message_id = starter.id
        self._stream.emit(message_event("message_create", starter, message.author))

    def delete(self, channel: Channel, by: User | None = None) -> None:
        """Delete a channel with its threads, messages and files."""
        for thread in [item for item in self._world.channels.values() if item.parent is channel]:
            self.delete(thread, by)
        for message in channel.messages.values():
            message.deleted = True
            for attachment in message.files:
                self._world.files.pop(attachment.id, None)
        channel.messages.clear()
        self._world.channels.pop(channel.id, None)
        if channel.server is not None:
            channel.server.channels.pop(channel.id, None)
        self._stream.emit(Event("channel_delete", channel.server, channel, by))


def send_permission(channel: Channel) -> Permission:
    """Return the permission that posting in a channel needs."""
    return Permission.SEND_MESSAGES_IN_THREADS if channel.is_thread else Permission.SEND_MESSAGES
