"""Messages: posted, edited and deleted, by humans and by bots in the same way.

A test's member, the chat page and the bot (through REST) all post here, so that the same rules
hold for each. What happens goes to the stream of events.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sandbox.state import composing, errors
from sandbox.state.channels import send_permission
from sandbox.state.entities import Channel, Json, Message, MessageFlag, MessageType, User
from sandbox.state.events import Event, Stream, message_event
from sandbox.state.permissions import Permission

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sandbox.state.files import Upload
    from sandbox.state.world import World

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


class Messages:
    """Posts, edits and deletes the messages of a world."""

    def __init__(self, world: World, stream: Stream) -> None:
        self._world = world
        self._stream = stream

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
        message = Message(self._world.mint.make(), channel, author, nonce=body.get("nonce"))
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
        composing.refer(self._world, message, author, body.get("message_reference"))
        new = await composing.update_files(self._world, message, body, uploads)
        composing.fill(self._world, message, body, new)
        message.embeds += list(extra_embeds)
        if not (message.snapshots or message.loading or _has_content(message)):
            raise errors.empty_message()
        channel.messages[message.id] = message
        channel.last_message_id = message.id
        self._stream.emit(message_event("message_create", message, author))
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
            new = await composing.update_files(self._world, message, body, uploads or {})
            if body.get("flags") is not None:
                message.flags = _edited_flags(message, MessageFlag(body["flags"]))
            composing.fill(self._world, message, body, new)
            if not _has_content(message):
                raise errors.empty_message()
        except errors.ApiError:
            for name, value in before.items():
                setattr(message, name, value)
            raise
        for attachment in old_files:
            if attachment not in message.files:
                self._world.files.pop(attachment.id, None)
        message.flags &= ~MessageFlag.LOADING
        message.edits += 1
        if not quietly:
            message.edited_at = datetime.now(UTC)
        self.changed(message, editor)
        return message

    def delete(self, messages: Iterable[Message], by: User) -> None:
        """Delete messages of one channel, one or many at once, with their files.

        Raises:
            ApiError: 50013, one is neither an own message, nor one that only `by` sees, nor is
                `by` a moderator. Nothing is deleted then.

        """
        gone = tuple(messages)
        if not all(self._may_delete(by, message) for message in gone):
            raise errors.missing_permissions()
        for message in gone:
            message.deleted = True
            message.channel.messages.pop(message.id, None)
            for attachment in message.files:
                self._world.files.pop(attachment.id, None)
        if gone:
            channel = gone[0].channel
            self._stream.emit(
                Event("message_delete", channel.server, channel, by, gone[0], messages=gone)
            )

    def changed(self, message: Message, by: User | None = None) -> None:
        """Emit that a message has changed."""
        self._stream.emit(message_event("message_update", message, by))

    def _may_delete(self, user: User, message: Message) -> bool:
        """Whether a user may delete a message: an own one, as a moderator, or one only they see."""
        return (
            user is message.author
            or user.id == message.visible_to
            or (
                message.channel.server is not None
                and self._world.may(user, message.channel, Permission.MANAGE_MESSAGES)
            )
        )

    def _check_may_post(
        self, author: User, channel: Channel, body: Json, uploads: Mapping[int, Upload]
    ) -> None:
        self._world.demand(author, channel, send_permission(channel))
        if uploads:
            self._world.demand(author, channel, Permission.ATTACH_FILES)
        if body.get("embeds"):
            self._world.demand(author, channel, Permission.EMBED_LINKS)
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


def _has_content(message: Message) -> bool:
    """Whether a message shows anything; one of layout components shows no mere files."""
    if message.layout:
        return bool(message.components)
    return bool(
        message.content or message.files or message.embeds or message.components or message.stickers
    )


def _edited_flags(message: Message, wanted: MessageFlag) -> MessageFlag:
    """Return a message's flags after an edit; layout components once are so for good."""
    if message.layout and MessageFlag.IS_COMPONENTS_V2 not in wanted:
        raise errors.invalid_form(
            "flags",
            "MESSAGE_COMPONENTS_V2_FLAG_CANNOT_BE_REMOVED",
            "MessageFlags.IS_COMPONENTS_V2 cannot be removed",
        )
    return (message.flags & ~SENDABLE_FLAGS) | (wanted & SENDABLE_FLAGS)
