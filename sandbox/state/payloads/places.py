"""Channels and servers as Discord's API v10 and its gateway write them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.state.entities import ChannelType
from sandbox.state.payloads.people import member_json, role_json, user_json
from sandbox.state.payloads.times import iso
from sandbox.state.permissions import Permission
from sandbox.state.snowflakes import time_of

if TYPE_CHECKING:
    from sandbox.state.entities import Channel, Json, Server, User
    from sandbox.state.world import World

MAX_UPLOAD_BY_TIER = {0: 10 * 2**20, 2: 50 * 2**20, 3: 100 * 2**20}
"""Bytes a file may have by a server's boost tier, as the client computes them."""


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
    """Write a server as REST answers it."""
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
    """Write a server as GUILD_CREATE carries it: with channels, threads and members.

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
