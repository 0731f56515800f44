"""The world's objects as Discord's API v10 and its gateway write them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.state.permissions import Permission
from sandbox.state.snowflakes import time_of
from sandbox.state.world import ChannelType, MessageFlag, MessageType

if TYPE_CHECKING:
    from datetime import datetime

    from sandbox.state.world import (
        Attachment,
        Channel,
        Json,
        Message,
        Reaction,
        Role,
        Server,
        ServerMember,
        User,
        World,
    )

MAX_UPLOAD_BY_TIER = {0: 10 * 2**20, 2: 50 * 2**20, 3: 100 * 2**20}
"""Bytes a file may have by a server's boost tier, as the client computes them."""


def iso(moment: datetime | None) -> str | None:
    """Write a time as Discord does."""
    return None if moment is None else moment.isoformat()


def user_json(user: User) -> Json:
    """Write a user."""
    return {
        "id": str(user.id),
        "username": user.username,
        "discriminator": "0000" if user.bot else "0",
        "global_name": None if user.bot else user.display_name,
        "avatar": None,
        "bot": user.bot,
        "system": False,
        "public_flags": 0,
        "flags": 0,
        "banner": None,
        "accent_color": None,
        "avatar_decoration_data": None,
        "collectibles": None,
        "primary_guild": None,
    }


def own_user_json(user: User) -> Json:
    """Write the bot's own user, with what only it may see."""
    return user_json(user) | {"mfa_enabled": True, "locale": "en-US", "verified": True}


def member_json(member: ServerMember, *, with_user: bool = True) -> Json:
    """Write a user's membership of a server."""
    body: Json = {
        "avatar": None,
        "avatar_decoration_data": None,
        "banner": None,
        "collectibles": None,
        "communication_disabled_until": None,
        "flags": 0,
        "joined_at": iso(member.joined_at),
        "nick": member.nick,
        "pending": False,
        "premium_since": None,
        "roles": [str(role_id) for role_id in member.role_ids],
        "mute": False,
        "deaf": False,
    }
    if with_user:
        body["user"] = user_json(member.user)
    return body


def role_json(role: Role) -> Json:
    """Write a role."""
    return {
        "id": str(role.id),
        "name": role.name,
        "description": None,
        "permissions": str(int(role.permissions)),
        "position": role.position,
        "color": 0,
        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
        "hoist": False,
        "managed": role.managed,
        "mentionable": False,
        "icon": None,
        "unicode_emoji": None,
        "flags": 0,
    }


def channel_json(channel: Channel) -> Json:
    """Write a channel of any kind."""
    body: Json = {
        "id": str(channel.id),
        "type": int(channel.type),
        "flags": 0,
        "last_message_id": str(channel.last_message_id) if channel.last_message_id else None,
        "last_pin_timestamp": None,
    }
    if channel.type is ChannelType.DM:
        return body | {"recipients": [user_json(user) for user in channel.recipients]}
    assert channel.server is not None  # noqa: S101 - every other kind is in a server
    body |= {
        "guild_id": str(channel.server.id),
        "name": channel.name,
        "parent_id": str(channel.parent.id) if channel.parent else None,
        "rate_limit_per_user": 0,
    }
    if channel.is_thread:
        return body | {
            "owner_id": str(channel.owner_id),
            "message_count": len(channel.messages),
            "total_message_sent": len(channel.messages),
            "member_count": 1,
            "thread_metadata": {
                "archived": channel.archived,
                "archive_timestamp": iso(time_of(channel.id)),
                "auto_archive_duration": 1440,
                "locked": False,
                "create_timestamp": iso(time_of(channel.id)),
            },
        }
    return body | {
        "position": channel.position,
        "topic": channel.topic,
        "nsfw": channel.nsfw,
        "permission_overwrites": [
            {
                "id": str(overwrite.target_id),
                "type": int(overwrite.member),
                "allow": str(int(overwrite.allow)),
                "deny": str(int(overwrite.deny)),
            }
            for overwrite in channel.overwrites.values()
        ],
    }


