"""Messages, files and reactions as Discord's API v10 and its gateway write them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.state.entities import MessageFlag, MessageType
from sandbox.state.payloads.people import member_json, user_json
from sandbox.state.payloads.places import channel_json
from sandbox.state.payloads.times import iso
from sandbox.state.snowflakes import time_of

if TYPE_CHECKING:
    from sandbox.state.entities import Attachment, Json, Message, Reaction, Sticker, User
    from sandbox.state.world import World


_WITH_REFERENCED = (MessageType.REPLY, MessageType.THREAD_STARTER_MESSAGE)
"""Messages that carry the one that they refer to."""


def attachment_json(attachment: Attachment) -> Json:
    """Write a posted file; dimensions and alt text only where there are any."""
    body: Json = {
        "id": str(attachment.id),
        "filename": attachment.filename,
        "size": len(attachment.data),
        "url": attachment.url,
        "proxy_url": attachment.proxy_url,
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


def sticker_item_json(sticker: Sticker) -> Json:
    """Write a sticker as a message carries it."""
    return {"id": str(sticker.id), "name": sticker.name, "format_type": int(sticker.format)}


def sticker_json(sticker: Sticker) -> Json:
    """Write a sticker of a server as REST answers it."""
    return sticker_item_json(sticker) | {
        "tags": "art",
        "type": 2,
        "description": None,
        "available": True,
        "guild_id": str(sticker.server.id),
    }


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
    """Write a message as REST answers it.

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
        elif with_reference and message.type in _WITH_REFERENCED:
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
    stickers = [sticker_item_json(item) for item in message.stickers]
    return ({"sticker_items": stickers} if stickers else {}) | {
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


def reference_json(target: Message, *, forward: bool = False) -> Json:
    """Write a reference to a message: a reply's, a thread's starter message's, or a forward's."""
    body: Json = {
        "type": int(forward),
        "channel_id": str(target.channel.id),
        "message_id": str(target.id),
    }
    if target.channel.server is not None:
        body["guild_id"] = str(target.channel.server.id)
    return body


def snapshot_json(message: Message) -> Json:
    """Write what a forwarded message carries along of its original."""
    content = _content_json(message)
    content["flags"] = int(message.flags & ~MessageFlag.EPHEMERAL)
    return {"message": content}


def _blank_snapshot(snapshot: Json) -> Json:
    blank: dict[str, Any] = {"content": "", "attachments": [], "embeds": [], "components": []}
    return {"message": snapshot["message"] | blank}


def message_event_json(world: World, message: Message, *, with_content: bool) -> Json:
    """Write a message as MESSAGE_CREATE and MESSAGE_UPDATE carry it: REST's plus who, where."""
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
