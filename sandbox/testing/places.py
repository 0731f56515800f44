"""Servers, channels, members and roles, as tests and the demo make and change them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.state.entities import ServerMember, Sticker
from sandbox.state.events import Event
from sandbox.state.files import put_online
from sandbox.state.permissions import MODERATOR, Permission
from sandbox.testing.member import Member
from sandbox.testing.previews import LinkPreview, PreviewKind, link_embed
from sandbox.testing.webhook import Webhook

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sandbox.state.entities import Channel, Message, Role, Server, StickerFormat
    from sandbox.state.state import State


class Places:
    """Makes and changes servers, channels, members and roles.

    It begins with the server "Moedex test server", the channels general, fan-art, quiet and
    age-restricted in it and the thread "art talk" in fan-art; Ann, who owns the server and so may
    do everything, and Ben, a plain member. `server` is the one that everything is in, where no
    other is named.
    """

    def __init__(self, state: State) -> None:
        self._state = state
        self._world = state.world
        self._stream = state.stream
        self._members: dict[tuple[int, str], Member] = {}
        owner = self._world.add_user("Ann")
        self.server = self._world.add_server("Moedex test server", owner)
        self._members[self.server.id, "ann"] = Member(state, owner, self.server)
        for name in ("general", "fan-art", "quiet", "age-restricted"):
            self.add_channel(name, nsfw=name == "age-restricted")
        self._world.add_channel("art talk", self.server, parent=self.channel("fan-art"))
        self.add_member("Ben")

    # --- what there is --------------------------------------------------------------------------

    def member(self, name: str, server: Server | None = None) -> Member:
        """Return the member with a name (in any case); KeyError where there is none."""
        return self._members[(server or self.server).id, name.lower()]

    def channel(self, channel: Channel | str, server: Server | None = None) -> Channel:
        """Return a server's channel or thread by its name; KeyError where there is none.

        A channel itself is returned as it is.
        """
        if isinstance(channel, str):
            return (server or self.server).channel_named(channel)
        return channel

    def messages(self, channel: Channel | str) -> list[Message]:
        """Return a channel's messages, oldest first, ephemeral ones included."""
        return list(self.channel(channel).messages.values())

    # --- what other sites, webhooks and stickers show -------------------------------------------

    def webhook(self, channel: Channel | str) -> Webhook:
        """Make a webhook of a channel."""
        return Webhook(self._state, self.channel(channel))

    async def add_preview(
        self,
        message: Message,
        link: str,
        data: bytes,
        kind: PreviewKind = "image",
        picture: str = "",
    ) -> None:
        """Let a link's preview appear under a message afterwards, as an update of it."""
        self._stream.mark = self._stream.count
        preview = LinkPreview(link, data, kind, picture)
        message.embeds = [*message.embeds, await link_embed(self._world, preview)]
        self._state.messages.changed(message)

    async def put_online(self, url: str, data: bytes) -> str:
        """Let another site have a picture that embeds and galleries name; returns its address."""
        return (await put_online(self._world, url, data)).url

    def add_sticker(
        self, name: str, data: bytes, kind: StickerFormat, server: Server | None = None
    ) -> Sticker:
        """Give a server a sticker."""
        sticker = Sticker(self._world.mint.make(), name, kind, server or self.server, data)
        self._world.stickers[sticker.id] = sticker
        return sticker

    # --- members and servers --------------------------------------------------------------------

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
        user = self._world.add_user(name, bot=bot)
        joined = ServerMember(user)
        if moderator:
            roles = [item for item in server.roles.values() if item.name == "Moderator"]
            role = roles[0] if roles else self.add_role("Moderator", MODERATOR, server)
            joined.role_ids.append(role.id)
        server.members[user.id] = joined
        self._stream.emit(Event("member_join", server, user=user))
        member = self._members[server.id, name.lower()] = Member(self._state, user, server)
        return member

    def join(self, member: Member, server: Server) -> Member:
        """Let a member of one server join another, as the same user."""
        server.members[member.id] = ServerMember(member.user)
        self._stream.emit(Event("member_join", server, user=member.user))
        joined = Member(self._state, member.user, server)
        self._members[server.id, member.user.display_name.lower()] = joined
        return joined

    def leave(self, member: Member) -> None:
        """Let a member leave its server."""
        del member.server.members[member.id]
        self._members.pop((member.server.id, member.user.display_name.lower()), None)
        self._stream.emit(Event("member_leave", member.server, user=member.user))

    def add_server(self, name: str, channels: Iterable[str] = ("general",)) -> Server:
        """Make another server with the bot in it, owned by Ann."""
        owner = self.member("ann").user
        server = self._world.add_server(name, owner)
        self._members[server.id, "ann"] = Member(self._state, owner, server)
        for channel in channels:
            self._world.add_channel(channel, server)
        self._stream.emit(Event("server_join", server, user=self._world.bot))
        return server

    def remove_server(self, server: Server) -> None:
        """Remove the bot from a server; the server is gone."""
        self._world.remove_server(server)
        self._stream.emit(Event("server_leave", server, user=self._world.bot))

    def set_upload_limit(self, limit: int, server: Server | None = None) -> None:
        """Set how many bytes a file may have in a server."""
        (server or self.server).upload_limit = limit
        self._stream.emit(Event("server_update", server or self.server))

    # --- channels and roles ---------------------------------------------------------------------

    def add_channel(
        self, name: str, server: Server | None = None, *, nsfw: bool = False
    ) -> Channel:
        """Make a text channel."""
        channel = self._world.add_channel(name, server or self.server, nsfw=nsfw)
        self._stream.emit(Event("channel_create", channel.server, channel))
        return channel

    def delete_channel(self, channel: Channel | str) -> None:
        """Delete a channel with all that is in it."""
        where = self.channel(channel)
        self._state.channels.delete(where, self.member("ann").user)

    def mark_nsfw(self, channel: Channel | str, *, nsfw: bool = True) -> None:
        """Mark a channel as age-restricted, or not."""
        where = self.channel(channel)
        where.nsfw = nsfw
        self._stream.emit(Event("channel_update", where.server, where))

    def add_role(
        self,
        name: str,
        permissions: Permission = Permission(0),  # noqa: B008 - flags don't change
        server: Server | None = None,
    ) -> Role:
        """Make a role."""
        server = server or self.server
        role = self._world.add_role(server, name, permissions)
        self._stream.emit(Event("role_create", server, role=role))
        return role

    def set_role(self, member: Member, role: Role, *, granted: bool = True) -> None:
        """Grant a member a role, or take it away."""
        ids = member.server.members[member.id].role_ids
        if not granted and role.id in ids:
            ids.remove(role.id)
        elif granted and role.id not in ids:
            ids.append(role.id)
        self._stream.emit(Event("member_update", member.server, user=member.user))
