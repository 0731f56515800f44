"""What users and the bot do: post, edit, delete, react, type, open threads.

Humans (through the driver and the page) and the bot (through REST) go the same way, so the same
rules hold for both. Whatever is done is told to the stream of events.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sandbox.state import composing, errors
from sandbox.state.emoji import emoji_key, parse_emoji
from sandbox.state.events import Event, Stream
from sandbox.state.permissions import Permission
from sandbox.state.world import (
    Channel,
    Json,
    Message,
    MessageFlag,
    MessageType,
    Reaction,
    User,
    World,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sandbox.state.files import Upload

MAX_REACTIONS = 20

SENDABLE_FLAGS = (
    MessageFlag.SUPPRESS_EMBEDS | MessageFlag.SUPPRESS_NOTIFICATIONS | MessageFlag.IS_COMPONENTS_V2
)


@dataclass(frozen=True, slots=True)
class Origin:
    """What a message comes from if it isn't simply posted: an interaction, or a webhook.

    Such a message needs no channel permissions.
    """

    metadata: Json | None = None
    command_name: str | None = None
    type: MessageType = MessageType.DEFAULT
    visible_to: int | None = None
    webhook_id: int | None = None
    flags: MessageFlag = field(default_factory=lambda: MessageFlag(0))


_EDITED = ("content", "embeds", "components", "flags", "attachments", "embedded_files", "mentions")
"""What an edit changes of a message, and puts back where it is refused."""


class Actions:
    """Everything that can be done in a world; what happened goes to the stream."""

    def __init__(self, world: World, stream: Stream) -> None:
        self.world = world
        self.stream = stream

    # --- messages -------------------------------------------------------------------------------

    async def post(
        self,
        author: User,
        channel: Channel,
        body: Json,
        uploads: Mapping[int, Upload] | None = None,
        origin: Origin | None = None,
        extra_embeds: Iterable[Json] = (),
    ) -> Message:
        """Post a message.

        Args:
            author: Who posts.
            channel: Where.
            body: Discord's JSON of a new message.
            uploads: Its files by their number.
            origin: Set where it answers an interaction or is a webhook's.
            extra_embeds: Embeds that Discord itself made, such as a link's preview.

        Raises:
            ApiError: In Discord's words, what is not allowed or wrong.

        """
        uploads = uploads or {}
        if origin is None:
            self._check_may_post(author, channel, body, uploads)
            if (earlier := self._posted_before(author, channel, body)) is not None:
                return earlier
        message = Message(self.world.mint.make(), channel, author, nonce=body.get("nonce"))
        message.flags = MessageFlag(body.get("flags") or 0) & SENDABLE_FLAGS
        if origin is not None:
            message.type = origin.type
            message.visible_to = origin.visible_to
            message.interaction_metadata = origin.metadata
            message.command_name = origin.command_name
            message.webhook_id = origin.webhook_id
            message.flags |= origin.flags
            if message.ephemeral:
                message.flags |= MessageFlag.EPHEMERAL
        composing.refer(self.world, message, author, body.get("message_reference"))
        new = await composing.keep_files(self.world, message, body, uploads)
        composing.fill(self.world, message, body, new)
        message.embeds += list(extra_embeds)
        if not (
            message.content
            or message.files
            or message.embeds
            or message.components
            or message.snapshots
            or message.loading
        ):
            raise errors.empty_message()
        channel.messages[message.id] = message
        channel.last_message_id = message.id
        self.stream.emit(self._event("message_create", message, author))
        return message

    async def edit(
        self,
        editor: User,
        message: Message,
        body: Json,
        uploads: Mapping[int, Upload] | None = None,
        *,
        check: bool = True,
        quietly: bool = False,
    ) -> Message:
        """Edit a message in place: only what `body` has changes.

        `quietly` is the filling of a deferred answer, which Discord doesn't mark as an edit.
        """
        if check and message.author is not editor:
            raise errors.other_author()
        before = {name: getattr(message, name) for name in _EDITED}
        old_files = message.files
        try:
            new = await composing.keep_files(self.world, message, body, uploads or {})
            if body.get("flags") is not None:
                kept = message.flags & ~SENDABLE_FLAGS
                message.flags = kept | (MessageFlag(body["flags"]) & SENDABLE_FLAGS)
            composing.fill(self.world, message, body, new)
            if not (message.content or message.files or message.embeds or message.components):
                raise errors.empty_message()
        except errors.ApiError:
            for name, value in before.items():
                setattr(message, name, value)
            raise
        for attachment in old_files:
            if attachment not in message.files:
                self.world.files.pop(attachment.id, None)
        message.flags &= ~MessageFlag.LOADING
        message.edits += 1
        if not quietly:
            message.edited_at = datetime.now(UTC)
        self.changed(message, editor)
        return message

    def delete(self, messages: Iterable[Message], by: User | None = None) -> None:
        """Delete messages of one channel, one or many at once, with their files."""
        gone = tuple(messages)
        for message in gone:
            message.deleted = True
            message.channel.messages.pop(message.id, None)
            for attachment in message.files:
                self.world.files.pop(attachment.id, None)
        if gone:
            channel = gone[0].channel
            self.stream.emit(
                Event("message_delete", channel.server, channel, by, gone[0], messages=gone)
            )

    def changed(self, message: Message, by: User | None = None) -> None:
        """Tell that a message has changed."""
        self.stream.emit(self._event("message_update", message, by))

    def may_delete(self, user: User, message: Message) -> bool:
        """Whether a user may delete a message: his own, or as a moderator."""
        return message.author is user or (
            message.channel.server is not None
            and self.world.may(user, message.channel, Permission.MANAGE_MESSAGES)
        )

    # --- reactions and typing -------------------------------------------------------------------

    def react(self, user: User, message: Message, emoji: str) -> None:
        """Put a reaction under a message; doing it twice changes nothing."""
        reaction = parse_emoji(emoji)
        key = emoji_key(reaction)
        known = message.reactions.get(key)
        self.world.demand(user, message.channel, Permission.READ_MESSAGE_HISTORY)
        if known is None:
            self.world.demand(user, message.channel, Permission.ADD_REACTIONS)
            if len(message.reactions) >= MAX_REACTIONS:
                raise errors.ApiError(400, 30010, "Maximum number of reactions reached (20)")
            known = message.reactions[key] = reaction
        if user.id in known.user_ids:
            return
        known.user_ids.append(user.id)
        self.stream.emit(self._event("reaction_add", message, user, emoji=known))

    def unreact(self, user: User, message: Message, emoji: str) -> None:
        """Take a user's reaction back; ApiError 10014 where there is none."""
        key = emoji_key(parse_emoji(emoji))
        known = message.reactions.get(key)
        if known is None or user.id not in known.user_ids:
            raise errors.unknown_emoji()
        known.user_ids.remove(user.id)
        if not known.user_ids:
            del message.reactions[key]
        self.stream.emit(self._event("reaction_remove", message, user, emoji=known))

    def clear_reactions(self, by: User, message: Message, emoji: str | None = None) -> None:
        """Clear a message of every reaction, or of one emoji's; needs Manage Messages."""
        self.world.demand(by, message.channel, Permission.MANAGE_MESSAGES)
        gone = None
        if emoji is None:
            message.reactions.clear()
        else:
            gone = message.reactions.pop(emoji_key(parse_emoji(emoji)), None)
            if gone is None:
                return
        self.stream.emit(self._event("reaction_clear", message, by, emoji=gone))

    def type(self, user: User, channel: Channel) -> None:
        """Show that a user is typing."""
        self.world.demand(user, channel, _send_permission(channel))
        self.stream.emit(Event("typing", channel.server, channel, user))

    # --- channels -------------------------------------------------------------------------------

    def open_thread(
        self, user: User, parent: Channel, name: str, message: Message | None = None
    ) -> Channel:
        """Open a thread in a channel, on a message where one is given."""
        if parent.server is None or parent.is_thread:
            raise errors.ApiError(400, 50024, "Cannot execute action on this channel type")
        self.world.demand(user, parent, Permission.CREATE_PUBLIC_THREADS)
        if message is not None and message.thread is not None:
            raise errors.ApiError(400, 160004, "A thread has already been created for this message")
        thread = self.world.add_channel(
            name,
            parent.server,
            parent=parent,
            owner=user,
            channel_id=message.id if message else None,
        )
        self.stream.emit(Event("channel_create", parent.server, thread, user))
        if message is not None:
            message.thread = thread
            self.changed(message, user)
        return thread

    def delete_channel(self, channel: Channel, by: User | None = None) -> None:
        """Delete a channel with its threads, messages and files."""
        for thread in [item for item in self.world.channels.values() if item.parent is channel]:
            self.delete_channel(thread, by)
        for message in channel.messages.values():
            message.deleted = True
            for attachment in message.files:
                self.world.files.pop(attachment.id, None)
        channel.messages.clear()
        self.world.channels.pop(channel.id, None)
        if channel.server is not None:
            channel.server.channels.pop(channel.id, None)
        self.stream.emit(Event("channel_delete", channel.server, channel, by))

    # --- how a message is put together ----------------------------------------------------------

    def _event(
        self,
        kind: str,
        message: Message,
        user: User | None,
        emoji: Reaction | None = None,
    ) -> Event:
        data: Json = {} if emoji is None else {"emoji": emoji.name, "reaction": emoji}
        channel = message.channel
        return Event(
            kind,  # pyright: ignore[reportArgumentType] - the callers' literals are all kinds
            channel.server,
            channel,
            user,
            message,
            messages=(message,),
            data=data,
        )

    def _check_may_post(
        self, author: User, channel: Channel, body: Json, uploads: Mapping[int, Upload]
    ) -> None:
        self.world.demand(author, channel, _send_permission(channel))
        if uploads:
            self.world.demand(author, channel, Permission.ATTACH_FILES)
        if body.get("embeds"):
            self.world.demand(author, channel, Permission.EMBED_LINKS)
        if channel.server is None and not all(
            user.accepts_dms for user in channel.recipients if user is not author
        ):
            raise errors.cannot_message_user()

    def _posted_before(self, author: User, channel: Channel, body: Json) -> Message | None:
        """Return the message that a repeated request already made (`enforce_nonce`)."""
        nonce = body.get("nonce")
        if nonce is None or not body.get("enforce_nonce"):
            return None
        recent = list(channel.messages.values())[-50:]
        return next(
            (item for item in recent if item.nonce == nonce and item.author is author), None
        )


def _send_permission(channel: Channel) -> Permission:
    return Permission.SEND_MESSAGES_IN_THREADS if channel.is_thread else Permission.SEND_MESSAGES
