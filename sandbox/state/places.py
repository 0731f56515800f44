"""The sandbox's places and people, as tests and the demo make and change them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.state.actions import Origin
from sandbox.state.events import Event
from sandbox.state.forms import as_upload, preview
from sandbox.state.permissions import MODERATOR, Permission
from sandbox.testing.driver import Member

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sandbox.state.actions import Actions
    from sandbox.state.commands import Commands
    from sandbox.state.events import Stream
    from sandbox.state.forms import FileLike
    from sandbox.state.interactions import Interactions
    from sandbox.state.world import Channel, Message, Role, Server, User, World

from sandbox.state.world import ServerMember


class Places:
    """The part of `Sandbox` that makes servers, channels, members and roles."""

    world: World
    stream: Stream
    actions: Actions
    commands: Commands
    interactions: Interactions
    server: Server
    """The server that everything is in, where no other is given."""
    _members: dict[tuple[int, str], Member]

    @property
    def bot(self) -> User:
        """The bot's user."""
        return self.world.bot

    def member(self, name: str, server: Server | None = None) -> Member:
        """Return the member with a name (in any case); KeyError where there is none."""
        return self._members[(server or self.server).id, name.lower()]

    def members(self) -> list[Member]:
        """Return every human member of every server."""
        return list(self._members.values())

    def channel(self, name: str, server: Server | None = None) -> Channel:
        """Return a server's channel or thread by its name; KeyError where there is none."""
        name = name.removeprefix("#")
        for channel in (server or self.server).channels.values():
            if channel.name == name or (name == "nsfw" and channel.nsfw):
                return channel
        raise KeyError(name)

    def messages(self, channel: Channel | str) -> list[Message]:
        """Return a channel's messages, oldest first, ephemeral ones included."""
        where = self.channel(channel) if isinstance(channel, str) else channel
        return list(where.messages.values())

    async def post_webhook(
        self, channel: Channel | str, name: str, content: str, files: Iterable[FileLike] = ()
    ) -> Message:
        """Post as a channel's webhook, under a name; it is nobody's account."""
        where = self.channel(channel) if isinstance(channel, str) else channel
        self.stream.mark = self.stream.count
        author = self.world.add_user(name, bot=True)
        uploads = {number: as_upload(item) for number, item in enumerate(files)}
        origin = Origin(webhook_id=self.world.mint.make())
        return await self.actions.post(author, where, {"content": content}, uploads, origin)

    async def add_preview(self, message: Message, url: str, data: bytes) -> None:
        """Let a link's preview appear under a message afterwards, as an update of it."""
        self.stream.mark = self.stream.count
        message.embeds = [*message.embeds, await preview(self.world, message.channel.id, url, data)]
        self.actions.changed(message)

    def add_member(
        self,
        name: str,
        server: Server | None = None,
        *,
        moderator: bool = False,
        bot: bool = False,
    ) -> Member:
        """Let somebody join a server; a moderator has Manage Server and the like.

        With `bot` it is another bot, which is driven as humans are.
        """
        server = server or self.server
        user = self.world.add_user(name, bot=bot)
        joined = ServerMember(user)
        if moderator:
            roles = [item for item in server.roles.values() if item.name == "Moderator"]
            role = roles[0] if roles else self.add_role("Moderator", MODERATOR, server)
            joined.role_ids.append(role.id)
        server.members[user.id] = joined
        self.stream.emit(Event("member_join", server, user=user))
        member = self._members[server.id, name.lower()] = Member(self, user, server)
        return member

    def join(self, member: Member, server: Server) -> Member:
        """Let a member of one server join another, as the same user."""
        server.members[member.id] = ServerMember(member.user)
        self.stream.emit(Event("member_join", server, user=member.user))
        joined = Member(self, member.user, server)
        self._members[server.id, member.user.display_name.lower()] = joined
        return joined

    def leave(self, member: Member) -> None:
        """Let a member leave its server."""
        del member.server.members[member.id]
        self._members.pop((member.server.id, member.user.display_name.lower()), None)
        self.stream.emit(Event("member_leave", member.server, user=member.user))

    def add_server(self, name: str, channels: Iterable[str] = ("general",)) -> Server:
        """Make another server with the bot in it, owned by Ann."""
        owner = self.member("ann").user
        server = self.world.add_server(name, owner)
        self._members[server.id, "ann"] = Member(self, owner, server)
        for channel in channels:
            self.world.add_channel(channel, server)
        self.stream.emit(Event("server_join", server, user=self.bot))
        return server

    def remove_server(self, server: Server) -> None:
        """Throw the bot out of a server; the server is gone."""
        self.stream.emit(Event("server_leave", server, user=self.bot))
        self.world.servers.pop(server.id, None)
        for channel_id in server.channels:
            self.world.channels.pop(channel_id, None)

    def set_upload_limit(self, limit: int, server: Server | None = None) -> None:
        """Set how many bytes a file may have in a server."""
        (server or self.server).upload_limit = limit
        self.stream.emit(Event("server_update", server or self.server))

    def add_channel(
        self, name: str, server: Server | None = None, *, nsfw: bool = False
    ) -> Channel:
        """Make a text channel."""
        channel = self.world.add_channel(name, server or self.server, nsfw=nsfw)
        self.stream.emit(Event("channel_create", channel.server, channel))
        return channel

    def delete_channel(self, channel: Channel | str) -> None:
        """Delete a channel with all that is in it."""
        where = self.channel(channel) if isinstance(channel, str) else channel
        self.actions.delete_channel(where, self.member("ann").user)

    def mark_nsfw(self, channel: Channel | str, *, nsfw: bool = True) -> None:
        """Mark a channel as age-restricted, or not."""
        where = self.channel(channel) if isinstance(channel, str) else channel
        where.nsfw = nsfw
        self.stream.emit(Event("channel_update", where.server, where))

    def add_role(
        self,
        name: str,
        permissions: Permission = Permission(0),  # noqa: B008 - flags don't change
        server: Server | None = None,
    ) -> Role:
        """Make a role."""
        server = server or self.server
        role = self.world.add_role(server, name, permissions)
        self.stream.emit(Event("role_create", server, role=role))
        return role

    def give_role(self, member: Member, role: Role, *, take: bool = False) -> None:
        """Give a member a role, or take it."""
        ids = member.server.members[member.id].role_ids
        if take and role.id in ids:
            ids.remove(role.id)
        elif not take and role.id not in ids:
            ids.append(role.id)
        self.stream.emit(Event("member_update", member.server, user=member.user))
