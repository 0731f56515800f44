"""What the chat page is shown: the world, its channels and messages, as one user sees them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sandbox.rest.payloads import channel_json, emoji_json, message_json, user_json
from sandbox.state.errors import missing_access
from sandbox.state.permissions import Permission
from sandbox.state.world import ChannelType

if TYPE_CHECKING:
    from sandbox.rest.server import Sandbox
    from sandbox.state.world import Channel, Json, Message, Server, User

_MENTION = re.compile(r"<(@!?|@&|#)(\d+)>")


class Views:
    """Writes what the page is shown; see `sandbox.page.api` for the shapes."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._world = sandbox.world

    def user(self, user: User) -> Json:
        """Write a user."""
        return user_json(user) | {
            "display_name": user.display_name,
            "avatar_url": f"{self._sandbox.cdn}/avatars/{user.id}/0.png",
            "human": not user.bot,
        }

    def world(self, viewer: User) -> Json:
        """Write all that a user sees at first."""
        servers = [item for item in self._world.servers.values() if viewer.id in item.members]
        users = {self._world.bot.id: self._world.bot, viewer.id: viewer}
        for server in servers:
            users |= {item.user.id: item.user for item in server.members.values()}
        dms = [
            item
            for item in self._world.channels.values()
            if item.type is ChannelType.DM and viewer in item.recipients
        ]
        return {
            "user": self.user(viewer),
            "bot": self.user(self._world.bot),
            "bot_online": self._sandbox.online,
            "servers": [self.server(item, viewer) for item in servers],
            "dms": [self.channel(item, viewer) for item in dms],
            "users": [self.user(item) for item in users.values()],
        }

    def server(self, server: Server, viewer: User) -> Json:
        """Write a server with the channels that a user may view, threads after their parent."""
        visible = [item for item in server.channels.values() if self.sees(viewer, item)]
        ordered: list[Channel] = []
        for channel in visible:
            if not channel.is_thread:
                ordered.append(channel)
                ordered += [item for item in visible if item.parent is channel]
        return {
            "id": str(server.id),
            "name": server.name,
            "channels": [self.channel(item, viewer) for item in ordered],
            "members": [self.member(server, user_id) for user_id in server.members],
            "upload_limit": server.upload_limit,
        }

    def member(self, server: Server, user_id: int) -> Json:
        """Write a member of a server."""
        member = server.members[user_id]
        granted = self._world.server_permissions(member, server)
        return {
            "user_id": str(user_id),
            "nick": member.nick,
            "roles": [server.roles[role_id].name for role_id in member.role_ids],
            "moderator": Permission.MANAGE_GUILD in granted,
        }

    def channel(self, channel: Channel, viewer: User) -> Json:
        """Write a channel."""
        send = Permission.SEND_MESSAGES_IN_THREADS if channel.is_thread else None
        others = [item.display_name for item in channel.recipients if item is not viewer]
        return channel_json(channel) | {
            "nsfw": channel.age_restricted,
            "can_send": self._world.may(viewer, channel, send or Permission.SEND_MESSAGES),
            "display_name": ", ".join(others) or channel.name,
        }

    def message(self, message: Message, viewer: User) -> Json:
        """Write a message."""
        body = message_json(self._world, message, viewer=viewer)
        if "interaction_metadata" in body:
            body["interaction_metadata"] = body["interaction_metadata"] | {
                "name": message.command_name
            }
        return body | {
            "reactions": [
                {
                    "emoji": emoji_json(item),
                    "count": len(item.user_ids),
                    "me": viewer.id in item.user_ids,
                    "users": [str(user_id) for user_id in item.user_ids],
                }
                for item in message.reactions.values()
            ],
            "ephemeral": message.ephemeral,
            "loading": message.loading,
            "mine": message.author is viewer,
            "can_delete": message.visible_to == viewer.id
            or self._sandbox.actions.may_delete(viewer, message),
            "mention_names": self._mention_names(message),
        }

    def sees(self, viewer: User, channel: Channel) -> bool:
        """Whether a user may view a channel."""
        return self._world.may(viewer, channel, Permission.VIEW_CHANNEL)

    def channel_for(self, channel_id: str | int, user: User) -> Channel:
        """Return a channel that a user may view; ApiError 10003 or 50001 otherwise."""
        channel = self._world.channel(int(channel_id))
        if not self.sees(user, channel):
            raise missing_access()
        return channel

    def _mention_names(self, message: Message) -> dict[str, str]:
        """Name whoever and whatever is mentioned in a message's texts, or in what it replies to."""
        names: dict[str, str] = {}
        server = message.channel.server
        quoted = message.referenced.content if message.referenced else ""
        own = f"{message.content} {message.embeds} {message.components} {message.snapshots}"
        for sigil, key in _MENTION.findall(f"{own} {quoted}"):
            number = int(key)
            if sigil == "#" and (channel := self._world.channels.get(number)):
                names[key] = channel.name
            elif sigil == "@&" and server and (role := server.roles.get(number)):
                names[key] = role.name
            elif sigil in ("@", "@!") and (user := self._world.users.get(number)):
                names[key] = user.display_name
        return names
