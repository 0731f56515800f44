"""What there is in the sandbox: users, servers, channels, messages, files; plain data."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import IntEnum, IntFlag
from typing import Any

from sandbox.state.permissions import NOTHING, Permission

Json = dict[str, Any]
"""A JSON object."""

DEFAULT_UPLOAD_LIMIT = 10 * 2**20
"""Bytes that one file may have in a server without boosts."""


class ChannelType(IntEnum):
    """Kinds of channels the sandbox has."""

    TEXT = 0
    DM = 1
    THREAD = 11


class MessageType(IntEnum):
    """Kinds of messages the sandbox has."""

    DEFAULT = 0
    REPLY = 19
    CHAT_INPUT_COMMAND = 20
    THREAD_STARTER_MESSAGE = 21
    CONTEXT_MENU_COMMAND = 23


class StickerFormat(IntEnum):
    """What a sticker's file is."""

    PNG = 1
    APNG = 2
    LOTTIE = 3
    GIF = 4

    @property
    def suffix(self) -> str:
        """The end of its file's name."""
        return {StickerFormat.LOTTIE: "json", StickerFormat.GIF: "gif"}.get(self, "png")


class MessageFlag(IntFlag):
    """Message flags the sandbox understands."""

    SUPPRESS_EMBEDS = 1 << 2
    EPHEMERAL = 1 << 6
    LOADING = 1 << 7
    SUPPRESS_NOTIFICATIONS = 1 << 12
    HAS_SNAPSHOT = 1 << 14
    IS_COMPONENTS_V2 = 1 << 15


NO_FLAGS = MessageFlag(0)


@dataclass(eq=False, slots=True)
class User:
    """Somebody, human or bot. `accepts_dms` false refuses direct messages from the bot.

    `avatar` is the hash of a picture on the CDN, None without one.
    """

    id: int
    username: str
    display_name: str
    bot: bool = False
    accepts_dms: bool = True
    avatar: str | None = None


@dataclass(eq=False, slots=True)
class Role:
    """A role of a server."""

    id: int
    name: str
    permissions: Permission
    position: int = 0
    managed: bool = False


@dataclass(eq=False, slots=True)
class ServerMember:
    """A user in one server, with the ids of the roles there (everybody's own role left out)."""

    user: User
    role_ids: list[int] = field(default_factory=list)
    nick: str | None = None
    joined_at: datetime = field(default_factory=lambda: datetime.now(UTC))


@dataclass(eq=False, slots=True)
class Overwrite:
    """A channel's exception to the permissions of a role or, where `member`, of one user."""

    target_id: int
    member: bool
    allow: Permission = NOTHING
    deny: Permission = NOTHING


@dataclass(eq=False, slots=True)
class Server:
    """A server ("guild"). The role whose id is the server's own is everybody's."""

    id: int
    name: str
    owner_id: int
    upload_limit: int = DEFAULT_UPLOAD_LIMIT
    roles: dict[int, Role] = field(default_factory=dict)
    members: dict[int, ServerMember] = field(default_factory=dict)
    channels: dict[int, Channel] = field(default_factory=dict)

    def channel_named(self, name: str) -> Channel:
        """Return a channel or thread by its name; KeyError where there is none."""
        for channel in self.channels.values():
            if channel.name == name.removeprefix("#"):
                return channel
        raise KeyError(name)


@dataclass(eq=False, slots=True)
class Channel:
    """A text channel, thread or direct message with its messages, oldest first."""

    id: int
    type: ChannelType
    name: str = ""
    server: Server | None = None
    parent: Channel | None = None
    position: int = 0
    nsfw: bool = False
    topic: str | None = None
    owner_id: int | None = None
    archived: bool = False
    recipients: list[User] = field(default_factory=list)
    overwrites: dict[int, Overwrite] = field(default_factory=dict)
    messages: dict[int, Message] = field(default_factory=dict)
    last_message_id: int | None = None

    @property
    def is_thread(self) -> bool:
        """Whether it is a thread of another channel."""
        return self.type is ChannelType.THREAD

    @property
    def age_restricted(self) -> bool:
        """Whether it, or the channel its thread is in, is marked as age-restricted."""
        return self.nsfw or (self.parent is not None and self.parent.nsfw)


@dataclass(eq=False, slots=True)
class Attachment:
    """A posted file, or a picture of another site of which Discord's proxy has a copy.

    `width` and `height` are set where Discord shows it as a picture or a video. `url` gives the
    file as it is, `proxy_url` also scaled or in another format. `frame` is what a video's preview
    shows, an encoded picture.
    """

    id: int
    filename: str
    data: bytes = field(repr=False)
    content_type: str | None
    width: int | None
    height: int | None
    url: str
    proxy_url: str
    description: str | None = None
    ephemeral: bool = False
    frame: bytes | None = field(default=None, repr=False)

    @property
    def spoiler(self) -> bool:
        """Whether the file is hidden until clicked."""
        return self.filename.startswith("SPOILER_")


@dataclass(eq=False, slots=True)
class Sticker:
    """A sticker of a server."""

    id: int
    name: str
    format: StickerFormat
    server: Server
    data: bytes = field(repr=False)


@dataclass(eq=False, slots=True)
class Reaction:
    """An emoji under a message and who put it there, in order. A custom emoji has an `emoji_id`."""

    name: str
    emoji_id: int | None = None
    user_ids: list[int] = field(default_factory=list)


@dataclass(eq=False, slots=True)
class Message:
    """A message. It is the live object: an edit changes it in place.

    `visible_to` is the only user who sees an ephemeral one, else None. `pinged` holds the ids of
    the users who got a notification: mentions that `allowed_mentions` let through, and the author
    that a reply pings. `embeds` and `components` are Discord's JSON, with `attachment://` addresses
    resolved; `embedded_files` are files shown inside an embed or a layout component: Discord lists
    those there alone.
    `reference` is Discord's `message_reference`; `referenced` its message at the time of posting.
    """

    id: int
    channel: Channel
    author: User
    content: str = ""
    type: MessageType = MessageType.DEFAULT
    flags: MessageFlag = NO_FLAGS
    attachments: list[Attachment] = field(default_factory=list)
    embedded_files: list[Attachment] = field(default_factory=list)
    embeds: list[Json] = field(default_factory=list)
    components: list[Json] = field(default_factory=list)
    stickers: list[Sticker] = field(default_factory=list)
    reactions: dict[str, Reaction] = field(default_factory=dict)
    mentions: list[User] = field(default_factory=list)
    mention_everyone: bool = False
    mention_role_ids: list[int] = field(default_factory=list)
    pinged: set[int] = field(default_factory=set)
    reference: Json | None = None
    referenced: Message | None = None
    snapshots: list[Json] = field(default_factory=list)
    edited_at: datetime | None = None
    visible_to: int | None = None
    interaction_metadata: Json | None = None
    command_name: str | None = None
    webhook_id: int | None = None
    nonce: str | int | None = None
    thread: Channel | None = None
    deleted: bool = False
    edits: int = 0

    @property
    def loading(self) -> bool:
        """Whether it is a deferred answer that is still awaited."""
        return MessageFlag.LOADING in self.flags

    @property
    def layout(self) -> bool:
        """Whether it is made of layout components (v2) alone."""
        return MessageFlag.IS_COMPONENTS_V2 in self.flags

    @property
    def ephemeral(self) -> bool:
        """Whether only one user sees it."""
        return self.visible_to is not None

    @property
    def files(self) -> list[Attachment]:
        """Every file of the message, those shown inside its embeds and components included."""
        return self.attachments + self.embedded_files
