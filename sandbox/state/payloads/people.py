"""Users, members and roles as Discord's API v10 and its gateway write them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.state.payloads.times import iso

if TYPE_CHECKING:
    from sandbox.state.entities import Json, Role, ServerMember, User


def user_json(user: User) -> Json:
    """Write a user."""
    return {
        "id": str(user.id),
        "username": user.username,
        "discriminator": "0000" if user.bot else "0",
        "global_name": None if user.bot else user.display_name,
        "avatar": user.avatar,
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