def dm_json(channel: Channel, viewer: User) -> Json:
    """Write a direct message as one side sees it: the recipient is the other."""
    others = [user_json(user) for user in channel.recipients if user is not viewer]
    return channel_json(channel) | {"recipients": others}


def server_json(server: Server) -> Json:
    """Write a server as REST gives it."""
    return {
        "id": str(server.id),
        "name": server.name,
        "icon": None,
        "description": None,
        "home_header": None,
        "splash": None,
        "discovery_splash": None,
        "features": [],
        "banner": None,
        "owner_id": str(server.owner_id),
        "application_id": None,
        "region": "deprecated",
        "afk_channel_id": None,
        "afk_timeout": 300,
        "system_channel_id": None,
        "system_channel_flags": 0,
        "widget_enabled": False,
        "widget_channel_id": None,
        "verification_level": 0,
        "roles": [role_json(role) for role in server.roles.values()],
        "default_message_notifications": 0,
        "mfa_level": 0,
        "explicit_content_filter": 0,
        "max_presences": None,
        "max_members": 500_000,
        "max_stage_video_channel_users": 50,
        "max_video_channel_users": 25,
        "vanity_url_code": None,
        "premium_tier": _tier(server),
        "premium_subscription_count": 0,
        "preferred_locale": "en-US",
        "rules_channel_id": None,
        "safety_alerts_channel_id": None,
        "public_updates_channel_id": None,
        "premium_progress_bar_enabled": False,
        "premium_progress_bar_enabled_user_updated_at": None,
        "nsfw": False,
        "nsfw_level": 0,
        "emojis": [],
        "stickers": [],
        "incidents_data": None,
    }


def _tier(server: Server) -> int:
    return max(
        (tier for tier, limit in MAX_UPLOAD_BY_TIER.items() if limit <= server.upload_limit),
        default=0,
    )


def server_create_json(world: World, server: Server, *, all_members: bool) -> Json:
    """Write a server as GUILD_CREATE gives it: with channels, threads and members.

    Without the members intent (`all_members` false) only the bot's own member is in it.
    """
    visible = [
        channel
        for channel in server.channels.values()
        if world.may(world.bot, channel, Permission.VIEW_CHANNEL)
    ]
    members = server.members.values() if all_members else [server.members[world.bot.id]]
    return server_json(server) | {
        "joined_at": iso(server.members[world.bot.id].joined_at),
        "large": len(server.members) > 250,
        "unavailable": False,
        "member_count": len(server.members),
        "voice_states": [],
        "members": [member_json(member) for member in members],
        "channels": [channel_json(channel) for channel in visible if not channel.is_thread],
        "threads": [channel_json(channel) for channel in visible if channel.is_thread],
        "presences": [],
        "stage_instances": [],
        "guild_scheduled_events": [],
        "soundboard_sounds": [],
    }


def attachment_json(attachment: Attachment) -> Json:
    """Write a posted file; dimensions and alt text only where there are any."""
    body: Json = {
        "id": str(attachment.id),
        "filename": attachment.filename,
        "size": len(attachment.data),
        "url": attachment.url,
        "proxy_url": attachment.url,
    }
    if attachment.width is not None:
        body |= {"width": attachment.width, "height": attachment.height}
    if attachment.content_type is not None:
        body["content_type"] = attachment.content_type
    if attachment.description is not None:
        body["description"] = attachment.description
    if attachment.ephemeral:
        body["ephemeral"] = True
    return body


def emoji_json(reaction: Reaction) -> Json:
    """Write a reaction's emoji."""
    return {
        "id": str(reaction.emoji_id) if reaction.emoji_id else None,
        "name": reaction.name,
    }


def reaction_json(reaction: Reaction, viewer: User) -> Json:
    """Write a reaction's count, and whether the viewer is among it."""
    count = len(reaction.user_ids)
    return {
        "emoji": emoji_json(reaction),
        "count": count,
        "count_details": {"burst": 0, "normal": count},
        "burst_colors": [],
        "me": viewer.id in reaction.user_ids,
        "me_burst": False,
        "burst_me": False,
        "burst_count": 0,
    }


