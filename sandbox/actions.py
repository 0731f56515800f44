"""What users and the bot do: post, edit, delete, react, type, open threads.

Humans (through the driver and the page) and the bot (through REST) go the same way, so the same
rules hold for both. Whatever is done is told to the stream of events.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import unquote

from sandbox import components, content, errors, files
from sandbox.events import Event, Stream
from sandbox.payloads import snapshot_json
from sandbox.permissions import Permission
from sandbox.world import (
    DEFAULT_UPLOAD_LIMIT,
    Attachment,
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

    from sandbox.files import Upload

_CUSTOM_EMOJI = re.compile(r"(?:<a?:)?(\w+):(\d+)>?")
_ASCII_WORD = re.compile(r"^[\x21-\x7e]+$")
MAX_REACTIONS = 20

SENDABLE_FLAGS = (
    MessageFlag.SUPPRESS_EMBEDS | MessageFlag.SUPPRESS_NOTIFICATIONS | MessageFlag.IS_COMPONENTS_V2
)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an interaction's answer comes from; such an answer needs no channel permissions."""

    metadata: Json
    command_name: str | None = None
    type: MessageType = MessageType.DEFAULT
    visible_to: int | None = None
    flags: MessageFlag = field(default_factory=lambda: MessageFlag(0))


_EDITED = ("content", "embeds", "components", "flags", "attachments", "embedded_files", "mentions")
"""What an edit changes of a message, and puts back where it is refused."""


