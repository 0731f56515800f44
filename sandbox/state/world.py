"""The sandbox's state, all in memory: users, servers, channels, messages, files, who may what."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import IntEnum, IntFlag
from typing import Any

from sandbox.state import errors
from sandbox.state.permissions import ALL, EVERYONE, IN_DM, NOTHING, Permission
from sandbox.state.snowflakes import SnowflakeMint

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
    CONTEXT_MENU_COMMAND = 23


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
    """Somebody, human or bot. `accepts_dms` false refuses direct messages from the bot."""

    id: int
    username: str
    display_name: str
    bot: bool = False
    accepts_dms: bool = True


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
    """A posted file. `width` and `height` are set where it could be read as a picture."""

    id: int
    filename: str
    data: bytes = field(repr=False)
    content_type: str | None
    width: int | None
    height: int | None
    url: str
    description: str | None = None
    ephemeral: bool = False

    @property
    def spoiler(self) -> bool:
        """Whether the file is hidden until clicked."""
        return self.filename.startswith("SPOILER_")


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
    resolved; `embedded_files` are attachments shown inside an embed, which Discord doesn't list.
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
    def ephemeral(self) -> bool:
        """Whether only one user sees it."""
        return self.visible_to is not None

    @property
    def files(self) -> list[Attachment]:
        """Every file of the message, those shown inside its embeds included."""
        return self.attachments + self.embedded_files


class World:
    """Everything there is, by id, and the rules of who may do what."""

    def __init__(self, bot_name: str = "Moedex") -> None:
        self.mint = SnowflakeMint()
        self.users: dict[int, User] = {}
        self.servers: dict[int, Server] = {}
        self.channels: dict[int, Channel] = {}
        self.files: dict[int, Attachment] = {}
        self.bot = self.add_user(bot_name, bot=True)
        self.cdn = ""
        """The address that files are served at, without a slash at its end."""
        self.granted_intents: set[str] = {"message_content", "members"}

    def add_user(self, name: str, *, bot: bool = False) -> User:
        """Make a user with the display name `name`."""
        username = name if bot else name.lower().replace(" ", "_")
        user = User(self.mint.make(), username, name, bot=bot)
        self.users[user.id] = user
        return user

    def add_server(self, name: str, owner: User) -> Server:
        """Make a server with the owner and the bot in it and no channel yet."""
        server = Server(self.mint.make(), name, owner.id)
        server.roles[server.id] = Role(server.id, "@everyone", EVERYONE)
        bot_role = self.add_role(server, self.bot.display_name, Permission.MANAGE_MESSAGES)
        bot_role.managed = True
        server.members[owner.id] = ServerMember(owner)
        server.members[self.bot.id] = ServerMember(self.bot, [bot_role.id])
        self.servers[server.id] = server
        return server

    def add_role(self, server: Server, name: str, permissions: Permission = EVERYONE) -> Role:
        """Make a role above the server's others."""
        role = Role(self.mint.make(), name, permissions, len(server.roles))
        server.roles[role.id] = role
        return role

    def add_channel(
        self,
        name: str,
        server: Server,
        *,
        parent: Channel | None = None,
        nsfw: bool = False,
        owner: User | None = None,
        channel_id: int | None = None,
    ) -> Channel:
        """Make a text channel or, where a `parent` is given, a thread in that channel."""
        channel = Channel(
            channel_id or self.mint.make(),
            ChannelType.THREAD if parent else ChannelType.TEXT,
            name,
            server,
            parent,
            position=len(server.channels),
            nsfw=nsfw,
            owner_id=(owner.id if owner else server.owner_id) if parent else None,
        )
        server.channels[channel.id] = self.channels[channel.id] = channel
        return channel

    def direct_channel(self, first: User, second: User) -> Channel:
        """Find or make the direct message of two users."""
        for channel in self.channels.values():
            if channel.type is ChannelType.DM and {user.id for user in channel.recipients} == {
                first.id,
                second.id,
            }:
                return channel
        channel = Channel(self.mint.make(), ChannelType.DM, recipients=[first, second])
        self.channels[channel.id] = channel
        return channel

    def channel(self, channel_id: int) -> Channel:
        """Return a channel by its id; ApiError 10003 where there is none."""
        try:
            return self.channels[channel_id]
        except KeyError:
            raise errors.unknown_channel() from None

    def message(self, channel: Channel, message_id: int, viewer: User) -> Message:
        """Return a message; ApiError 10008 where there is none that the viewer sees."""
        message = channel.messages.get(message_id)
        if message is None or message.visible_to not in (None, viewer.id):
            raise errors.unknown_message()
        return message

    def permissions(self, user: User, channel: Channel) -> Permission:
        """Return what a user may do in a channel: roles, then the channel's overwrites."""
        if channel.server is None:
            return IN_DM if user in channel.recipients else NOTHING
        server = channel.server
        member = server.members.get(user.id)
        if member is None:
            return NOTHING
        if user.id == server.owner_id:
            return ALL
        granted = self.server_permissions(member, server)
        if Permission.ADMINISTRATOR in granted:
            return ALL
        overwrites = (channel.parent or channel).overwrites
        if everyone := overwrites.get(server.id):
            granted = (granted & ~everyone.deny) | everyone.allow
        deny = allow = NOTHING
        for role_id in member.role_ids:
            if overwrite := overwrites.get(role_id):
                deny |= overwrite.deny
                allow |= overwrite.allow
        granted = (granted & ~deny) | allow
        if own := overwrites.get(user.id):
            granted = (granted & ~own.deny) | own.allow
        return granted if Permission.VIEW_CHANNEL in granted else NOTHING

    def server_permissions(self, member: ServerMember, server: Server) -> Permission:
        """Return what a member's roles grant, before any channel's overwrites."""
        granted = server.roles[server.id].permissions
        for role_id in member.role_ids:
            granted |= server.roles[role_id].permissions
        return ALL if member.user.id == server.owner_id else granted

    def may(self, user: User, channel: Channel, permission: Permission) -> bool:
        """Whether a user has every bit of a permission in a channel."""
        return permission in self.permissions(user, channel)

    def demand(self, user: User, channel: Channel, permission: Permission) -> None:
        """Refuse what a user may not do: ApiError 50001 without sight, 50013 otherwise."""
        granted = self.permissions(user, channel)
        if Permission.VIEW_CHANNEL not in granted:
            raise errors.missing_access()
        if permission not in granted:
            raise errors.missing_permissions()