def content_visible(world: World, message: Message) -> bool:
    """Whether the bot sees a message's content without the message-content intent.

    It does in direct messages, where it is mentioned, and where it wrote the message itself.
    """
    return (
        message.channel.server is None
        or message.author is world.bot
        or world.bot in message.mentions
    )


def message_json(
    world: World,
    message: Message,
    *,
    viewer: User | None = None,
    with_content: bool = True,
    with_reference: bool = True,
) -> Json:
    """Write a message as REST gives it.

    `with_content` false leaves text, files, embeds and components out where Discord's
    message-content intent would (see `content_visible`); `with_reference` false leaves the
    replied-to message out, as it is in a replied-to message itself.
    """
    shown = with_content or content_visible(world, message)
    body: Json = _content_json(message, shown=shown) | {
        "id": str(message.id),
        "channel_id": str(message.channel.id),
        "author": user_json(message.author),
        "pinned": False,
        "mention_everyone": message.mention_everyone,
        "tts": False,
    }
    if message.reactions:
        body["reactions"] = [
            reaction_json(reaction, viewer or world.bot) for reaction in message.reactions.values()
        ]
    if message.nonce is not None:
        body["nonce"] = message.nonce
    if message.thread is not None:
        body["thread"] = channel_json(message.thread)
    if message.interaction_metadata is not None:
        body["interaction_metadata"] = message.interaction_metadata
        if message.command_name is not None:
            body["interaction"] = {
                "id": message.interaction_metadata["id"],
                "type": 2,
                "name": message.command_name,
                "user": message.interaction_metadata["user"],
            }
        body["application_id"] = str(world.bot.id)
    if message.webhook_id is not None:
        body["webhook_id"] = str(message.webhook_id)
    if message.reference is not None:
        body["message_reference"] = message.reference
        if message.snapshots:
            snapshots = message.snapshots
            body["message_snapshots"] = (
                snapshots if shown else [_blank_snapshot(item) for item in snapshots]
            )
        elif with_reference and message.type is MessageType.REPLY:
            target = message.referenced
            body["referenced_message"] = (
                None
                if target is None or target.deleted
                else message_json(
                    world,
                    target,
                    viewer=viewer,
                    with_content=with_content,
                    with_reference=False,
                )
            )
    return body


def _content_json(message: Message, *, shown: bool = True) -> Json:
    return {
        "type": int(message.type),
        "content": message.content if shown else "",
        "mentions": [user_json(user) for user in message.mentions],
        "mention_roles": [str(role_id) for role_id in message.mention_role_ids],
        "attachments": [attachment_json(item) for item in message.attachments] if shown else [],
        "embeds": message.embeds if shown else [],
        "timestamp": iso(time_of(message.id)),
        "edited_timestamp": iso(message.edited_at),
        "flags": int(message.flags),
        "components": message.components if shown else [],
    }


def snapshot_json(message: Message) -> Json:
    """Write what a forwarded message carries along of its original."""
    content = _content_json(message)
    content["flags"] = int(message.flags & ~MessageFlag.EPHEMERAL)
    return {"message": content}


def _blank_snapshot(snapshot: Json) -> Json:
    blank: dict[str, Any] = {"content": "", "attachments": [], "embeds": [], "components": []}
    return {"message": snapshot["message"] | blank}


def message_event_json(world: World, message: Message, *, with_content: bool) -> Json:
    """Write a message as MESSAGE_CREATE and MESSAGE_UPDATE give it: REST's plus who, where."""
    body = message_json(world, message, with_content=with_content)
    server = message.channel.server
    if server is None:
        return body | {"channel_type": int(message.channel.type)}
    body["guild_id"] = str(server.id)
    if author := server.members.get(message.author.id):
        body["member"] = member_json(author, with_user=False)
    for mention in body["mentions"]:
        if member := server.members.get(int(mention["id"])):
            mention["member"] = member_json(member, with_user=False)
    return body