class Actions:
    """Everything that can be done in a world; what happened goes to the stream."""

    def __init__(self, world: World, stream: Stream) -> None:
        self.world = world
        self.stream = stream
        self.cdn = ""
        """The address that files are served at, without a slash at its end."""

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
            origin: Set where it answers an interaction.
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
            message.flags |= origin.flags
            if message.ephemeral:
                message.flags |= MessageFlag.EPHEMERAL
        self._refer(message, author, body.get("message_reference"))
        new = await self._keep_files(message, body, uploads)
        self._fill(message, body, new)
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
            new = await self._keep_files(message, body, uploads or {})
            if body.get("flags") is not None:
                kept = message.flags & ~SENDABLE_FLAGS
                message.flags = kept | (MessageFlag(body["flags"]) & SENDABLE_FLAGS)
            self._fill(message, body, new)
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

    def _refer(self, message: Message, author: User, reference: Json | None) -> None:
        """Make a message a reply to, or a forward of, another."""
        if not reference:
            return
        channel_id = int(reference.get("channel_id") or message.channel.id)
        source = self.world.channel(channel_id)
        target = source.messages.get(int(reference["message_id"]))
        readable = target is not None and target.visible_to in (None, author.id)
        forward = reference.get("type") == 1
        if target is None or not readable or (source is not message.channel and not forward):
            if reference.get("fail_if_not_exists", True):
                raise errors.invalid_form(
                    "message_reference", "REPLIES_UNKNOWN_MESSAGE", "Unknown message"
                )
            return
        if not self.world.may(author, source, Permission.READ_MESSAGE_HISTORY):
            raise errors.ApiError(
                403, 160002, "You cannot reply without permission to read message history"
            )
        message.reference = {
            "type": int(forward),
            "channel_id": str(source.id),
            "message_id": str(target.id),
        }
        if source.server is not None:
            message.reference["guild_id"] = str(source.server.id)
        if forward:
            message.snapshots = target.snapshots or [snapshot_json(target)]
            message.flags |= MessageFlag.HAS_SNAPSHOT
        else:
            message.referenced = target
            message.type = MessageType.REPLY

    async def _keep_files(
        self, message: Message, body: Json, uploads: Mapping[int, Upload]
    ) -> list[Attachment] | None:
        """Return the files that a message has afterwards; None where they stay as they are."""
        listed = body.get("attachments")
        if listed is None and not uploads:
            return None
        details = {int(item["id"]): item for item in listed or ()}
        limit = message.channel.server.upload_limit if message.channel.server else None
        for upload in uploads.values():
            if len(upload.data) > (limit or DEFAULT_UPLOAD_LIMIT):
                raise errors.too_large()
        kept = [
            attachment for attachment in message.files if listed is None or attachment.id in details
        ]
        if len(kept) + len(uploads) > content.MAX_FILES:
            raise errors.invalid_form("attachments", "BASE_TYPE_MAX_LENGTH", "Must be 10 or fewer.")
        for attachment in kept:
            detail = details.get(attachment.id, {})
            if "description" in detail:
                attachment.description = detail["description"]
        for number, upload in uploads.items():
            detail = details.get(number, {})
            description = detail.get("description") or upload.description
            if len(description or "") > content.MAX_DESCRIPTION:
                raise errors.invalid_form(
                    f"attachments.{number}.description",
                    "BASE_TYPE_MAX_LENGTH",
                    "Must be 1024 or fewer in length.",
                )
            name = detail.get("filename") or upload.filename
            if detail.get("is_spoiler"):
                name = files.clean_name(name, spoiler=True)
            kept.append(
                await files.keep(
                    self.world,
                    self.cdn,
                    message.channel.id,
                    files.Upload(name, upload.data, description),
                )
            )
        return kept

    def _fill(self, message: Message, body: Json, new_files: list[Attachment] | None) -> None:
        """Set a message's text, files, embeds and components from a request."""
        every = message.files if new_files is None else new_files

        def resolve(url: str) -> Json:
            return self._media(url, every)

        layout = MessageFlag.IS_COMPONENTS_V2 in message.flags
        if layout and (body.get("content") or body.get("embeds")):
            raise errors.invalid_form(
                "content", "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2", "Not with v2."
            )
        if "content" in body:
            text = body["content"] or ""
            content.check_content(text)
            message.content = text.strip()
        if "embeds" in body:
            message.embeds = content.complete_embeds(body["embeds"] or [], resolve)
        if "components" in body:
            message.components = components.complete(
                body["components"] or [], resolve, layout=layout
            )
        shown = {_path(media["url"]) for embed in message.embeds for media in _embed_media(embed)}
        message.embedded_files = [item for item in every if _path(item.url) in shown]
        message.attachments = [item for item in every if _path(item.url) not in shown]
        if {"content", "components"} & body.keys():
            self._mention(message, body.get("allowed_mentions"))

    def _mention(self, message: Message, allowed: Json | None) -> None:
        replied = message.referenced.author if message.referenced else None
        found = content.find_mentions(
            self.world,
            message.channel,
            f"{message.content}\n{components.texts(message.components)}",
            allowed,
            replied,
        )
        message.mentions = found.users
        message.mention_role_ids = found.role_ids
        message.mention_everyone = found.everyone and self.world.may(
            message.author, message.channel, Permission.MENTION_EVERYONE
        )
        if message.edits == 0:
            message.pinged = {user.id for user in found.users} - {message.author.id}

    def _media(self, url: str, every: list[Attachment]) -> Json:
        """Return the media item of an address: one of the message's files, or another site's."""
        match = None
        if url.startswith("attachment://"):
            name = files.clean_name(unquote(url.removeprefix("attachment://")))
            match = next((item for item in every if item.filename == name), None)
            if match is None:
                raise errors.invalid_form(
                    "attachments", "UNFURLED_MEDIA_ITEM_REFERENCED_ATTACHMENT_NOT_FOUND", url
                )
        else:
            match = next((item for item in every if _path(item.url) == _path(url)), None)
        if match is None:
            return {"id": str(self.world.mint.make()), "url": url, "proxy_url": url}
        media: Json = {
            "id": str(match.id),
            "url": match.url,
            "proxy_url": match.url,
            "attachment_id": str(match.id),
            "size": len(match.data),
        }
        if match.width is not None:
            media |= {"width": match.width, "height": match.height}
        if match.content_type is not None:
            media["content_type"] = match.content_type
        return media


def parse_emoji(emoji: str) -> Reaction:
    """Read an emoji as reactions write it: itself, or `name:id`; ApiError 10014 otherwise."""
    if match := _CUSTOM_EMOJI.fullmatch(emoji):
        return Reaction(match[1], int(match[2]))
    if not emoji or len(emoji) > 16 or _ASCII_WORD.match(emoji):
        raise errors.unknown_emoji()
    return Reaction(emoji)


def emoji_key(reaction: Reaction) -> str:
    """Return what tells one emoji from another; the variation selector doesn't."""
    return str(reaction.emoji_id) if reaction.emoji_id else reaction.name.replace("\ufe0f", "")


def _send_permission(channel: Channel) -> Permission:
    return Permission.SEND_MESSAGES_IN_THREADS if channel.is_thread else Permission.SEND_MESSAGES


def _path(url: str) -> str:
    return url.partition("?")[0]


def _embed_media(embed: Json) -> list[Json]:
    icons = [(embed.get(key) or {}).get("icon_url") for key in ("footer", "author")]
    media = [embed[key] for key in ("image", "thumbnail") if key in embed]
    return media + [{"url": icon} for icon in icons if icon]
