"""The world as the chat page first reads it: what one human sees of servers, channels and users.

*world*: `{"user", "bot", "bot_online", "servers", "dms", "users"}`; `users` holds everybody in
sight.
*user*: Discord's user object, and `display_name`.
*server*: `{"id", "name", "channels", "roles", "members", "upload_limit"}`; channels come in their
order, threads after their parent, only those the human may view. A member is `{"user_id", "nick",
"roles": [name], "moderator"}`.
*channel*: Discord's channel object, `nsfw` (a thread's is its parent's) and the human's
`permissions` there, as a string of digits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.state.entities import ChannelType
from sandbox.state.payloads.people import role_json, user_json
from sandbox.state.payloads.places import channel_json, dm_json
from sandbox.state.permissions import Permission

if TYPE_CHECKING:
    from sandbox.state.entities import Channel, Json, Server, ServerMember, User
    from sandbox.state.world import World


def world_view(world: World, viewer: User) -> Json:
    """Write all that a human sees at first."""
    servers = [item for item in world.servers.values() if viewer.id in item.members]
    users = {world.bot.id: world.bot, viewer.id: viewer}
    for server in servers:
        users |= {item.user.id: item.user for item in server.members.values()}
    dms = [
        item
        for item in world.channels.values()
        if item.type is ChannelType.DM and viewer in item.recipients
    ]
    return {
        "user": user_view(viewer),
        "bot": user_view(world.bot),
        "bot_online": world.bot_online,
        "servers": [_server(world, item, viewer) for item in servers],
        "dms": [_channel(world, item, viewer) for item in dms],
        "users": [user_view(item) for item in users.values()],
    }


def user_view(user: User) -> Json:
    """Write a user."""
    return user_json(user) | {"display_name": user.display_name}


def _server(world: World, server: Server, viewer: User) -> Json:
    visible = [
        item
        for item in server.channels.values()
        if world.may(viewer, item, Permission.VIEW_CHANNEL)
    ]
    ordered: list[Channel] = []
    for channel in visible:
        if not channel.is_thread:
            ordered.append(channel)
            ordered += [item for item in visible if item.parent is channel]
    return {
        "id": str(server.id),
        "name": server.name,
        "channels": [_channel(world, item, viewer) for item in ordered],
        "roles": [role_json(role) for role in server.roles.values()],
        "members": [_member(world, server, item) for item in server.members.values()],
        "upload_limit": server.upload_limit,
    }


def _member(world: World, server: Server, member: ServerMember) -> Json:
    granted = world.server_permissions(member, server)
    return {
        "user_id": str(member.user.id),
        "nick": member.nick,
        "roles": [server.roles[role_id].name for role_id in member.role_ids],
        "moderator": Permission.MANAGE_GUILD in granted,
    }


def _channel(world: World, channel: Channel, viewer: User) -> Json:
    body = channel_json(channel) if channel.server else dm_json(channel, viewer)
    return body | {
        "nsfw": channel.age_restricted,
        "permissions": str(int(world.permissions(viewer, channel))),
    }
