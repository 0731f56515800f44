"""The sandbox's state, all in memory: every object by its id, and who may do what."""

from __future__ import annotations

from sandbox.state import errors
from sandbox.state.entities import (
    Attachment,
    Channel,
    ChannelType,
    Message,
    Role,
    Server,
    ServerMember,
    Sticker,
    User,
)
from sandbox.state.permissions import ALL, EVERYONE, IN_DM, NOTHING, Permission
from sandbox.state.session_starts import SessionStarts
from sandbox.state.snowflakes import SnowflakeMint


class World:
    """Everything there is, by id, and the rules of who may do what."""

    def __init__(self, bot_name: str = "Moedex") -> None:
        self.mint = SnowflakeMint()
        self.users: dict[int, User] = {}
        self.servers: dict[int, Server] = {}
        self.channels: dict[int, Channel] = {}
        self.files: dict[int, Attachment] = {}
        self.web: dict[str, Attachment] = {}
        """Pictures of other sites that Discord's proxy can fetch, by their address."""
        self.stickers: dict[int, Sticker] = {}
        self.bot = self.add_user(bot_name, bot=True)
        self.cdn = ""
        """The address that files are served at, without a slash at its end."""
        self.gateway = ""
        """The address of the gateway."""
        self.bot_online = False
        """Whether any shard of the bot is connected and identified."""
        self.recommended_shards = 1
        """How many shards `/gateway/bot` recommends."""
        self.max_concurrency = 1
        """How many shards may identify at once, as `/gateway/bot` says; large bots have more."""
        self.session_starts = SessionStarts()
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

    def remove_server(self, server: Server) -> None:
        """Remove a server with its channels: the bot is no longer in it."""
        self.servers.pop(server.id, None)
        for channel_id in server.channels:
            self.channels.pop(channel_id, None)

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
        """Make a text channel or, with a `parent`, a thread in that channel."""
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

    @property
    def humans(self) -> list[User]:
        """Every human who is in a server."""
        members = [
            item.user for server in self.servers.values() for item in server.members.values()
        ]
        return [user for user in dict.fromkeys(members) if not user.bot]

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
